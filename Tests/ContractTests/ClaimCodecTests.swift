import Contract
import Core
import JSON
import Testing

struct ClaimCodecTests {
    @Test func `every claim that is written is read back as it was`() throws {
        var generator = Seeded(7)
        for _ in 0..<500 {
            let claim = generator.claim()
            let read = try ClaimDecoder.decode(ClaimEncoder.object(claim))
            #expect(read == claim)
            #expect(ClaimEncoder.object(read) == ClaimEncoder.object(claim))
        }
    }

    @Test(arguments: [("serial", JSONValue.int(.max)), ("serial", 1_000_000_001)])
    func `a number that cannot be counted on from is a problem`(member: String, value: JSONValue) throws {
        var object = ClaimEncoder.object(Seeded.example)
        object["spec"][member] = value
        let claim = try ClaimDecoder.decode(object)
        #expect(claim.problem?.reason == .invalidClaim)
        #expect(claim.problem?.message.contains("spec.\(member)") == true)
    }

    @Test func `a time that nothing can be added to is a problem`() throws {
        for time in ["9999-12-31T23:59:59Z", "9000-01-01T00:00:00Z"] {
            var object = ClaimEncoder.object(Seeded.example)
            object["status"]["retainedSince"] = .string(time)
            let claim = try ClaimDecoder.decode(object)
            #expect(claim.problem?.message.contains("status.retainedSince") == true)
            #expect(claim.status.retainedSince == nil)
        }
    }

    @Test func `patches turn any claim into any other, nothing of the old one stays`() throws {
        var generator = Seeded(11)
        for _ in 0..<500 {
            let before = generator.claim()
            let (spec, status) = (generator.spec(), generator.status())
            var object = ClaimEncoder.object(before)
            object.merge(patch: try JSONValue(parsing: ClaimEncoder.spec(spec, of: before.version)))
            object.merge(patch: try JSONValue(parsing: ClaimEncoder.status(status, of: before.version)))
            let after = try ClaimDecoder.decode(object)
            #expect(after.spec == spec)
            #expect(after.status == status)
            #expect(after.version == before.version)
            #expect(after.problem == nil)
        }
    }

    @Test func `a new claim has the finalizer and its label from the start`() throws {
        var generator = Seeded(13)
        let spec = generator.spec()
        var object = try JSONValue(parsing: ClaimEncoder.create(namespace: "games", name: "web-0", spec: spec))
        #expect(object["apiVersion"].string == "networking.tke.cloud.tencent.com/v1")
        #expect(object["metadata"]["labels"]["app.kubernetes.io/managed-by"].string == "eip-controller")
        object["metadata"]["uid"] = "u1"
        object["metadata"]["resourceVersion"] = "5"
        let claim = try ClaimDecoder.decode(object)
        #expect(claim.hasFinalizer)
        #expect(claim.spec == spec)
        #expect(claim.status == ClaimStatus())
    }

    @Test func `removing the finalizer keeps those of others, and needs the version that was read`() throws {
        var claim = Seeded.example
        claim.otherFinalizers = ["a.example.com/x", "b.example.com/y"]
        var object = ClaimEncoder.object(claim)
        let patch = try JSONValue(parsing: ClaimEncoder.finalizerRemoval(from: claim))
        #expect(patch["metadata"]["resourceVersion"].string == claim.resourceVersion)
        #expect(patch["metadata"]["uid"].string == claim.uid)
        object.merge(patch: patch)
        let after = try ClaimDecoder.decode(object)
        #expect(!after.hasFinalizer)
        #expect(after.otherFinalizers == claim.otherFinalizers)
        object.merge(patch: try JSONValue(parsing: ClaimEncoder.finalizerAddition(to: after)))
        #expect(try ClaimDecoder.decode(object).hasFinalizer)
    }

    /// What somebody may write with `kubectl edit`: a merge patch onto a good claim, and what the problem has to name.
    static let nonsense: [(String, String)] = [
        (#"{"spec":{"serial":0}}"#, "spec.serial"),
        (#"{"spec":{"serial":"two"}}"#, "spec.serial"),
        (#"{"spec":{"serial":null}}"#, "spec.serial"),
        (#"{"spec":{"deletePolicy":"Never"}}"#, "Delete or Retain"),
        (#"{"spec":{"deletePolicy":null}}"#, "spec.deletePolicy"),
        (#"{"spec":{"expireAfter":"soon"}}"#, "spec.expireAfter"),
        (#"{"spec":{"expireAfter":300}}"#, "spec.expireAfter"),
        (#"{"spec":{"addressID":"1.2.3.4"}}"#, "spec.addressID"),
        (#"{"spec":{"addressID":{}}}"#, "spec.addressID"),
        (#"{"spec":{"source":{"attributes":{"bandwidth":101}}}}"#, "spec.source.attributes.bandwidth"),
        (#"{"spec":{"source":{"attributes":{"isp":"FREE"}}}}"#, "spec.source.attributes.isp"),
        (#"{"spec":{"source":{"attributes":7}}}"#, "spec.source.attributes"),
        (#"{"spec":{"source":{"addressID":"eip-abcd1234"}}}"#, "write one of them"),
        (#"{"spec":{"source":{"attributes":null}}}"#, "spec.source is empty"),
        (#"{"spec":{"source":"BGP"}}"#, "spec.source"),
        (#"{"status":{"intent":{"verb":"Destroy"}}}"#, "status.intent.verb"),
        (#"{"status":{"intent":{"verb":"Release","serial":1}}}"#, "status.intent.at"),
        (#"{"status":{"intent":[]}}"#, "status.intent"),
        (#"{"status":{"binding":{"podUID":"u"}}}"#, "status.binding"),
        (#"{"status":{"expiresAt":"tomorrow"}}"#, "status.expiresAt"),
        (#"{"status":{"nextAttemptAt":5}}"#, "status.nextAttemptAt"),
        (#"{"status":"fine"}"#, "status is no object"),
    ]

    @Test(arguments: nonsense)
    func `nonsense written by hand is a problem that names the field, never an error`(edit: String, names: String) throws {
        var object = ClaimEncoder.object(Seeded.example)
        object.merge(patch: try JSONValue(parsing: edit))
        let claim = try ClaimDecoder.decode(object)
        let problem = try #require(claim.problem)
        #expect(problem.reason == .invalidClaim)
        #expect(problem.message.contains(names), "\(problem.message)")
        #expect(claim.name == "web-0")
    }

    @Test func `a claim without a source is somebody else's`() throws {
        let foreign = #"{"metadata":{"name":"web-0","namespace":"games","uid":"u","resourceVersion":"1"},"spec":{"eip":"1.2.3.4"}}"#
        let problem = try #require(try ClaimDecoder.decode(bytes: Array(foreign.utf8)).problem)
        #expect(problem.reason == .foreignClaim)
        #expect(problem.message.contains("tke-eni-ipamd"))
    }

    @Test func `what is only shown is forgiven, what is unknown is skipped`() throws {
        var object = ClaimEncoder.object(Seeded.example)
        object.merge(
            patch: try JSONValue(
                parsing: #"""
                    {"metadata":{"managedFields":[{"x":{}}]},"spec":{"later":1,"source":{"attributes":{"later":[1]}}},"later":{},
                    "status":{"phase":"Dreaming","publicIP":7,"conditions":[{"type":"Later"},5],"observedGeneration":"x"}}
                    """#))
        let claim = try ClaimDecoder.decode(object)
        #expect(claim.problem == nil)
        #expect(claim.status.phase == .pending)
    }

    @Test func `no edit whatsoever makes the decoder crash or lose the identity`() throws {
        var generator = Seeded(17)
        let shapes: [JSONValue] = [.null, true, 0, -1, 1.5, "", "x", [], [1], [:], ["a": 1], [[:]]]
        for _ in 0..<3000 {
            var object = ClaimEncoder.object(generator.claim())
            let path = [["spec", "status"].randomElement(using: &generator)!]
            object = generator.spoilt(object, under: path, with: shapes)
            let claim = try ClaimDecoder.decode(object)
            #expect(claim.name == "web-0")
            // whatever is in it can be written again
            _ = ClaimEncoder.status(claim.status, of: claim.version)
        }
    }
}

extension Seeded {
    static var example: Claim {
        Claim(
            namespace: "games", name: "web-0", uid: "4e1c", resourceVersion: "77", createdAt: Timestamp(milliseconds: 1_714_979_289_000),
            spec: ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .retain, addressID: AddressID("eip-abcd1234")))
    }

    /// The object with one member somewhere under the path replaced.
    mutating func spoilt(_ value: JSONValue, under path: [String], with shapes: [JSONValue]) -> JSONValue {
        if let next = path.first {
            var copy = value
            copy[next] = spoilt(value[next], under: Array(path.dropFirst()), with: shapes)
            return copy
        }
        guard let object = value.object, let key = object.keys.randomElement(using: &self), Int.random(in: 0..<4, using: &self) > 0 else {
            return shapes.randomElement(using: &self)!
        }
        return spoilt(value, under: [key], with: shapes)
    }
}

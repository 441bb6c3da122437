internal import Contract
internal import Core
internal import JSON
internal import Kubernetes

// Objects of the API server. Each decoder reads a few fields of a stream; read another way, from the value that is the same
// document, it has to find the same. What was read then goes where it goes in the controller.
extension FuzzTarget {
    static func pod(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let decoder = PodDecoder(names: AnnotationNames())
        guard let pod = document(input, { r throws(JSONError) in try decoder.decode(&r) }) else { return false }
        try requireSame(pod, input) { value throws(JSONError) in try decoder.decode(value) }
        try requirePlans(nil, pod)
        try requirePlans(Samples.claim, pod)
        return true
    }

    static func node(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let decoder = NodeDecoder(names: AnnotationNames())
        guard let node = document(input, { r throws(JSONError) in try decoder.decode(&r) }) else { return false }
        try requireSame(node, input) { value throws(JSONError) in try decoder.decode(value) }
        let (count, _) = NodeCapacity.eips(of: node, names: AnnotationNames())
        try require(count.map { 0...NodeCapacity.overrideMax ~= $0 } ?? true, "\(count ?? 0) EIPs")
        return true
    }

    static func claim(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard let claim = document(input, { r throws(JSONError) in try ClaimDecoder.decode(&r) }) else { return false }
        try requireSame(claim, input) { value throws(JSONError) in try ClaimDecoder.decode(value) }
        if let problem = claim.problem {
            try require(1...1024 ~= problem.message.utf8.count, "a message of \(problem.message.utf8.count) bytes")
        } else {
            try requireReadBack(claim)
        }
        for pod in [nil, Samples.podWithAttributes, Samples.podWithList] { try requirePlans(claim, pod) }
        return true
    }

    /// A Lease goes to the election, where it is stolen in time, whatever its times say.
    static func lease(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard let lease = document(input, { r throws(JSONError) in try Lease.read(&r) }) else { return false }
        try requireJSON(input)
        if lease.leaseDuration >= .seconds(1) {
            let again = document(lease.json) { r throws(JSONError) in try Lease.read(&r) }
            try require(again?.record == lease.record, "read back from \(String(decoding: lease.json, as: UTF8.self))")
        }
        var election = Leadership(identity: "me", seed: 1)
        var now = Now(instant: Instant(milliseconds: 1000), wall: Samples.now.wall)
        _ = election.handle(.start, now: now)
        _ = election.handle(.read(lease.record), now: now)
        for seconds in [20, 1 << 33] {
            now = Now(instant: now.instant + .seconds(seconds), wall: now.wall)
            let effects = election.handle(.wake, now: now)
            if effects.contains(.read) { _ = election.handle(.read(lease.record), now: now) }
        }
        _ = election.handle(.stop, now: now)
        return true
    }

    // MARK: what has to hold

    private static func requireSame<Object: Equatable>(
        _ object: Object, _ input: [UInt8], _ decode: (JSONValue) throws(JSONError) -> Object
    ) throws(BrokenPromise) {
        try requireJSON(input)
        // skipped texts may be none and skipped numbers may be too large; such a document has no value
        guard let value = document(input, { r throws(JSONError) in try r.value() }) else { return }
        let again: Object
        do throws(JSONError) { again = try decode(value) } catch { throw BrokenPromise("read from the stream, not from the value: \(error)") }
        try require(again == object, "read from the stream: \(object)\nread from the value: \(again)")
    }

    /// A claim without a problem is written and read back as it is.
    private static func requireReadBack(_ claim: Claim) throws(BrokenPromise) {
        let object = ClaimEncoder.object(claim)
        let again = document(object.bytes()) { r throws(JSONError) in try ClaimDecoder.decode(&r) }
        try require(again == claim, "written: \(object)\nread back: \(again.map { "\($0)" } ?? "nothing")")
    }

    /// Whatever the objects say, there is a plan, and what it writes into the claim can be read back.
    private static func requirePlans(_ claim: Claim?, _ pod: Pod?) throws(BrokenPromise) {
        for reading in Samples.readings(claim) {
            let plan = Planner.plan(Samples.facts(claim, pod, reading), now: Samples.now, policy: Samples.policy)
            var written = claim ?? Samples.claim
            written.problem = nil
            switch plan.next {
            case .step(.createClaim(let spec)), .step(.updateSpec(let spec)): written.spec = spec
            case .step(.writeStatus(let status)): written.status = status
            case .step, .need, .rest: continue
            }
            // one that cannot be read is left alone but for what is said in it, and stays unreadable
            if claim?.problem == nil { try requireReadBack(written) }
        }
    }
}

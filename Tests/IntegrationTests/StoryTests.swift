import Glibc
import JSON
import Testing

extension RealServers {
    /// The story of TKE's page: two replicas against the real API server and the real broker, driven by kubectl.
    @Suite(.pair("story"))
    struct `A pod gets its EIP` {
        @Test func `a static pod keeps its EIP under a new UID, stopped or living, until its claim is deleted`() async throws {
            let place = try await Place.make("static")
            try await place.applyExample("static-eip")
            let first = try await place.bound("static-eip-0")
            let second = try await place.bound("static-eip-1")
            #expect(first.addressID != second.addressID)

            try await place.run("delete", "pod", "static-eip-0")
            let back = try await place.bound("static-eip-0")
            #expect(back.podUID != first.podUID)
            #expect(back.addressID == first.addressID && back.publicIP == first.publicIP)

            try await place.run("scale", "statefulset", "static-eip", "--replicas=1")
            try await eventually("the claim of the pod that is gone is kept", otherwise: try await place.situation("static-eip-1")) {
                let claim = try await place.claim("static-eip-1")
                return claim?.phase == "Retained" && claim?.addressID == second.addressID
            }
            try await eventually("its EIP is bound to nothing") { try await place.cloud.address(second.addressID)?.status == "UNBIND" }

            try await place.run("delete", "eipc", "static-eip-1", "--timeout=30s")
            try await place.released("static-eip-1", second.addressID)

            let claim = try #require(try await place.claim("static-eip-0"))
            try await place.run("delete", "eipc", "static-eip-0", "--timeout=30s")
            try await eventually("the living pod's claim is a new one", otherwise: try await place.situation("static-eip-0")) {
                let uid = try await place.claim("static-eip-0")?.uid
                return uid != nil && uid != claim.uid
            }
            #expect(try await place.bound("static-eip-0").addressID == first.addressID)
            try await expectPromisesKept(place)
            try await place.clear(podsFirst: false)
        }

        @Test func `a pod that is not static takes its EIP with it`() async throws {
            let place = try await Place.make("nonstatic")
            try await place.applyExample("non-static-pod")
            let bound = try await place.bound("non-static")
            try await place.run("delete", "pod", "non-static")
            try await place.released("non-static", bound.addressID)
            try await place.applyExample("non-static-pod")
            #expect(try await place.bound("non-static").addressID != bound.addressID)
            try await expectPromisesKept(place)
            try await place.clear()
        }

        @Test func `pods take the listed EIPs by their number, and give them back unreleased`() async throws {
            let place = try await Place.make("listed")
            let ids = ["eip-listed01", "eip-listed02"]
            for id in ids { try await place.cloud.add(id) }
            try await place.applyExample("eip-id-list")
            for (number, id) in ids.enumerated() { #expect(try await place.bound("eip-id-list-\(number)").addressID == id) }
            try await place.run("delete", "pod", "eip-id-list-1")
            #expect(try await place.bound("eip-id-list-1").addressID == ids[1])
            try await expectPromisesKept(place, userOwned: ids)

            try await place.run("delete", "statefulset", "eip-id-list")
            for id in ids { try await eventually("\(id) is free again") { try await place.cloud.address(id)?.status == "UNBIND" } }
            try await expectPromisesKept(place, userOwned: ids)
            try await place.clear()
        }

        @Test func `a replica is killed in the middle of a bind, and the other finishes`() async throws {
            let place = try await Place.make("killed")
            let pair = place.pair
            try await pair.settle()
            // slow enough that something is always under way
            try await place.cloud.set(["latencyMs": 1000])
            try await place.run("apply", "-f", "-", input: Self.set("web", replicas: 8))
            var times = BoundTimes()
            // the leader is the one that both informs and works
            let victim = try await pair.leader()
            try await eventually("an EIP is being allocated") {
                times.look(try await place.pods(), try await place.claims())
                return try await !place.writes(about: (0..<8).map { "web-\($0)" }).isEmpty
            }
            victim.child.signal(SIGKILL)
            times.mark("\(victim.instance), which led, killed with -9")
            #expect(try await victim.child.wait(within: .seconds(5)) == .killed(SIGKILL))

            try await eventually("all pods have their EIP", within: .seconds(90), otherwise: try await Self.missing(place)) {
                times.look(try await place.pods(), try await place.claims())
                return times.bound.count == 8
            }
            for number in 0..<8 { _ = try await place.bound("web-\(number)") }
            let survivor = await pair.other(than: victim)
            #expect(survivor.child.isAlive)
            let allocations = try await place.writes(about: (0..<8).map { "web-\($0)" }).filter {
                $0["action"].string == "AllocateAddresses" && $0["outcome"].string == "OK"
            }
            #expect(Set(allocations.compactMap { $0["stateAfter"][0]["id"].string }).count == 8, "more EIPs than pods were allocated")
            try await expectPromisesKept(place)
            print(times.table(title: "time to bound, two replicas, real Kubernetes and Kafka, cloud latency 1 s"))
            try await place.cloud.set(["latencyMs": 200])
            try await pair.revive(victim)
            try await place.clear()
        }

        private static func missing(_ place: Place) async throws -> String {
            for number in 0..<8 {
                do { _ = try await place.bound("web-\(number)", within: .zero) } catch let unmet as Unmet { return unmet.description }
            }
            return ""
        }

        static func set(_ name: String, replicas: Int) -> String {
            """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: \(name)}
            spec:
              replicas: \(replicas)
              serviceName: \(name)
              podManagementPolicy: Parallel
              selector: {matchLabels: {app: \(name)}}
              template:
                metadata:
                  labels: {app: \(name)}
                  annotations:
                    tke.cloud.tencent.com/eip-attributes: '{"Bandwidth":"100","ISP":"BGP"}'
                    tke.cloud.tencent.com/eip-claim-delete-policy: Never
                spec:
                  containers:
                    - name: web
                      image: nginx:stable
                      resources: {requests: {tke.cloud.tencent.com/eip: 1}, limits: {tke.cloud.tencent.com/eip: 1}}
            """
        }
    }
}

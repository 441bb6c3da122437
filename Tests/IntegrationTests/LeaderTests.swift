import Glibc
import JSON
import Testing

extension RealServers {
    /// A Lease on the real API server decides who follows the cluster, reaps and writes nodes.
    @Suite(.pair("leader"))
    struct `One replica leads` {
        /// What a standby needs beyond lease duration and retry: its jitter, a busy machine, and this test's own looking.
        static let slack = Duration.seconds(2)

        @Test func `and only one`() async throws {
            let pair = try #require(Pair.current)
            let leader = try await pair.leader()
            let lease = try await Self.lease(pair)
            #expect(lease["spec"]["holderIdentity"].string?.hasPrefix(leader.instance + "_") == true, "\(lease)")
            try await always("one replica leads", for: .seconds(3)) {
                try await pair.replicas.filter { try $0.isLeading }.map(\.instance) == [leader.instance]
            }
        }

        @Test func `a leader that is killed is followed within lease duration and retry period`() async throws {
            let pair = try #require(Pair.current)
            try await pair.settle()
            let leader = try await pair.leader()
            let other = await pair.other(than: leader)
            leader.child.signal(SIGKILL)
            try await other.waitFor("leading", after: other.log().count, within: Replica.leaseDuration + Replica.retryPeriod + Self.slack)
            let place = try await Place.make("after-kill")
            try await place.applyExample("non-static-pod")
            // its partitions come back to the living when the session of the dead is over
            _ = try await place.bound("non-static", within: .seconds(40))
            try await pair.revive(leader)
            try await place.clear()
        }

        @Test func `a leader that slept past its lease does nothing more when it wakes`() async throws {
            let place = try await Place.make("sleeper")
            let pair = place.pair
            try await pair.settle()
            let sleeper = try await pair.leader()
            let other = await pair.other(than: sleeper)
            try await place.cloud.set(["latencyMs": 1000])
            try await place.run("apply", "-f", "-", input: `A pod gets its EIP`.set("web", replicas: 6))
            try await eventually("an EIP is being allocated") { try await !place.writes(about: (0..<6).map { "web-\($0)" }).isEmpty }
            let before = try other.log().count
            sleeper.child.signal(SIGSTOP)
            let published = try sleeper.log().count
            try await other.waitFor("leading", after: before, within: Replica.leaseDuration + Replica.retryPeriod + Self.slack)
            for number in 0..<6 { _ = try await place.bound("web-\(number)", within: .seconds(60)) }

            sleeper.child.signal(SIGCONT)
            try await sleeper.waitFor("no longer leading", after: published)
            try await place.cloud.set(["latencyMs": 200])
            // Work is his again only after the group has given him partitions anew.
            try await sleeper.waitFor("partitions assigned", after: published, within: .seconds(40))
            let woken = try sleeper.log().dropFirst(published)
            let assigned = try #require(woken.firstIndex { $0["msg"].string == "partitions assigned" })
            let acted = woken.prefix(upTo: assigned).filter { ["node capacity written", "claim expired"].contains($0["msg"].string) }
            #expect(acted.isEmpty, "\(acted)")
            // The answer to what a key had asked for before may be waiting; the step after that is not begun.
            let steps = woken.prefix(upTo: assigned).filter { $0["msg"].string == "step taken" }
            #expect(Set(steps.map { $0["key"].string }).count == steps.count, "\(steps)")
            #expect(try other.isLeading)
            #expect(try !sleeper.isLeading)
            try await pair.settle()
            try await expectPromisesKept(place)
            try await place.clear()
        }

        @Test func `a leader that is told to stop hands over in less than two seconds`() async throws {
            let pair = try #require(Pair.current)
            try await pair.settle()
            let leader = try await pair.leader()
            let other = await pair.other(than: leader)
            let before = try other.log().count
            leader.child.signal(SIGTERM)
            try await other.waitFor("leading", after: before, within: .seconds(2))
            #expect(try await leader.child.wait(within: .seconds(30)) == .exited(0))
            try await pair.revive(leader)
        }

        private static func lease(_ pair: Pair) async throws -> JSONValue {
            try await pair.bed.kubectl.read("/apis/coordination.k8s.io/v1/namespaces/eip-controller/leases/eip-controller") ?? .null
        }
    }
}

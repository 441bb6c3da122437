import Core
import HTTPClient
import JSON
import Kubernetes
import Lifecycle
import Models
import Observe
import Testing

@testable import Runtime
@testable import Sandbox

/// Trap 4 (BDU): the name of the election is the host's and a random suffix, so every replica elects itself.
@Suite("Traps of the election", .timeLimit(.minutes(1))) struct LeaderTrapTests {
    private struct Replica {
        let leader: LeaderService
        let life = Life()
        let running: Task<Void, any Error>
        let terms: Locked<[Int]>

        init(_ identity: String, _ kubernetes: SandboxKubernetes, _ http: HTTPClient, _ lines: Lines) {
            let terms = Locked<[Int]>([])
            var limits = Limits.Leadership()
            limits.retryPeriod = .milliseconds(100)
            let leader = LeaderService(
                client: KubernetesClient(ClusterAccess(server: kubernetes.url), http: http), namespace: "kube-system", identity: identity,
                clock: ClusterClock(local: LocalClock.now), limits: limits, log: Log(level: .debug, sink: { lines.add($0) })
            ) { term in terms.withLock { $0.append(term) } }
            self.leader = leader
            self.terms = terms
            running = Task { [life] in try await leader.run(life) }
        }
        func stop() async throws {
            life.requestStop()
            try await running.value
        }
    }

    @Test func `of two replicas one leads and the other knows it, by one Lease`() async throws {
        let kubernetes = try SandboxKubernetes(SandboxKubernetesSettings())
        let http = HTTPClient()
        let lines = Lines()
        let a = Replica("eip-controller-0_1", kubernetes, http, lines)
        let b = Replica("eip-controller-1_1", kubernetes, http, lines)
        // Both have looked, and both have seen the same holder.
        let end = ContinuousClock.now + .seconds(20)
        while a.leader.holder() != b.leader.holder() || a.leader.holder()?.isEmpty != false, ContinuousClock.now < end {
            await Latch.any(lines.next(), Deadline.latch(after: .milliseconds(20)))
        }
        #expect(a.leader.holder() == b.leader.holder())
        #expect([a, b].count { $0.leader.term() != nil } == 1)
        let leases = kubernetes.withModel { model in model.all(.leases) }
        #expect(leases.map { $0["metadata"]["name"].string } == ["eip-controller"], "not a name of one replica's own")
        // When it goes, the other takes over with the next term, by the same Lease.
        let (first, second) = a.leader.term() != nil ? (a, b) : (b, a)
        try await first.stop()
        while second.leader.term() == nil, ContinuousClock.now < end { await Latch.any(lines.next(), Deadline.latch(after: .milliseconds(20))) }
        #expect(second.leader.term() != nil && first.leader.term() == nil)
        try await second.stop()
        let led = first.terms.withLock { $0 }
        #expect(led.count == 1 && second.terms.withLock { $0 } == led.map { $0 + 1 })
        #expect(kubernetes.withModel { $0.all(.leases) }.count == 1)
        await http.shutdown()
        await kubernetes.stop()
    }
}

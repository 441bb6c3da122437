import Core
import Testing

/// What the leader publishes although nothing changed.
@Suite struct ResyncTests {
    private static func duty(pods: [Pod], claims: [Claim]) -> ClusterDuty {
        var duty = ClusterDuty(cluster: Build.key.cluster, term: 1, map: Build.map, place: Build.place)
        for event in [.pods(.listed(pods)), .claims(.listed(claims)), .pods(.following), .claims(.following)] as [ClusterDuty.Event] {
            for effect in duty.handle(event, now: .s(0)) {
                if case .publish(let change) = effect { _ = duty.handle(.acknowledged(change.key), now: .s(0)) }
            }
        }
        return duty
    }
    private static func published(_ effects: [ClusterDuty.Effect]) -> [Cause] {
        effects.compactMap { effect in if case .publish(let change) = effect { change.cause } else { nil } }
    }
    /// Wakes it as it asks to be, and acknowledges everything: when something was published.
    private static func run(_ duty: inout ClusterDuty, until end: Double) -> [Double] {
        var times: [Double] = []
        for second in 1...Int(end) {
            for effect in duty.handle(.wake, now: .s(Double(second))) {
                guard case .publish(let change) = effect else { continue }
                times.append(Double(second))
                _ = duty.handle(.acknowledged(change.key), now: .s(Double(second)))
            }
        }
        return times
    }

    // Seed 30: a key parked in a worker that crashed.
    @Test func `a pod that wants an EIP and has none is published again, less and less often`() {
        var duty = Self.duty(pods: [Build.pod()], claims: [])
        #expect(Self.run(&duty, until: 1000) == [120, 360, 840])
    }

    @Test func `a claim that is being deleted, or whose pod is gone, is published again`() {
        var deleted = Self.duty(pods: [], claims: [Build.claim { $0.isDeleting = true }])
        #expect(Self.run(&deleted, until: 300) == [120])
        var bound = Self.duty(pods: [], claims: [Build.claim { $0.status = Build.boundStatus() }])
        #expect(Self.run(&bound, until: 300) == [120])
    }

    // Seed 1249: an EIP released by hand while no worker knew whose it was.
    @Test func `what rests is looked at every ten minutes, and nothing more`() {
        let pod = Build.pod { $0.publicIPAnnotation = "1.2.3.4" }
        var duty = Self.duty(pods: [pod], claims: [Build.claim { $0.status = Build.boundStatus() }])
        let times = Self.run(&duty, until: 1700)
        #expect(times.count == 2 || times.count == 3)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 600 })
    }

    @Test func `a pod that wants nothing is never published`() {
        var duty = Self.duty(pods: [Build.pod { $0.want = .none }], claims: [])
        #expect(Self.run(&duty, until: 1000) == [])
    }

    @Test func `what comes to rest before its time is not published`() {
        var duty = Self.duty(pods: [Build.pod()], claims: [Build.claim()])
        _ = duty.handle(.claims(.changed(Build.claim { $0.status = Build.boundStatus() })), now: .s(60))
        _ = duty.handle(.pods(.changed(Build.pod { $0.publicIPAnnotation = "1.2.3.4" })), now: .s(60))
        _ = Self.published(duty.handle(.acknowledged(Build.key), now: .s(60)))
        #expect(Self.run(&duty, until: 250) == [])
    }
}

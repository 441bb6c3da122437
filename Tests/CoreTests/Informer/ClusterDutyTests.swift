import Core
import Testing

@Suite struct ClusterDutyTests {
    private static func partition(_ pod: Pod) -> Int {
        Build.map.partition(of: Key(cluster: Build.key.cluster, namespace: pod.namespace, name: pod.name), of: Build.place)
    }
    /// Pods whose keys are in the partition of the first, and one whose key is in another.
    private static let (same, other): ([Pod], Pod) = {
        let pods = (0..<40).map { number in Build.pod { $0.name = "web-\(number)" } }
        return (pods.filter { partition($0) == partition(pods[0]) }, pods.first { partition($0) != partition(pods[0]) }!)
    }()
    private static func published(_ effects: [ClusterDuty.Effect]) -> [String] {
        effects.compactMap { effect in if case .publish(let change) = effect { change.key.name } else { nil } }
    }
    private static func key(_ pod: Pod) -> Key { Key(cluster: Build.key.cluster, namespace: pod.namespace, name: pod.name) }

    @Test func `a partition that takes nothing holds up no other one`() {
        var limits = Limits.Outbox()
        limits.inFlightMax = 2
        var duty = ClusterDuty(cluster: Build.key.cluster, term: 1, map: Build.map, place: Build.place, outbox: limits)
        for event in [.pods(.listed([])), .claims(.listed([])), .pods(.following), .claims(.following)] as [ClusterDuty.Event] {
            #expect(duty.handle(event, now: .s(0)) == [])
        }
        func changed(_ pod: Pod, at seconds: Double) -> [String] { Self.published(duty.handle(.pods(.changed(pod)), now: .s(seconds))) }
        let (a, b, c) = (Self.same[0], Self.same[1], Self.same[2])
        #expect(changed(a, at: 1) == [a.name] && changed(b, at: 1) == [b.name])
        #expect(changed(c, at: 1) == [], "two are on their way")
        #expect(changed(Self.other, at: 1) == [Self.other.name], "to another partition")
        #expect(duty.counts.outbox == 4)

        #expect(duty.handle(.publishFailed(Self.key(a)), now: .s(31)).contains(.wake(at: Now.s(31.5).instant)))
        #expect(Self.published(duty.handle(.acknowledged(Self.key(Self.other)), now: .s(31))) == [], "which says nothing of the first")
        #expect(changed(Self.other, at: 31) == [])
        var again = Self.other
        again.isTerminating = true
        #expect(changed(again, at: 31) == [Self.other.name], "what failed there holds nothing up here")
        #expect(Self.published(duty.handle(.wake, now: .s(31.5))) == [c.name], "b is on its way still, and a comes after c")
    }
}

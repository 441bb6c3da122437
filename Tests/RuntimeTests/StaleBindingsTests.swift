import Core
import Testing

@testable import Runtime

@Suite struct `Time of a stale binding` {
    private static let key = Key(cluster: "c", namespace: "team", name: "web-0")
    private static let target = Target(podUID: "uid-1", podIP: "10.0.0.5", networkInterfaceID: "eni-1", instanceID: "ins-1", nodeName: "node-1")
    private static let id = AddressID("eip-1")
    private static func at(_ seconds: Int64) -> Instant { Instant(milliseconds: seconds * 1000) }
    private static func claim(bound: Bool) -> Claim {
        var claim = Claim(
            namespace: "team", name: "web-0", uid: "claim-1", resourceVersion: "1", createdAt: Timestamp(milliseconds: 0),
            spec: ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .retain, addressID: id))
        if bound { claim.status.binding = Binding(target: target, boundAt: Timestamp(milliseconds: 0)) }
        return claim
    }
    private static func pod(uid: String = "uid-1", ip: String = "10.0.0.5", phase: PodPhase = .running) -> Pod {
        Pod(namespace: "team", name: "web-0", uid: uid, phase: phase, podIP: ip)
    }

    @Test(arguments: [nil, pod(uid: "uid-2"), pod(ip: "10.0.0.6"), pod(phase: .succeeded)])
    func `it lasts from the first sight of the absence to the step after the unbinding`(pod: Pod?) {
        var stale = StaleBindings()
        #expect(stale.saw(.claimRead(Self.claim(bound: true)), Self.key, at: Self.at(0)) == nil)
        #expect(stale.saw(.podRead(pod), Self.key, at: Self.at(1)) == nil)
        #expect(stale.saw(.podRead(pod), Self.key, at: Self.at(2)) == nil)
        stale.finished(Self.key, .retry(.failedDisassociateEIP, "throttled"))
        #expect(stale.saw(.claimRead(Self.claim(bound: true)), Self.key, at: Self.at(3)) == nil)
        #expect(stale.saw(.claimWritten(Self.claim(bound: true)), Self.key, at: Self.at(3)) == nil, "the intent")
        #expect(stale.took(.disassociate(Self.id), Self.key, at: Self.at(4)) == nil, "accepted is not done")
        #expect(stale.saw(.claimWritten(Self.claim(bound: false)), Self.key, at: Self.at(6)) == .seconds(5))
        #expect(stale.took(.release(Self.id), Self.key, at: Self.at(7)) == nil, "once")
    }

    @Test func `a release that follows confirms as well`() {
        var stale = StaleBindings()
        _ = stale.saw(.claimRead(Self.claim(bound: true)), Self.key, at: Self.at(0))
        _ = stale.saw(.podRead(nil), Self.key, at: Self.at(1))
        _ = stale.took(.disassociate(Self.id), Self.key, at: Self.at(2))
        #expect(stale.took(.release(Self.id), Self.key, at: Self.at(4)) == .seconds(3))
    }

    @Test func `a binding whose pod is there is not stale`() {
        var stale = StaleBindings()
        _ = stale.saw(.claimRead(Self.claim(bound: true)), Self.key, at: Self.at(0))
        _ = stale.saw(.podRead(Self.pod()), Self.key, at: Self.at(1))
        _ = stale.took(.disassociate(Self.id), Self.key, at: Self.at(2))
        #expect(stale.saw(.claimWritten(Self.claim(bound: false)), Self.key, at: Self.at(3)) == nil)
    }

    @Test func `what ended without an unbinding is forgotten`() {
        var stale = StaleBindings()
        _ = stale.saw(.claimRead(Self.claim(bound: true)), Self.key, at: Self.at(0))
        _ = stale.saw(.podRead(nil), Self.key, at: Self.at(1))
        stale.finished(Self.key, .settled(.retainedEIP))
        _ = stale.took(.disassociate(Self.id), Self.key, at: Self.at(2))
        #expect(stale.took(.release(Self.id), Self.key, at: Self.at(4)) == nil)
    }
}

import Core
import JSON
import Lifecycle
import Models
import Observe
import Sandbox
import Testing

@testable import Runtime

@Suite("A controller over sockets", .timeLimit(.minutes(2))) struct ControllerTests {
    @Test func `a pod gets its EIP, and the EIP goes with the pod; both are measured`() async throws {
        let world = try ServiceWorld()
        try world.createPod("web-0")
        await world.eventually("the EIP") { world.publicIP("web-0") != nil }
        let address = try #require(world.cloud.withModel { $0.addresses.first })
        #expect(address.status == .bind && address.ip == world.publicIP("web-0"))
        #expect(world.writes() == ["AllocateAddresses", "AssociateAddress"])
        await world.eventually("the measure") { world.controller.metrics.registry.exposition().contains("eip_time_to_bound_seconds_count 1\n") }
        await world.worker?.sample()
        let metrics = world.controller.metrics.registry.exposition()
        #expect(metrics.contains("eip_mirror_complete 1\n"))
        #expect(metrics.contains("eip_pacing_rate{action=\"AllocateAddresses\"} 10\n"))
        #expect(metrics.contains("eip_pacing_waiting{action=\"AllocateAddresses\"} 0\n"))
        #expect(metrics.contains("eip_time_to_bound_seconds_count 1\n"))
        #expect(metrics.contains("eip_stale_binding_seconds_count 0\n"))

        try world.deletePod("web-0")
        await world.eventually("the release") { world.cloud.withModel { $0.addresses.isEmpty } }
        #expect(world.writes() == ["AllocateAddresses", "AssociateAddress", "DisassociateAddress", "ReleaseAddresses"])
        await world.eventually("the measure") { world.controller.metrics.registry.exposition().contains("eip_stale_binding_seconds_count 1\n") }
        try await world.close()
    }

    @Test func `a leader that loses its Lease ends its duties and writes nothing more, until it leads again`() async throws {
        let world = try ServiceWorld()
        try world.createPod("web-0")
        await world.eventually("the EIP") { world.publicIP("web-0") != nil }
        try world.setLeaseHolder("somebody-else", seconds: 3600)
        await world.eventually("the end of the term") { world.lines.count("no longer leading") == 1 && world.worker == nil }
        let before = world.writes()
        try world.deletePod("web-0")
        try world.createPod("web-1")
        await world.eventually("the pod's end, which the kubelet sees to") {
            world.kubernetes.withModel { $0.find(ServiceWorld.pod("web-0")) == nil && $0.find(ServiceWorld.pod("web-1"))?["status"]["podIP"].string != nil }
        }
        #expect(world.leaseHolder() == "somebody-else")
        #expect(world.writes() == before)
        #expect(world.lines.count("leading") == 2, "one term begun and ended")

        try world.setLeaseHolder("", seconds: 1)
        await world.eventually("the second term's work") { world.publicIP("web-1") != nil && world.cloud.withModel { $0.addresses.count == 1 } }
        try await world.close()
    }

    @Test func `a Lease that was deleted is taken again by its holder, and nothing else happens`() async throws {
        let world = try ServiceWorld()
        await world.eventually("a leader") { world.worker != nil }
        try world.deleteLease()
        await world.eventually("the Lease again") { world.leaseHolder()?.hasPrefix("replica-0") == true }
        try world.createPod("web-0")
        await world.eventually("the EIP") { world.publicIP("web-0") != nil }
        try await world.close()
    }

    @Test func `a renewal that hangs is given up in time, and the term goes on`() async throws {
        let world = try ServiceWorld()
        await world.eventually("a leader") { world.worker != nil }
        world.holdUpLeaseWrite(.seconds(10))
        await world.eventually("the write that hangs") { world.heldUp() == 0 }
        let before = world.renewTime()
        await world.eventually("a renewal after it") { world.renewTime() != before }
        #expect(world.lines.count("cannot write the Lease") == 1)
        #expect(world.lines.count("no longer leading") == 0)
        try await world.close()
    }

    @Test func `a stop during a bind is done in time, and hands the Lease over`() async throws {
        // the cloud takes its time: the bind is under way for as long as the test lasts
        let world = try ServiceWorld(
            cloud: CloudModel.Settings(
                latency: .init(create: .milliseconds(50), bind: .seconds(600), unbind: .milliseconds(50), release: .milliseconds(50))))
        try world.createPod("web-0")
        await world.eventually("the bind") { world.cloud.withModel { $0.addresses.first?.status == .binding } }
        let time = try await world.stopController()
        #expect(time < .seconds(5))
        #expect(world.leaseHolder() == "")
        #expect(world.lines.count("did not stop in time") == 0)
        try await world.close()
    }

    @Test func `a stop while a call is out waits for its answer, and not for ever`() async throws {
        let world = try ServiceWorld()
        await world.eventually("a leader") { world.worker != nil }
        world.leaveUnanswered("AllocateAddresses")
        try world.createPod("web-0")
        await world.eventually("the call") { world.writes() == ["AllocateAddresses"] }
        let time = try await world.stopController()
        #expect(time < .seconds(8), "the drain's five seconds, and the hand-over")
        #expect(world.leaseHolder() == "")
        try await world.close()
    }
}

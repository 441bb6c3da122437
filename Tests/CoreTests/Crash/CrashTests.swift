import Core
import Models
import Testing

/// For every lifecycle: a crash before and after each effect, and a pause at each effect with another worker finishing
/// before the paused one wakes. Zero leaked, zero confirmed for the wrong pod, static address kept, user-owned never
/// released.
@Suite struct CrashTests {
    struct Story: CustomStringConvertible, Sendable {
        var name: String
        var stages: [@Sendable (inout World) -> Void]
        /// what must be true at the end, beside what always must
        var end: @Sendable (inout World) -> Void
        var description: String { name }
    }

    static let plain = ["eip-attributes": "{}"]
    static let fixed = ["eip-attributes": #"{"Bandwidth":"100","ISP":"BGP"}"#, "eip-claim-delete-policy": "Never"]

    @Sendable static func nothingLeft(_ world: inout World) {
        if world.claim() != nil { world.violate("the claim is still there") }
        if world.cloud.addresses.contains(where: { $0.tags.contains(Naming.creatorTag) }) { world.violate("an EIP is still there") }
    }
    @Sendable static func bound(_ world: inout World, at ip: String) {
        guard let claim = world.claim(), claim.status.isReady, claim.status.binding?.target.podIP == ip else { return world.violate("not bound at \(ip)") }
        if world.pod()?.publicIPAnnotation != claim.status.publicIP { world.violate("the pod does not say its public IP") }
        let allocated = world.cloud.addresses.filter { $0.tags.contains(Naming.creatorTag) }
        if allocated.count > 1 { world.violate("\(allocated.count) EIPs for one pod") }
    }
    /// The first EIP that was allocated for the key: the generator of ids is seeded, so it is always the same one.
    @Sendable static func sameEIP(_ world: inout World) {
        let first = world.cloud.journal.first { $0.action == "AllocateAddresses" && !$0.stateAfter.isEmpty }?.stateAfter.first?.id
        if world.claim()?.spec.addressID != first || first == nil { world.violate("the static EIP changed: \(String(describing: first))") }
    }

    static let stories: [Story] = [
        Story(
            name: "non-static: bound, then gone",
            stages: [{ $0.createPod(annotations: plain, ip: "10.0.1.5") }, { $0.removePod() }],
            end: nothingLeft),
        Story(
            name: "non-static: gone before it had an IP",
            stages: [{ $0.createPod(annotations: plain, ip: nil) }, { $0.removePod() }],
            end: nothingLeft),
        Story(
            name: "non-static: replaced at once by a pod with another UID and IP",
            stages: [
                { $0.createPod(annotations: plain, ip: "10.0.1.5") },
                {
                    $0.removePod()
                    $0.createPod(annotations: plain, node: 2, ip: "10.0.2.7")
                },
            ],
            end: { bound(&$0, at: "10.0.2.7") }),
        Story(
            name: "static: gone, back with another UID and IP on another node",
            stages: [
                { $0.createPod(annotations: fixed, ip: "10.0.1.5") }, { $0.removePod() },
                { $0.createPod(annotations: fixed, node: 2, ip: "10.0.2.7") },
            ],
            end: {
                bound(&$0, at: "10.0.2.7")
                sameEIP(&$0)
            }),
        Story(
            name: "static: gone, claim deleted",
            stages: [{ $0.createPod(annotations: fixed, ip: "10.0.1.5") }, { $0.removePod() }, { if $0.claim() != nil { $0.deleteClaim() } }],
            end: nothingLeft),
        Story(
            name: "static: claim deleted under the living pod",
            stages: [{ $0.createPod(annotations: fixed, ip: "10.0.1.5") }, { $0.deleteClaim() }],
            end: {
                bound(&$0, at: "10.0.1.5")
                sameEIP(&$0)
            }),
        Story(
            name: "eip-id-list: bound, gone, back elsewhere, gone",
            stages: [
                { $0.createPod(annotations: ["eip-id-list": $0.userOwned.rawValue], ip: "10.0.1.5") }, { $0.removePod() },
                { $0.createPod(annotations: ["eip-id-list": $0.userOwned.rawValue], node: 2, ip: "10.0.2.7") }, { $0.removePod() },
            ],
            end: { world in
                nothingLeft(&world)
                if world.cloud.address(world.userOwned)?.status != .unbind { world.violate("the user's EIP is not free") }
            }),
        Story(
            name: "pending first, running later, bandwidth changed",
            stages: [
                { $0.createPod(annotations: plain, ip: nil) }, { $0.runPod(node: 1, ip: "10.0.1.5") },
                { $0.annotate("eip-attributes", #"{"Bandwidth":20}"#) },
            ],
            end: { world in
                bound(&world, at: "10.0.1.5")
                if world.cloud.addresses.first(where: { $0.tags.contains(Naming.creatorTag) })?.bandwidth != 20 { world.violate("bandwidth unchanged") }
            }),
    ]

    private func play(_ story: Story, _ fault: Fault?) throws -> (drive: Drive, report: String?) {
        var drive = Drive(try World(), fault: fault)
        drive.play(story.stages)
        story.end(&drive.world)
        guard let first = drive.world.violations.first else { return (drive, nil) }
        return (drive, "\(story.name), \(fault.map(\.description) ?? "no fault"): \(first)\n" + drive.world.transcript.joined(separator: "\n"))
    }

    /// All that differ: after a read, nothing is different from before the next effect, and a paused read changes nothing.
    private static func faults(at: Int, mutating: Bool) -> [Fault] {
        guard mutating else { return [Fault(kind: .crashBefore, at: at, wake: .end)] }
        return Fault.Kind.allCases.flatMap { kind in
            let wakes: [Fault.Wake] = kind == .crashBefore || kind == .crashAfter ? [.end] : Fault.Wake.allCases
            return wakes.map { Fault(kind: kind, at: at, wake: $0) }
        }
    }

    @Test(arguments: stories) func `a story without faults ends as it should`(story: Story) throws {
        let report = try play(story, nil).report
        #expect(report == nil)
    }

    @Test(arguments: stories) func `a crash or a pause at any effect changes nothing that matters`(story: Story) throws {
        let drive = try play(story, nil).drive
        #expect(drive.effects > 10 && drive.mutating.count > 4)
        var reports: [String] = []
        for at in 0..<drive.effects {
            for fault in Self.faults(at: at, mutating: drive.mutating.contains(at)) {
                if let report = try play(story, fault).report { reports.append(report) }
            }
        }
        #expect(reports.isEmpty, "\(reports.count) of the runs went wrong; the first:\n\(reports.first ?? "")")
    }
}

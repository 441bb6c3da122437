import Core
import JSON
import Models
import Testing

/// Traps that other controllers fell into, as their issues tell: EIPs at the wrong pod, at no pod, or kept for nobody.
@Suite struct `Traps of binding` {
    private static func bound(_ world: World, at ip: String) -> Bool {
        guard let claim = world.claim(), claim.status.isReady, let target = claim.status.binding?.target, let id = claim.spec.addressID else { return false }
        return target.podUID == world.pod()?.uid && target.podIP == ip && world.cloud.address(id)?.isBound(to: target) == true
    }
    private static func bound() throws -> TrapDrive {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        drive.settle()
        #expect(bound(drive.world, at: "10.0.1.5"))
        return drive
    }

    // Trap 7 (ACK, kube-ovn): the delete of a pod, seen late, unbinds the pod of the same name that came after it.

    @Test func `a pod that comes back while its predecessor's EIP is about to be unbound keeps it`() throws {
        var drive = try Self.bound()
        let first = drive.world.claim()?.status.binding?.target.podUID
        drive.world.removePod()
        var isBack = false
        drive.fate = { world, effect in
            // The unbinding is decided; then the pod is there again, at the IP that its predecessor had.
            guard effect == .acquire(.disassociate), !isBack else { return .performed }
            isBack = true
            world.createPod(annotations: World.plain, ip: "10.0.1.5")
            return .performed
        }
        drive.settle()
        #expect(drive.check() == [] && isBack && Self.bound(drive.world, at: "10.0.1.5"))
        #expect(drive.world.calls("DisassociateAddress").isEmpty && drive.world.claim()?.status.binding?.target.podUID != first)
    }

    @Test func `a late word that a predecessor is gone hides no pod, and unbinds nothing`() throws {
        var drive = try Self.bound()
        let old = try #require(drive.world.pod())
        drive.world.replacePod(World.plain, node: 2, ip: "10.0.2.7")
        drive.settle()
        let new = try #require(drive.world.pod())
        let calls = drive.world.cloud.journal.count
        var mirror = ClusterMirror(cluster: World.key.cluster)
        _ = mirror.handle(.podsListed([new]))
        let late = mirror.handle(.podGone(old))
        #expect(late.map(\.key) == [World.key], "a hint, and no more")
        #expect(mirror.handle(.podsListed([new])) == [], "the pod that is there is known as before")
        drive.settle()
        #expect(drive.check() == [] && Self.bound(drive.world, at: "10.0.2.7") && drive.world.cloud.journal.count == calls)
    }

    // Trap 11 (KAO, TXC): the pod's IP comes from a stale cache, or belongs to another pod by now, for good.

    @Test func `an IP that changed before the call is not bound`() throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        var hasMoved = false
        drive.fate = { world, effect in
            guard effect == .acquire(.associate), !hasMoved else { return .performed }
            hasMoved = true
            world.replacePod(World.plain, node: 2, ip: "10.0.2.7")
            return .performed
        }
        drive.settle()
        #expect(drive.check() == [] && hasMoved && Self.bound(drive.world, at: "10.0.2.7"))
        #expect(drive.world.calls("AssociateAddress").map { $0.parameters["PrivateIpAddress"].string } == ["10.0.2.7"])
    }

    @Test func `an IP that changed during the call is bound, never reported, and unbound`() throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        var hasMoved = false
        drive.fate = { world, effect in
            if effect.cloudVerb == .associate, !hasMoved {
                hasMoved = true
                world.replacePod(World.plain, node: 2, ip: "10.0.2.7")
            }
            if effect.isConfirmation, world.claim()?.spec.addressID.flatMap({ world.cloud.address($0) })?.privateIP != "10.0.2.7" {
                world.violate("reported while it is bound to another pod's IP")
            }
            return .performed
        }
        drive.settle()
        #expect(drive.check() == [] && hasMoved && Self.bound(drive.world, at: "10.0.2.7"))
        #expect(drive.world.calls("AssociateAddress").map { $0.parameters["PrivateIpAddress"].string } == ["10.0.1.5", "10.0.2.7"])
    }

    @Test func `an IP that still has another pod's EIP is waited for, and bound when that has left`() throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        let other = drive.world.userOwned
        _ = try drive.world.cloud.associate(other, networkInterfaceID: "eni-1", privateIP: "10.0.1.5", now: drive.world.now.wall).get()
        drive.world.advance(.seconds(5))
        var looks = 0
        drive.fate = { world, effect in
            guard case .readNetworkInterface = effect else { return .performed }
            looks += 1
            if looks == 5, case .failure(let fault) = world.cloud.disassociate(other, now: world.now.wall) { world.violate("\(fault)") }
            return .performed
        }
        drive.settle()
        #expect(drive.check() == [] && Self.bound(drive.world, at: "10.0.1.5"))
        #expect(drive.world.calls("AssociateAddress").map(\.outcome) == ["OK", "OK"], "the other's and ours: nothing was tried in vain")
    }

    // Trap 12 (VRC): pods that have completed keep their address until they are deleted.

    @Test(arguments: ["Succeeded", "Failed"]) func `a pod that has ended gives its EIP back, though the object stays`(phase: String) throws {
        var drive = try Self.bound()
        drive.world.setPhase(phase)
        drive.settle()
        #expect(drive.check() == [] && drive.world.pod() != nil)
        #expect(drive.world.allocated == [] && drive.world.claim() == nil)
    }

    // Trap 8 (TKE's documentation): under a Deployment, `Never` keeps EIPs that no pod will use again.

    private static let owners: [(String, String, Bool)] = [
        ("apps/v1", "ReplicaSet", true), ("apps/v1", "DaemonSet", true), ("batch/v1", "Job", true), ("v1", "ReplicationController", true),
        ("apps/v1", "StatefulSet", false), ("apps.kruise.io/v1beta1", "StatefulSet", false), ("example.com/v1", "ReplicaSet", false),
    ]

    @Test(arguments: owners) func `a static EIP whose pod's name never comes again is said once, as an Event and in the condition`(
        apiVersion: String, kind: String, isSaid: Bool
    ) throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.fixed, ip: "10.0.1.5")
        drive.world.setOwner(apiVersion, kind, "web-5d4f")
        drive.settle()
        drive.settle()
        let said = drive.notices.filter { $0.reason == .eipNotReusable }
        #expect(said.count == (isSaid ? 1 : 0) && said.allSatisfy { $0.warning && $0.message.contains("\(kind) web-5d4f") })
        let condition = drive.world.claim()?.status.condition(.ready)
        #expect(condition?.status == true && condition?.message.contains("there will be none") == isSaid)
        #expect(drive.check() == [] && Self.bound(drive.world, at: "10.0.1.5"), "said, and done all the same")
    }

    @Test func `it is said of a pod that becomes static later, and of no pod that is not`() throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        drive.world.setOwner("apps/v1", "ReplicaSet", "web-5d4f")
        drive.settle()
        #expect(drive.notices.allSatisfy { !$0.warning })
        drive.world.annotate("eip-claim-delete-policy", "Never")
        drive.settle()
        #expect(drive.notices.count { $0.reason == .eipNotReusable } == 1)
        #expect(drive.world.claim()?.status.condition(.ready)?.message.contains("there will be none") == true)
    }
}

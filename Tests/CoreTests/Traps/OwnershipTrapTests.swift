import Core
import Models
import Testing

/// Traps that other controllers fell into, as their issues tell: addresses of others that were taken for leftovers, and
/// addresses that were being made.
@Suite struct `Traps of cleaning up` {
    // Trap 5 (MZ, CAPA): what carries the cluster's name and is not known here is released, at startup, in use or not; it was
    // another cluster's of the same name. There is no orphan sweep here yet; this is what holds on every path that there is.

    /// Nothing of a key's, though nearly.
    private static let foreign: [(String, @Sendable (inout Address) -> Void)] = [
        ("no creator", { $0.tags.removeAll { $0.key == Naming.creatorTag.key } }),
        ("another creator", { $0.tags = $0.tags.map { $0.key == Naming.creatorTag.key ? Tag(key: $0.key, value: "somebody") : $0 } }),
        ("no cluster", { $0.tags.removeAll { $0.key == Naming.clusterTagKey } }),
        ("a cluster of another UID", { $0.tags = $0.tags.map { $0.key == Naming.clusterTagKey ? Tag(key: $0.key, value: "cluster-2") : $0 } }),
        ("another name", { $0.name = "team_web-1" }),
        ("no name", { $0.name = "" }),
    ]

    private static let pods: [Pod?] = [
        nil, Build.pod(), Build.pod { $0.phase = .succeeded }, Build.pod { $0.isTerminating = true }, Build.pod { $0.want = .none },
        Build.pod { $0.deletePolicy = .retain }, Build.pod { $0.want = .list([AddressID("eip-00000002")]) },
        Build.pod { $0.want = .attributes(AddressAttributes(bandwidth: 7)) },
    ]

    private static var claims: [Claim] {
        var claims: [Claim] = []
        let intents: [Intent?] = [nil] + CloudVerb.allCases.map { Build.intent($0, age: .seconds(1000)) }
        for policy in [DeletePolicy.delete, .retain] {
            for isDeleting in [false, true] {
                for intent in intents {
                    for isBound in [false, true] {
                        for id in [Build.id, nil] {
                            claims.append(
                                Build.claim {
                                    $0.spec.deletePolicy = policy
                                    $0.spec.addressID = id
                                    $0.isDeleting = isDeleting
                                    if isBound { $0.status = Build.boundStatus() }
                                    $0.status.intent = intent
                                })
                        }
                    }
                }
            }
        }
        return claims
    }

    /// The step that touches the address, or makes it the claim's, among all the plans for it.
    private static func touches(_ change: (inout Address) -> Void) -> Set<String> {
        var touches: Set<String> = []
        for status in AddressStatus.allCases {
            let address = Build.address(status, change)
            for claim in claims {
                for pod in pods {
                    for isEnding in [false, true] {
                        var facts = Build.facts(pod: pod, claim: claim, address: address, named: [address])
                        facts.surroundings = .read(Surroundings(namespaceTerminating: isEnding, ownerGone: false))
                        guard case .step(let step) = Planner.plan(facts, now: Build.now, policy: Build.policy).next else { continue }
                        switch step {
                        case .associate, .disassociate, .release, .modifyBandwidth: touches.insert(step.cloudVerb!.rawValue)
                        case .updateSpec(let spec): if claim.spec.addressID == nil, spec.addressID == Build.id { touches.insert("adopt") }
                        case .createClaim, .addFinalizer, .writeStatus, .deleteClaim, .removeFinalizer, .annotatePod, .allocate: break
                        }
                    }
                }
            }
        }
        return touches
    }

    @Test(arguments: foreign.indices) func `an address that lacks creator, cluster UID or name is touched on no path`(row: Int) {
        #expect(Self.touches(Self.foreign[row].1) == [], "\(Self.foreign[row].0)")
    }

    @Test func `one that has all three is bound, unbound, changed, adopted and released`() {
        #expect(Self.touches { _ in } == ["Associate", "Disassociate", "Release", "ModifyBandwidth", "adopt"])
    }

    @Test(arguments: [World.plain, World.fixed]) func `a cluster of the same names and another UID is not touched, whatever happens to ours`(
        annotations: [String: String]
    ) throws {
        var drive = try TrapDrive()
        let theirs = try Self.addresses(ofCluster: "cluster-2", in: &drive.world)
        drive.world.createPod(annotations: annotations, ip: "10.0.1.5")
        drive.settle()
        #expect(drive.world.claim()?.status.isReady == true && drive.world.claim()?.spec.addressID.map(theirs.map(\.id).contains) == false)
        drive.world.deleteClaim()
        drive.settle()
        drive.world.replacePod(annotations, node: 2, ip: "10.0.2.7")
        drive.settle()
        drive.world.removePod()
        drive.settle()
        if drive.world.claim() != nil { drive.world.deleteClaim() }
        drive.settle()
        #expect(drive.world.violations == [] && drive.world.claim() == nil)
        #expect(drive.world.allocated == theirs, "ours is released, theirs are as they were")
    }

    /// One that is free and one that is bound, both named as ours would be.
    private static func addresses(ofCluster cluster: String, in world: inout World) throws -> [Address] {
        for n in 1...2 {
            let request = AllocateRequest(
                name: Naming.addressName(World.key), attributes: AddressAttributes(),
                tags: [Naming.creatorTag, Tag(key: Naming.clusterTagKey, value: cluster)], clientToken: "theirs-\(n)")
            let id = try world.cloud.allocate(request, now: world.now.wall).get()[0]
            world.advance(.seconds(5))
            if n == 2 { _ = try world.cloud.associate(id, networkInterfaceID: "eni-2", privateIP: "10.0.2.1", now: world.now.wall).get() }
        }
        world.advance(.seconds(5))
        return world.allocated
    }

    @Test func `what no claim names is listed, and left alone, at the start and for a day after it`() {
        var drive = ReconcilerDrive()
        for n in 0..<50 {
            let id = AddressID("eip-\(n)")
            drive.addresses[id] = Build.address(n % 2 == 0 ? .unbind : .bind) {
                $0.id = id
                $0.name = "team_gone-\(n)"
            }
        }
        let before = drive.addresses
        drive.pass(.seconds(86_400))
        #expect(drive.lists.count > 100 && drive.reconciler.addresses.count == 50)
        #expect(drive.asked.allSatisfy { if case .list = $0.what { true } else { false } })
        #expect(drive.addresses == before)
    }

    // Trap 16 (VRC, TWY): the last pass of a collector meets what is just being made. Whoever gives up here waits out creation.

    @Test func `an address that was just allocated is not given up for lost because nothing shows it yet`() throws {
        var drive = ReconcilerDrive()
        let key = ReconcilerDrive.key("web-0")
        drive.createPod("web-0")
        while drive.times(of: .allocate).isEmpty { drive.pass(.milliseconds(10)) }
        let id = try #require(drive.addresses.keys.first)
        let hidden = drive.addresses.removeValue(forKey: id)
        for _ in 0..<110 {
            drive.pass(.seconds(1))
            if !drive.reconciler.isRunning(key) { drive.feed(.run(key)) }
        }
        #expect(drive.times(of: .allocate).count == 1 && drive.claims[key]?.spec.addressID == id && drive.claims[key]?.spec.serial == 1)
        drive.addresses[id] = hidden
        for _ in 0..<10 {
            drive.pass(.seconds(1))
            if !drive.reconciler.isRunning(key) { drive.feed(.run(key)) }
        }
        #expect(drive.claims[key]?.status.isReady == true && drive.claims[key]?.spec.addressID == id)
    }

    @Test func `a claim does not end while an Allocate for it may still come to something`() throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        var sentAt: Instant?
        drive.fate = { world, effect in
            if effect.cloudVerb == .allocate {
                sentAt = world.now.instant
                return .crashedAfter
            }
            // The list knows of it only after half a minute.
            guard case .listNamed(let notBefore) = effect, let sentAt else { return .performed }
            if notBefore > world.now.instant { world.advance(notBefore - world.now.instant) }
            let isKnown = world.now.instant - sentAt >= .seconds(30)
            return isKnown ? .performed : .answered(.listed(NamedAddresses(addresses: [], listedAt: world.now.instant)))
        }
        #expect(drive.run() == nil)
        drive.world.removePod()
        drive.settle()
        #expect(drive.check() == [] && sentAt != nil)
        #expect(drive.world.claim() == nil && drive.world.calls("ReleaseAddresses").count == 1, "found, recorded, released")
    }
}

import Core
import JSON
import Models
import Testing

/// Traps that other controllers fell into, as their issues tell: EIPs that were allocated, or let go, and forgotten.
@Suite struct `Traps of allocating and releasing` {
    private static let throttled = ReconcileEvent.failed(CloudFault(.throttled, code: "RequestLimitExceeded", message: "slower"))

    /// What a list shows before it knows of the newest address.
    private static func stale(_ world: World) -> TrapDrive.Fate { .answered(.listed(NamedAddresses(addresses: [], listedAt: world.now.instant))) }

    // Trap 1 (APEC, KAO): a crash or a conflict between Allocate and recording the id, and the retry allocates again.

    @Test(arguments: [false, true]) func `an Allocate whose answer was lost is found again, by its name or else by its token`(isListLate: Bool) throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        var hasCrashed = false
        drive.fate = { world, effect in
            if case .listNamed = effect, isListLate { return Self.stale(world) }
            guard effect.cloudVerb == .allocate, !hasCrashed else { return .performed }
            hasCrashed = true
            return .crashedAfter
        }
        drive.settle()
        #expect(drive.check() == [] && hasCrashed)
        #expect(drive.world.allocated.map(\.id) == [drive.world.claim()?.spec.addressID] && drive.world.claim()?.status.isReady == true)
        let calls = drive.world.calls("AllocateAddresses")
        #expect(calls.count == (isListLate ? 2 : 1))
        #expect(Set(calls.map { $0.parameters["ClientToken"].string }).count == 1, "the token of one serial is one token")
    }

    @Test func `an id that could not be recorded, because somebody wrote into the claim, is recorded again and not replaced`() throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        var touches = 0
        drive.fate = { world, effect in
            if case .listNamed = effect { return Self.stale(world) }
            if case .replaceSpec(_, let spec) = effect, spec.addressID != nil, touches < 3 {
                touches += 1
                world.touchClaim()
            }
            return .performed
        }
        drive.settle()
        #expect(drive.check() == [] && touches == 3)
        #expect(drive.world.calls("AllocateAddresses").count == 1 && drive.world.claim()?.status.isReady == true)
    }

    // Trap 2 (APEC): Disassociate done, Release failed, and the next look filters on associations and finds nothing.

    @Test(arguments: [true, false]) func `an EIP that was unbound and not released is found by who owns it, and released`(isCrash: Bool) throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        drive.settle()
        drive.world.removePod()
        var failures = 0
        drive.fate = { world, effect in
            guard effect.cloudVerb == .release, failures < 2 else { return .performed }
            failures += 1
            if world.allocated.map(\.status) != [.unbind] || world.allocated.first?.networkInterfaceID != nil { world.violate("not unbound") }
            return isCrash ? .crashedBefore : .answered(.failed(CloudFault(.transient, code: "InternalError", message: "try later")))
        }
        drive.settle()
        #expect(drive.check() == [] && failures == 2)
        #expect(drive.world.allocated == [] && drive.world.claim() == nil)
    }

    // Trap 3 (kube-ovn): the finalizer is added after the side effect, so an object deleted in between takes its resource with it.

    @Test(arguments: [false, true]) func `every call to the cloud is preceded by the finalizer and by its intent`(isStripped: Bool) throws {
        var drive = try TrapDrive()
        var verbs: Set<CloudVerb> = []
        var isStripped = isStripped
        drive.fate = { world, effect in
            // Just when everything is ready for the first call, somebody takes the finalizer off.
            if isStripped, effect == .acquire(.allocate) {
                isStripped = false
                world.stripFinalizer()
            }
            guard let verb = effect.cloudVerb else { return .performed }
            verbs.insert(verb)
            let claim = world.claim()
            if claim?.hasFinalizer != true { world.violate("\(verb) without a finalizer") }
            if claim?.status.intent?.verb != verb { world.violate("\(verb) without its intent") }
            if verb != .allocate, claim?.status.intent?.addressID != claim?.spec.addressID { world.violate("\(verb) of another address") }
            return .performed
        }
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        drive.settle()
        drive.world.annotate("eip-attributes", #"{"Bandwidth":20}"#)
        drive.settle()
        drive.world.removePod()
        drive.settle()
        #expect(drive.check() == [] && verbs == Set(CloudVerb.allCases))
    }

    // Trap 10 (upjet): the throttle reply comes although the call was executed, and the retry does it again.

    @Test func `a call that was thrown back although it was executed is seen to be done, and not made again`() throws {
        var drive = try TrapDrive()
        var lied: Set<CloudVerb> = []
        drive.fate = { _, effect in
            guard let verb = effect.cloudVerb, lied.insert(verb).inserted else { return .performed }
            return .performedButAnswered(Self.throttled)
        }
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        drive.settle()
        #expect(drive.world.claim()?.status.isReady == true)
        drive.world.annotate("eip-attributes", #"{"Bandwidth":20}"#)
        drive.settle()
        drive.world.removePod()
        drive.settle()
        #expect(drive.check() == [] && lied == Set(CloudVerb.allCases) && drive.world.allocated == [])
        for action in ["AllocateAddresses", "AssociateAddress", "ModifyAddressesBandwidth", "DisassociateAddress", "ReleaseAddresses"] {
            #expect(drive.world.calls(action).count == 1, "\(action)")
        }
    }

    // Found by simulation: the documentation does not say whether an EIP comes of an order whose delivery failed.

    @Test(arguments: [false, true]) func `an EIP that comes although its delivery failed is found, whether its pod is still there or not`(stays: Bool) throws {
        var drive = try TrapDrive()
        var failures = 0
        drive.fate = { world, effect in
            guard effect.cloudVerb == .allocate, failures == 0 else { return .performed }
            failures += 1
            if !stays { world.removePod() }
            return .performedButAnswered(.failed(CloudFault(.newToken, code: "UnsupportedOperation.DeliveryFailed", message: "change ClientToken")))
        }
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        drive.settle()
        #expect(drive.check() == [] && failures == 1 && drive.world.calls("AllocateAddresses").count == 1)
        #expect(drive.world.allocated.count == (stays ? 1 : 0) && (drive.world.claim() == nil) == !stays)
    }

    // Trap 9 (APEC gives up after 3 retries, VRC after 5; a crossplane provider hammers for ever).

    @Test(arguments: CloudErrorClass.allCases) func `no refusal gives a key up, none is repeated without a pause, and what stays is said`(
        kind: CloudErrorClass
    ) throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.plain, ip: "10.0.1.5")
        drive.fate = { _, effect in effect.cloudVerb == .allocate ? .answered(.failed(CloudFault(kind, code: "Some.Code", message: "no"))) : .performed }
        for _ in 0..<12 {
            let calls = drive.effects.count { $0.cloudVerb == .allocate }
            let start = drive.world.now.instant
            switch drive.run() {
            case .again(let after, .failedAllocateEIP): #expect(after >= .seconds(1))
            case .retry(.failedAllocateEIP, _), .retry(.podNeedsEIP, _), .retry(.waitingForMirror, _): break
            case let outcome: Issue.record("\(kind): \(outcome as Any)")
            }
            let made = drive.effects.count { $0.cloudVerb == .allocate } - calls
            // A new token waits for the list each time; all else is tried a few times at most before the run ends.
            #expect(made >= 1 && (made <= 4 || drive.world.now.instant - start >= .seconds(30) * (made - 1)), "\(made) calls in one run")
            drive.world.advance(.seconds(60))
        }
        guard kind.isRefusal else { return }
        let claim = drive.world.claim()
        #expect(claim?.status.condition(.ready)?.message.contains("Some.Code") == true && claim?.status.condition(.ready)?.reason == .failedAllocateEIP)
        #expect(claim?.status.nextAttemptAt != nil, "whoever comes after this worker comes back to it")
    }
}

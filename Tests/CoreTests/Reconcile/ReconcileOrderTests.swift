import Core
import Testing

/// The order in which one run reads, writes and calls. Each is what the simulator found wrong once (docs/proof.md).
@Suite struct `One run reads, records, reads again and acts` {
    /// A run to its end, or to the first mutating call of that verb; every effect that is answered, in order.
    private static func asked(until verb: CloudVerb? = nil, _ answer: (ReconcileEffect, _ before: [ReconcileEffect]) -> ReconcileEvent) -> [ReconcileEffect] {
        var machine = Reconcile(key: Build.key, policy: Build.policy)
        var asked: [ReconcileEffect] = []
        var effects = machine.handle(.start, now: Build.now, mayAct: true)
        while !effects.isEmpty, asked.count < 100 {
            let effect = effects.removeFirst()
            switch effect {
            case .say, .took, .record, .finish: continue
            default: break
            }
            asked.append(effect)
            if let verb, effect.cloudVerb == verb { return asked }
            effects += machine.handle(answer(effect, asked.dropLast()), now: Build.now, mayAct: true)
        }
        return asked
    }

    private static func read(_ effect: ReconcileEffect, pod: Pod, claim: Claim, address: Address) -> ReconcileEvent {
        switch effect {
        case .readClaim: return .claimRead(claim)
        case .readPod: return .podRead(pod)
        case .readNode: return .nodeRead(Build.node)
        case .readNetworkInterface: return .networkInterfaceRead(Build.interface)
        case .readSurroundings: return .surroundingsRead(Surroundings(namespaceTerminating: false, ownerGone: false))
        case .observe(let id, _): return .observed(.init(id: id, reading: .present(address), at: Build.now.instant))
        case .acquire: return .granted
        case .replaceStatus(_, let status): return .claimWritten(claim.with { $0.status = status })
        case .annotatePod: return .podWritten(pod)
        default: preconditionFailure("this story does not come to \(effect)")
        }
    }

    // Seed 32: an EIP that was adopted bound was confirmed for the pod that had been read before the look.
    @Test func `an EIP that is adopted bound is reported of the pod that is read after the look`() {
        var claim: Claim?
        let asked = Self.asked { effect, before in
            let hasLooked = before.contains { if case .observe = $0 { true } else { false } }
            let pod = Build.pod { $0.uid = hasLooked ? "uid-1" : "uid-before" }
            switch effect {
            case .readClaim: return .claimRead(claim)
            case .listNamed: return .listed(NamedAddresses(addresses: claim == nil ? [] : [Build.address(.bind)], listedAt: Build.now.instant))
            case .createClaim:
                claim = Build.claim { $0.spec.addressID = nil }
                return .refused(.alreadyExists)
            case .replaceSpec(_, let spec):
                claim!.spec = spec
                return .claimWritten(claim!)
            default: return Self.read(effect, pod: pod, claim: claim ?? Build.claim(), address: Build.address(.bind))
            }
        }
        let reported = asked.compactMap { if case .replaceStatus(_, let status) = $0 { status.binding?.target.podUID } else { nil } }
        #expect(reported == ["uid-1"])
    }

    @Test func `a binding is reported of the pod that is read after the look`() throws {
        let claim = Build.claim()
        let asked = Self.asked { effect, before in
            // Until it is looked at, the pod is the one before.
            let hasLooked = before.contains { if case .observe(_, let notBefore) = $0 { notBefore == Build.now.instant } else { false } }
            let pod = Build.pod { $0.uid = hasLooked ? "uid-1" : "uid-before" }
            return Self.read(effect, pod: pod, claim: claim, address: Build.address(.bind))
        }
        let reported = asked.compactMap { if case .replaceStatus(_, let status) = $0 { status.binding?.target.podUID } else { nil } }
        #expect(reported == ["uid-1"])
    }

    // Seeds 55 and 90: a binding that had been in doubt was reported again by what was remembered of it.
    @Test func `a binding that is not reported any more is looked at before it is reported again`() {
        var claim = Build.claim {
            $0.status = Build.boundStatus()
            $0.status.set(.ready, false, .waitingForNetworkInterface, "its interface is on another instance", at: Build.now.wall)
        }
        let asked = Self.asked(until: .associate) { effect, _ in
            if case .replaceStatus(_, let status) = effect { claim.status = status }
            // What is remembered says that it is bound; a look says that it is not.
            let isLook = if case .observe(_, let notBefore) = effect { notBefore == Build.now.instant } else { false }
            return Self.read(effect, pod: Build.pod(), claim: claim, address: Build.address(isLook ? .unbind : .bind))
        }
        let reported = asked.contains { if case .replaceStatus(_, let status) = $0 { status.isReady } else { false } }
        #expect(!reported && asked.last?.cloudVerb == .associate)
    }

    // Seed 1256: it was made again and deleted again, by one run, for as long as the pod was there.
    @Test(arguments: [AddressStatus.bind, .unbind]) func `the claim of a pod that asks for no EIP any more goes once`(status: AddressStatus) {
        let own = AddressID("eip-0000own1")
        var claim: Claim? = Build.claim {
            $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own)
            if status == .bind { $0.status = Build.boundStatus() }
        }
        var isBound = status == .bind
        let asked = Self.asked { effect, _ in
            switch effect {
            case .readClaim: return .claimRead(claim)
            case .createClaim(let spec): claim = Build.claim { $0.spec = spec }
            case .replaceStatus(_, let status): claim?.status = status
            case .deleteClaim: claim?.isDeleting = true
            case .listNamed: return .listed(NamedAddresses(addresses: [], listedAt: Build.now.instant))
            case .disassociate:
                isBound = false
                return .accepted
            case .removeFinalizer:
                claim = nil
                return .claimGone
            default: break
            }
            let address = Build.address(isBound ? .bind : .unbind) {
                $0.id = own
                $0.tags = []
            }
            if let claim, effect.isMutating { return .claimWritten(claim) }
            return Self.read(effect, pod: Build.pod { $0.want = .none }, claim: claim ?? Build.claim(), address: address)
        }
        #expect(claim == nil)
        #expect(asked.count { if case .removeFinalizer = $0 { true } else { false } } <= 1)
        #expect(asked.count < 100)
    }

    // Seed 992: two claims took a user's own EIP from each other for ever, as the pod of the one had got the IP of the other's.
    @Test func `that a user's own EIP was unbound is written down while an earlier binding is waited for`() throws {
        let own = AddressID("eip-0000own1")
        var claim = Build.claim {
            $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own)
            let target = Build.boundStatus().binding?.target
            $0.status.intent = Intent(serial: 1, verb: .associate, addressID: own, target: target, at: Build.now.wall + .seconds(-10), by: "another")
            $0.isDeleting = true
        }
        var isBound = true
        let asked = Self.asked { effect, _ in
            switch effect {
            case .readPod: return .podRead(nil)
            case .replaceStatus(_, let status): claim.status = status
            case .disassociate:
                isBound = false
                return .accepted
            default: break
            }
            let address = Build.address(isBound ? .bind : .unbind) {
                $0.id = own
                $0.tags = []
            }
            return Self.read(effect, pod: Build.pod(), claim: claim, address: address)
        }
        #expect(asked.contains(.disassociate(own)))
        #expect(claim.status.intent == nil)
        #expect(claim.status.binding?.target == Build.boundStatus().binding?.target, "where it may be bound stays known")
        // Seed 27: the earlier call may be executed some seconds later than the claim says.
        #expect(try #require(claim.status.nextAttemptAt) >= Build.now.wall + .seconds(54))
        #expect(!asked.contains { if case .removeFinalizer = $0 { true } else { false } })
    }

    // Seeds 42 and 150: an order whose delivery failed had yielded an EIP, in no list yet, and the claim went with its pod.
    @Test func `a claim whose order was not delivered stays until a list has told whether an EIP came of it`() {
        var claim = Build.claim { $0.spec.addressID = nil }
        var hasFailed = false
        let asked = Self.asked { effect, _ in
            switch effect {
            case .readPod where hasFailed: return .podRead(nil)
            case .allocate:
                hasFailed = true
                return .failed(CloudFault(.newToken, code: "UnsupportedOperation.DeliveryFailed", message: "not delivered"))
            case .listNamed(let notBefore):
                return notBefore > Build.now.instant
                    ? .refused(.unavailable("this list has not come yet")) : .listed(NamedAddresses(addresses: [], listedAt: Build.now.instant))
            case .replaceStatus(_, let status): claim.status = status
            case .deleteClaim:
                claim.isDeleting = true
                return .claimWritten(claim)
            case .removeFinalizer: return .refused(.unavailable("seen below"))
            default: break
            }
            return Self.read(effect, pod: Build.pod(), claim: claim, address: Build.address(.unbind))
        }
        #expect(hasFailed)
        #expect(!asked.contains { if case .removeFinalizer = $0 { true } else { false } })
        #expect(claim.status.intent?.verb == .allocate)
    }

    // Seed 19: etcd was rolled back between the intent and the call.
    @Test func `a call is not made on an intent that the claim does not have any more`() {
        var claim = Build.claim()
        var intents = 0
        let asked = Self.asked(until: .associate) { effect, _ in
            guard case .replaceStatus(_, let status) = effect else {
                return Self.read(effect, pod: Build.pod(), claim: claim, address: Build.address(.unbind))
            }
            if status.intent != nil { intents += 1 }
            let written = claim.with { $0.status = status }
            if intents == 2 { claim = written }  // the first is undone before it is read again
            return .claimWritten(written)
        }
        #expect(intents == 2 && asked.last?.cloudVerb == .associate)
    }

    // Seed 1260: the claim alone says where a user's own EIP is bound, and was told another place on the word of an old look.
    @Test func `a user's own EIP is looked at before the claim forgets where it was bound`() {
        let own = AddressID("eip-0000own1")
        var claim = Build.claim {
            $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own)
            $0.status = Build.boundStatus()
        }
        let pod = Build.pod {
            $0.want = .list([own])
            $0.podIP = "10.0.0.6"
        }
        let asked = Self.asked(until: .disassociate) { effect, _ in
            if case .replaceStatus(_, let status) = effect { claim.status = status }
            // What is remembered says that it is bound to nothing; a look says that it still is where it was.
            let isLook = if case .observe(_, let notBefore) = effect { notBefore == Build.now.instant } else { false }
            let address = Build.address(isLook ? .bind : .unbind) {
                $0.id = own
                $0.tags = []
            }
            return Self.read(effect, pod: pod, claim: claim, address: address)
        }
        #expect(!asked.contains(.acquire(.associate)))
        #expect(asked.last == .disassociate(own))
    }

    // Seed 1131: a binding that was accepted 7 s before, by the word of a look from just after that.
    @Test func `a user's own EIP is looked at before its claim goes`() {
        let own = AddressID("eip-0000own1")
        var claim = Build.claim {
            $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own)
            $0.status = Build.boundStatus()
            $0.isDeleting = true
        }
        let asked = Self.asked(until: .disassociate) { effect, _ in
            if case .replaceStatus(_, let status) = effect { claim.status = status }
            if case .readPod = effect { return .podRead(nil) }
            let isLook = if case .observe(_, let notBefore) = effect { notBefore == Build.now.instant } else { false }
            let address = Build.address(isLook ? .bind : .unbind) {
                $0.id = own
                $0.tags = []
            }
            return Self.read(effect, pod: Build.pod(), claim: claim, address: address)
        }
        #expect(asked.last == .disassociate(own))
    }
}

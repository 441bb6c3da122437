/// A step as the effect that takes it.
extension Reconcile {
    /// The claim of a step that is planned only where there is one.
    func claim() -> Claim {
        guard let claim = facts.claim.value, let claim else { preconditionFailure("planned without a claim") }
        return claim
    }

    /// The Kubernetes write that takes the step.
    func write(_ step: Step) -> ReconcileEffect {
        switch step {
        case .createClaim(let spec): return .createClaim(spec)
        case .addFinalizer: return .addFinalizer(claim())
        case .updateSpec(let spec): return .replaceSpec(claim(), spec)
        case .writeStatus(let status): return .replaceStatus(claim(), status)
        case .deleteClaim: return .deleteClaim(claim())
        case .removeFinalizer: return .removeFinalizer(claim())
        case .annotatePod(let ip):
            guard let pod = facts.pod.value, let pod else { preconditionFailure("annotates a pod that is there") }
            return .annotatePod(uid: pod.uid, publicIP: ip)
        case .allocate, .associate, .disassociate, .release, .modifyBandwidth: preconditionFailure("goes to the cloud")
        }
    }

    /// The cloud call that takes the step.
    func call(_ step: Step) -> ReconcileEffect {
        switch step {
        case .allocate(let request): .allocate(request)
        case .associate(let id, let target): .associate(id, networkInterfaceID: target.networkInterfaceID, privateIP: target.podIP)
        case .disassociate(let id): .disassociate(id)
        case .release(let id): .release(id)
        case .modifyBandwidth(let id, let megabits): .modifyBandwidth(id, megabits: megabits)
        case .createClaim, .addFinalizer, .updateSpec, .writeStatus, .deleteClaim, .removeFinalizer, .annotatePod: preconditionFailure("goes to Kubernetes")
        }
    }

    /// The mutating cloud call that is on its way, and the address it is for, as far as that has an id.
    public var callUnderWay: (verb: CloudVerb, addressID: AddressID?)? {
        guard case .acting(let step, _, _) = state, let verb = step.cloudVerb else { return nil }
        switch step {
        case .associate(let id, _), .disassociate(let id), .release(let id), .modifyBandwidth(let id, _): return (verb, id)
        case .allocate, .createClaim, .addFinalizer, .updateSpec, .writeStatus, .deleteClaim, .removeFinalizer, .annotatePod: return (verb, nil)
        }
    }

    /// Whether its claim, as far as it was read, lists an EIP of the user's.
    var isForUserOwned: Bool { facts.claim.value.flatMap { $0 }?.spec.isUserOwned ?? false }

    /// Whether this run goes on as one whose address is not there: not every look that misses it is believed.
    func misses(_ id: AddressID) -> Bool {
        guard let observed = facts.address.value, observed.id == id, case .missing = observed.reading else { return false }
        return true
    }
}

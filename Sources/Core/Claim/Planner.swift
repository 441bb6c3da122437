/// Decides what one key needs next. Pure: facts in, one plan out; it reads no clock and does no IO.
///
/// It promises, whatever the facts say: nothing is released but an address that carries our creator tag, our cluster's tag
/// and this key's name, and is UNBIND; nothing the user owns is ever released; an address whose release is intended is never
/// bound; a static EIP is never released because its pod is absent. It does not promise that the facts are fresh: that is
/// the executor's part.
public struct Planner {
    let facts: Facts
    let now: Now
    let policy: Policy

    public static func plan(_ facts: Facts, now: Now, policy: Policy) -> Plan {
        Planner(facts: facts, now: now, policy: policy).plan()
    }

    func plan() -> Plan {
        guard let claim = facts.claim.value else { return Plan(.need(.claim), .settled) }
        guard let pod = facts.pod.value else {
            // The address is looked at first: a binding is confirmed only by a pod that was read after it.
            if let id = claim?.spec.addressID, !isObserved(id) { return Plan(.need(.address(id)), .settled) }
            return Plan(.need(.pod), .settled)
        }
        guard let claim else { return planWithoutClaim(pod) }
        if let problem = claim.problem { return report(claim, problem, .settled) }
        // What is listed is what is bound, whatever somebody wrote beside it.
        if case .listed(let id) = claim.spec.source, claim.spec.addressID != id {
            var spec = claim.spec
            spec.addressID = id
            return Plan(.step(.updateSpec(spec)), .annotationChanged)
        }
        guard let wanting = pod.flatMap(wanting) else { return planWithoutPod(claim, pod) }
        return planWithPod(claim, wanting)
    }

    /// The pod, if it is there, unfinished, and asks for an EIP or asks for nonsense.
    private func wanting(_ pod: Pod) -> Pod? {
        guard !pod.isFinished else { return nil }
        switch pod.want {
        case .none: return nil
        case .invalid, .attributes, .list: return pod
        }
    }

    /// Whether there is such a pod.
    var isAskedFor: Bool { facts.pod.value.flatMap { $0 }.flatMap(wanting) != nil }

    // MARK: no claim

    private func planWithoutClaim(_ pod: Pod?) -> Plan {
        guard let pod = pod.flatMap(wanting), !pod.isTerminating else {
            return planWithoutAnyone(pod)
        }
        switch source(for: pod) {
        case .failure(let problem):
            // What is left of an earlier claim is not left for that.
            let plan = planWithoutAnyone(pod)
            guard case .rest(.settled) = plan.next else { return plan }
            return Plan(.rest(.settled), problem.reason, notice: Notice(warning: true, reason: problem.reason, message: problem.message))
        case .success(let source):
            // An EIP that is left of its name is found by a pod that wants one allocated; one that lists its own would leave it for ever.
            if case .listed = source, let plan = nameOrphan(isWanted: false) { return plan }
            var spec = ClaimSpec(source: source, deletePolicy: pod.deletePolicy, expireAfter: pod.expireAfter)
            switch (source, facts.memory.letGo?.spec) {
            case (.listed(let id), _): spec.addressID = id
            case (.attributes, let old?) where !old.isUserOwned: spec.addressID = old.addressID  // it has not gone anywhere
            case (.attributes, _): break
            }
            return Plan(.step(.createClaim(spec)), .podNeedsEIP, notice: keptForNobody(pod))
        }
    }

    /// Nobody asks for an EIP and no claim has one; if one of this name is left at the cloud all the same (its claim was deleted under
    /// a living pod that is gone as well by now, or etcd was rolled back), it gets a claim, so that somebody names it.
    private func planWithoutAnyone(_ pod: Pod?) -> Plan {
        if var spec = facts.memory.letGo?.spec {
            // Its claim was deleted and is to come to its end, so it needs one to be torn down by.
            spec.deletePolicy = .delete
            return Plan(.step(.createClaim(spec)), .claimDeleted)
        }
        return nameOrphan(isWanted: true) ?? Plan(.rest(.settled), .settled)
    }

    /// A claim for an EIP of this name that is left at the cloud; nil when there is none.
    ///
    /// - Parameter isWanted: kept for the next pod of that name. Otherwise the pod that is there has another, and releases it.
    private func nameOrphan(isWanted: Bool) -> Plan? {
        guard let named = facts.named.value else { return Plan(.need(.named), .settled) }
        guard let left = adoptable(named.addresses) else { return nil }
        // A list may be late: that it is there is asked of the cloud itself.
        guard let observed = facts.address.value, observed.id == left.id else { return Plan(.need(.address(left.id)), .orphanedEIP) }
        guard case .present(let address) = observed.reading else { return Plan(.rest(.again(.seconds(5))), .waitingForCloud) }
        guard Naming.owns(address, facts.key), address.status != .offlining else { return nil }
        // Whether it was static nobody knows, and nothing is released because something is absent.
        let attributes = AddressAttributes(bandwidth: address.bandwidth ?? AddressAttributes().bandwidth)
        let spec = ClaimSpec(source: .attributes(attributes), deletePolicy: .retain, addressID: address.id)
        let fate = isWanted ? "it is kept for the next pod of that name; delete the claim to release it" : "it is released, as the pod lists an EIP of its own"
        return Plan(
            .step(.createClaim(spec)), .orphanedEIP,
            notice: Notice(warning: true, reason: .orphanedEIP, message: "\(address.id) carries this pod's name and had no claim: \(fate)"))
    }

    /// Where the pod's EIP shall come from. A list is indexed by the pod's ordinal; without one the first entry is taken.
    func source(for pod: Pod) -> Result<ClaimSource, SourceError> {
        switch pod.want {
        case .none: preconditionFailure("only asked for pods that want an EIP")
        case .invalid(let problem): return .failure(SourceError(problem))
        case .attributes(let attributes): return .success(.attributes(attributes))
        case .list(let ids):
            guard let ordinal = facts.key.ordinal else { return .success(.listed(ids[0])) }
            guard ordinal < ids.count else {
                return .failure(
                    SourceError(
                        Problem(
                            .ordinalBeyondList,
                            "pod \(facts.key.name) needs entry \(ordinal) (counted from 0) of eip-id-list, which has \(ids.count): "
                                + "add EIP ids to the list, or scale down to \(ids.count) replicas")))
            }
            return .success(.listed(ids[ordinal]))
        }
    }

    struct SourceError: Error {
        let problem: Problem
        var reason: Reason { problem.reason }
        var message: String { problem.message }
        init(_ problem: Problem) { self.problem = problem }
    }

    // MARK: with a claim

    private func planWithPod(_ claim: Claim, _ pod: Pod) -> Plan {
        if claim.isDeleting { return planDeletedClaim(claim, pod) }
        guard claim.hasFinalizer else { return Plan(.step(.addFinalizer), .podNeedsEIP) }
        return serve(claim, pod)
    }

    /// A claim deleted under a living pod. If the pod stays, the claim goes and comes back with the same EIP; if not, the
    /// EIP is released after the pod.
    private func planDeletedClaim(_ claim: Claim, _ pod: Pod) -> Plan {
        if pod.isTerminating { return waitForPodEnd(claim, pod) }
        guard let surroundings = facts.surroundings.value else { return Plan(.need(.surroundings(pod.owner)), .claimDeleted) }
        if surroundings.namespaceTerminating || surroundings.ownerGone { return waitForPodEnd(claim, pod) }
        let wanted: ClaimSource
        switch source(for: pod) {
        // None would come after it that this pod can ask for.
        case .failure(let error): return keep(claim, pod) ?? report(claim, error.problem, .settled)
        case .success(let source): wanted = source
        }
        if intends(.release, claim) { return tearDown(claim, .claimDeleted) }
        if claim.spec.addressID == nil, intends(.allocate, claim) { return serve(claim, pod) }
        // What was allocated for it is written down before it goes.
        if let allocated = facts.memory.allocated, allocated.claimUID == claim.uid { return record(claim, allocated.addressID, .allocatedEIP) }
        // What the pod does not ask for any more the next claim would neither name nor unbind.
        if !goesOn(claim, wanted) { return tearDown(claim, .annotationChanged) }
        if let id = claim.spec.addressID, let wait = untilListed(claim, id) { return wait }
        return Plan(.step(.removeFinalizer), .claimDeleted)
    }

    /// Whether there is a pod whose next claim has the same EIP.
    func comesBack(_ claim: Claim) -> Bool {
        guard let pod = facts.pod.value.flatMap({ $0 }).flatMap(wanting), case .success(let wanted) = source(for: pod) else { return false }
        return goesOn(claim, wanted)
    }

    /// Whether the claim that comes next has the same EIP.
    private func goesOn(_ claim: Claim, _ wanted: ClaimSource) -> Bool {
        switch wanted {
        case .attributes: !claim.spec.isUserOwned
        case .listed(let id): claim.spec.isUserOwned && claim.spec.addressID == id
        }
    }

    /// The claim that comes after it finds its EIP by name, so that has to be in every list by then. Nil when it is, or is lost.
    private func untilListed(_ claim: Claim, _ id: AddressID) -> Plan? {
        if claim.spec.isUserOwned {
            // It has no name to be found by: what may still be bound has to be known to this claim.
            return quiet(claim)
        }
        guard let observed = facts.address.value, observed.id == id else { return Plan(.need(.address(id)), .claimDeleted) }
        switch observed.reading {
        case .missing(let confirmed):
            if confirmed || facts.memory.released == id { return addressOfTheName(claim) }
            return Plan(.rest(.again(.seconds(1))), .waitingForCloud)
        case .present(let address):
            if foreign(address, claim) != nil { return addressOfTheName(claim) }
            guard let createdAt = address.createdAt else { return nil }
            // The cloud's clock may be ahead of the API server's, but a time far from now is none to wait for.
            let wait = createdAt + policy.listingLag - now.wall
            return wait > .zero && wait <= policy.listingLag * 2 ? Plan(.rest(.again(wait)), .waitingForMirror) : nil
        }
    }

    private func waitForPodEnd(_ claim: Claim, _ pod: Pod) -> Plan { keep(claim, pod) ?? Plan(.rest(.settled), .waitingForPodEnd) }

    private func planWithoutPod(_ claim: Claim, _ pod: Pod?) -> Plan {
        if claim.isDeleting { return tearDown(claim, .claimDeleted) }
        guard claim.hasFinalizer else { return Plan(.step(.addFinalizer), .podGone) }
        switch claim.spec.deletePolicy {
        case .delete: return tearDown(claim, .podGone)
        case .retain: return retain(claim, pod)
        }
    }

    // MARK: what intents say

    /// Whether that call is recorded and its outcome is not known to this run: it may have been sent, may be on its way, may
    /// come again from a worker that was paused.
    func intends(_ verb: CloudVerb, _ claim: Claim) -> Bool {
        guard let intent = claim.status.intent, intent.verb == verb else { return false }
        switch verb {
        // a release once intended is finished, never cancelled, whoever intended it
        case .release: return intent.addressID == claim.spec.addressID
        case .allocate: return intent.serial == claim.spec.serial && intent != facts.memory.resolved
        case .associate, .disassociate, .modifyBandwidth: return intent != facts.memory.resolved
        }
    }

    /// Until when a recorded call of unknown outcome may still be executed by the cloud.
    func mayExecuteUntil(_ claim: Claim) -> Timestamp? {
        guard let intent = claim.status.intent, intent != facts.memory.resolved else { return nil }
        let end = policy.isOver(intent)
        return end > now.wall ? end : nil
    }

    func isObserved(_ id: AddressID) -> Bool { facts.address.value?.id == id }
}

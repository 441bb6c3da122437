/// Saying what is wrong, in the claim and as an Event, once.
extension Planner {
    /// Writes the problem into the claim if it does not stand there; then rests.
    func report(_ claim: Claim, _ problem: Problem, _ rest: Rest) -> Plan {
        var known = claim
        if case .present(let address)? = facts.address.value?.reading, address.id == claim.spec.addressID { forgetBinding(&known.status, of: claim, address) }
        let holds = isBindingTrue(known)
        var status = Planner.failed(known, problem, holds: holds, memory: facts.memory, nextAttemptAt: nextAttempt(claim, rest), now: now)
        // The time without a pod begins when this one is gone.
        if isAskedFor { (status.retainedSince, status.expiresAt) = (nil, nil) }
        if status != claim.status {
            return Plan(.step(.writeStatus(status)), problem.reason, notice: Notice(warning: true, reason: problem.reason, message: problem.message))
        }
        return Plan(.rest(rest), problem.reason)
    }

    /// Whether what the claim says of its binding is so, as far as that was read.
    private func isBindingTrue(_ claim: Claim) -> Bool {
        guard let target = claim.status.binding?.target else { return false }
        if case .some(let pod) = facts.pod.value, pod?.uid != target.podUID { return false }
        guard let observed = facts.address.value, observed.id == claim.spec.addressID else { return true }
        guard case .present(let address) = observed.reading else { return false }
        return address.isBound(to: target)
    }

    /// An address in a state of which nothing is known may be bound, or about to be: it is left alone until the state is another.
    func reportUnknown(_ claim: Claim, _ address: Address, _ word: String) -> Plan {
        let problem = Problem(
            .eipNotUsable,
            "\(address.id) is in the state \(word), which this version does not know, so it is neither bound, unbound nor released: "
                + "if that lasts, run a newer version, or change the EIP by hand")
        return report(claim, problem, .again(.seconds(60)))
    }

    /// What a static pod is told whose name no other pod will have: TKE keeps its EIP unused and unreclaimed, without a word.
    func keptForNobody(_ pod: Pod) -> Notice? {
        guard pod.deletePolicy == .retain, let owner = pod.owner, owner.renamesPods else { return nil }
        return Notice(
            warning: true, reason: .eipNotReusable,
            message: "eip-claim-delete-policy Never keeps EIPClaim and EIP for the next pod called \(pod.name), but no pod of \(owner.kind) \(owner.name) "
                + "gets that name again, so they will stay unused: use a StatefulSet, or remove the annotation")
    }

    /// When the reaper shall ask again, should this worker be gone by then: the worker itself comes back
    /// sooner, and lets go of the log's offset after about this time.
    func nextAttempt(_ claim: Claim, _ rest: Rest) -> Timestamp? {
        if let after = comeBack(claim) { return after }  // also what is planned already: it does not move while it is ahead
        guard case .again(let pause) = rest else { return nil }
        return (now.wall + max(pause, Self.rememberedAfter)).wholeSeconds
    }
    static let rememberedAfter = Duration.seconds(60)

    /// The claim's status with the problem in it; also used by the executor for what the cloud refused.
    /// - Parameter holds: what the claim says of its binding is so.
    static func failed(_ claim: Claim, _ problem: Problem, holds: Bool = true, memory: Memory, nextAttemptAt: Timestamp?, now: Now) -> ClaimStatus {
        var status = claim.status
        // A claim that is bound stays bound whatever is wrong with what it asks for now; unless it is the binding that is wrong.
        let isBound = status.binding != nil && holds && ![.eipInUse, .eipNotFound, .eipLost].contains(problem.reason)
        if !isBound { status.phase = .failed }
        // That of a binding stays: it says where the EIP may be bound.
        if let resolved = memory.resolved, status.intent == resolved, resolved.target == nil { status.intent = nil }
        status.nextAttemptAt = nextAttemptAt
        status.observedGeneration = claim.generation
        status.set(.ready, isBound && status.isReady, problem.reason, problem.message, at: now.wall)
        return status
    }
}

extension ClaimStatus {
    public func condition(_ kind: Condition.Kind) -> Condition? { conditions.first { $0.kind == kind } }
    public var isReady: Bool { condition(.ready)?.status ?? false }

    /// Sets one condition; its transition time moves only with its status, as Kubernetes has it.
    public mutating func set(_ kind: Condition.Kind, _ status: Bool, _ reason: Reason, _ message: String, at wall: Timestamp) {
        var changed = Condition(kind: kind, status: status, reason: reason, message: message, lastTransitionTime: wall.wholeSeconds)
        guard let index = conditions.firstIndex(where: { $0.kind == kind }) else {
            conditions.append(changed)
            return
        }
        if conditions[index].status == status { changed.lastTransitionTime = conditions[index].lastTransitionTime }
        conditions[index] = changed
    }
}

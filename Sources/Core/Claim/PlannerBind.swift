/// From an address to a confirmed binding.
extension Planner {
    func bind(_ claim: Claim, _ pod: Pod, _ address: Address) -> Plan {
        switch address.status {
        case .creating, .binding, .unbinding, .offlining: return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud)
        case .unbind: return associate(claim, pod, address)
        case .bind, .bindENI: return bound(claim, pod, address)
        case .unknown(let word): return reportUnknown(claim, address, word)
        }
    }

    private enum Resolved {
        case target(Target)
        case plan(Plan)
    }

    /// A pod is its UID *and* its private IP *and* its ENI *and* its node's instance; all four are known, or it waits.
    private func resolve(_ claim: Claim, _ pod: Pod, _ address: Address) -> Resolved {
        guard let podIP = pod.podIP, let nodeName = pod.nodeName else { return .plan(waiting(claim, address, .waitingForPodIP, .settled)) }
        guard let node = facts.node.value else { return .plan(Plan(.need(.node(name: nodeName)), .podNeedsEIP)) }
        guard let node, node.name == nodeName, let instanceID = node.instanceID else {
            return .plan(waiting(claim, address, .waitingForNode, .again(.seconds(5))))
        }
        guard let interface = facts.networkInterface.value else { return .plan(Plan(.need(.networkInterface(podIP: podIP)), .podNeedsEIP)) }
        guard let interface, interface.instanceID == instanceID else {
            return .plan(waiting(claim, address, .waitingForNetworkInterface, .again(.seconds(2))))
        }
        return .target(
            Target(podUID: pod.uid, podIP: podIP, networkInterfaceID: interface.id, instanceID: instanceID, nodeName: nodeName))
    }

    private func associate(_ claim: Claim, _ pod: Pod, _ address: Address) -> Plan {
        if pod.isTerminating { return Plan(.rest(.settled), .waitingForPodEnd) }
        if mayBeBound(claim, address) { return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud) }
        switch resolve(claim, pod, address) {
        case .plan(let plan): return plan
        case .target(let target):
            if let other = facts.networkInterface.value??.addressID, other != address.id {
                // Mostly the EIP of the pod that had this private IP before; its own key unbinds it.
                return waiting(claim, address, .waitingForCloud, .again(.seconds(2)))
            }
            return Plan(.step(.associate(address.id, target)), .podNeedsEIP)
        }
    }

    private func bound(_ claim: Claim, _ pod: Pod, _ address: Address) -> Plan {
        guard let podIP = pod.podIP, address.privateIP == podIP else { return boundElsewhere(claim, address) }
        if mayBeUnbound(claim, address) { return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud) }
        // Confirmed before, and nothing has moved since: node and interface need not be asked again.
        if let known = claim.status.binding?.target, known.podUID == pod.uid, known.nodeName == pod.nodeName, known.podIP == podIP, address.isBound(to: known) {
            return confirm(claim, pod, address, known)
        }
        switch resolve(claim, pod, address) {
        case .plan(let plan): return plan
        case .target(let target):
            guard address.networkInterfaceID == target.networkInterfaceID else { return boundElsewhere(claim, address) }
            // an interface that is just being attached, as the cloud sees it
            guard address.isBound(to: target) else { return waiting(claim, address, .waitingForNetworkInterface, .again(.seconds(2))) }
            return confirm(claim, pod, address, target)
        }
    }

    /// Bound to something that is not this pod: a pod before it, or what somebody did at the console.
    private func boundElsewhere(_ claim: Claim, _ address: Address) -> Plan {
        if claim.spec.isUserOwned, !wasOurBinding(claim, address) {
            let problem = Problem(
                .eipInUse,
                "\(address.id) of eip-id-list is bound to \(address.privateIP ?? address.instanceID ?? "something else") by somebody else: "
                    + "unbind it, or list another EIP")
            return report(claim, problem, .again(.seconds(30)))
        }
        return unbind(claim, address, .staleBinding)
    }

    /// Whether it was bound just now, or may have been, and what was read may be older than that. Where a user's own is bound only
    /// the claim tells, so a call of another run counts as well, for as long as its reads and a late look may have taken.
    func mayBeBound(_ claim: Claim, _ address: Address) -> Bool {
        if isOlder(than: facts.memory.acceptedAt) { return true }
        guard claim.spec.isUserOwned, let intent = claim.status.intent, intent.verb == .associate, intent != facts.memory.resolved else { return false }
        return now.wall < intent.at + policy.describeLag * 6
    }

    /// Whether it was unbound just now, or may have been by another run: a pod that came back to the same IP is not reported as bound
    /// by what a late look shows.
    private func mayBeUnbound(_ claim: Claim, _ address: Address) -> Bool {
        if hasJustUnbound { return true }
        guard let intent = claim.status.intent, intent.verb == .disassociate, intent != facts.memory.resolved else { return false }
        return now.wall < intent.at + policy.describeLag * 6
    }

    /// Whether this run has unbound it so lately that what is read may be older.
    var hasJustUnbound: Bool { isOlder(than: facts.memory.unboundAt) }

    /// Whether the address was looked at so soon after an answer that what was seen may be from before it; however long ago that is.
    private func isOlder(than answeredAt: Instant?) -> Bool {
        guard let answeredAt else { return false }
        return (facts.address.value?.at ?? now.instant) - answeredAt < policy.describeLag
    }

    /// Whether the claim says that this controller bound, or meant to bind, the address where it is.
    func wasOurBinding(_ claim: Claim, _ address: Address) -> Bool {
        targets(claim).contains { $0.podIP == address.privateIP && $0.networkInterfaceID == address.networkInterfaceID }
    }

    /// Whether the claim says that this controller bound, or meant to bind, its address somewhere.
    func isBoundByUs(_ claim: Claim) -> Bool { !targets(claim).isEmpty }

    private func targets(_ claim: Claim) -> [Target] {
        [claim.status.binding?.target, claim.status.intent?.target, facts.memory.letGo?.target].compactMap { $0 }
    }

    private func confirm(_ claim: Claim, _ pod: Pod, _ address: Address, _ target: Target) -> Plan {
        var status = claim.status
        if status.binding?.target != target { status.binding = Binding(target: target, boundAt: now.wall.wholeSeconds) }
        status.phase = .bound
        status.publicIP = address.ip
        status.intent = nil
        status.retainedSince = nil
        status.expiresAt = nil
        status.nextAttemptAt = comeBack(claim)
        status.observedGeneration = claim.generation
        let remark = keptForNobody(pod) == nil ? "" : "; eip-claim-delete-policy Never keeps it for the next pod of this name, but there will be none"
        status.set(.ready, true, .associatedEIP, "\(address.id) (\(address.ip)) is bound to \(target.podIP)\(remark)", at: now.wall)
        if status != claim.status {
            let news = claim.status.binding?.target != target
            return Plan(
                .step(.writeStatus(status)), .associatedEIP,
                notice: news
                    ? Notice(warning: false, reason: .associatedEIP, message: "bound EIP \(address.ip) (\(address.id)) to \(target.podIP)") : nil)
        }
        if pod.publicIPAnnotation != address.ip { return Plan(.step(.annotatePod(publicIP: address.ip)), .associatedEIP) }
        if let after = claim.status.nextAttemptAt { return Plan(.rest(.again(after - now.wall)), .waitingForRequestLife) }
        return Plan(.rest(.settled), .associatedEIP)
    }

    /// Where it is bound stays known until it is unbound.
    func forgetBinding(_ status: inout ClaimStatus, of claim: Claim, _ address: Address) {
        guard address.status == .unbind else { return }
        let isOver = status.intent == facts.memory.resolved || status.intent?.verb != .release && mayExecuteUntil(claim) == nil
        if isOver, !mayBeBound(claim, address) { status.intent = nil }
        if status.intent == nil { status.binding = nil }
    }

    /// When another worker's call, recorded and of unknown outcome, can no longer be executed: time to read once more.
    func comeBack(_ claim: Claim) -> Timestamp? {
        let pending = claim.status.nextAttemptAt.flatMap { $0 > now.wall ? $0 : nil }
        guard let end = mayExecuteUntil(claim) else { return pending }
        let after = end.wholeSeconds + .seconds(1)
        return max(after, pending ?? after)
    }

    /// Has an EIP, waits for something on the pod's side; said in the claim once.
    func waiting(_ claim: Claim, _ address: Address, _ reason: Reason, _ rest: Rest) -> Plan {
        var status = claim.status
        status.phase = .allocated
        status.publicIP = address.ip
        status.retainedSince = nil
        status.expiresAt = nil
        forgetBinding(&status, of: claim, address)
        status.nextAttemptAt = nextAttempt(claim, rest)
        status.observedGeneration = claim.generation
        status.set(.ready, false, reason, "\(address.id) waits: \(reason.rawValue)", at: now.wall)
        if status != claim.status { return Plan(.step(.writeStatus(status)), reason) }
        return Plan(.rest(rest), reason)
    }
}

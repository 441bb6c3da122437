internal import Core
internal import Models

/// Whether everything is as the people of this cluster asked for: liveness.
extension Cluster {
    /// What is not; nil when all is, or when the cluster stays unreachable.
    func disagreement() -> String? {
        guard !link.isDown else { return nil }
        for pod in sortedPods {
            if let words = disagreement(pod) { return "\(label(key(pod.namespace, pod.name))): \(words)" }
        }
        for claim in sortedClaims {
            if let words = disagreement(claim) { return "\(label(key(claim.namespace, claim.name))): \(words)" }
        }
        for address in account.cloud.model.addresses {
            if isOrphan(address) { return "\(address.id) is named by no claim" }
            if let words = disagreement(address) { return words }
        }
        return nil
    }

    /// What was allocated for this cluster is named by a claim in the end, whatever happened to claims and pods.
    private func isOrphan(_ address: Address) -> Bool {
        guard let key = sim.checks.allocated[address.id], key.cluster == uid, address.status != .offlining else { return false }
        return !sim.checks.mayBeForgotten(key) && !claims.values.contains { $0.spec.addressID == address.id }
    }

    private func disagreement(_ pod: Pod) -> String? {
        if pod.isTerminating { return "its pod is still being deleted" }
        guard !pod.hasEnded else { return nil }
        guard let running = kubelet.running[pod.uid], pod.podIP == running.ip else { return "its pod does not run" }
        let key = key(pod.namespace, pod.name)
        switch pod.want {
        case .none: return nil
        case .invalid: return disagreement(nonsense: pod, key)
        case .attributes, .list: break
        }
        guard let claim = claims[key] else { return "no claim" }
        if claim.isDeleting { return "its claim is still being deleted" }
        if !claim.hasFinalizer { return "its claim has no finalizer" }
        if isTaken(key, claim) { return nil }
        if isLost(claim) || isForgotten(claim) { return nil }
        // Before that, what it names has to be there: an EIP of its own that it does not name is found once what it names is lost.
        if isBlocked(running.ip), claim.spec.addressID.map({ account.cloud.address($0) != nil }) ?? true { return nil }
        guard let target = claim.status.binding?.target, claim.status.isReady else {
            return "not bound: \(claim.status.phase.rawValue), \(claim.status.conditions.first?.reason.rawValue ?? "")"
        }
        guard target.podUID == pod.uid, target.podIP == pod.podIP else { return "bound to another pod: \(target.podUID)" }
        guard let id = claim.spec.addressID, let address = account.cloud.address(id) else { return "its EIP does not exist" }
        guard address.isBound(to: target) else { return "\(id) is \(address.status.rawValue) at \(address.privateIP ?? "nothing")" }
        if claim.status.intent != nil { return "its claim has an intent" }
        if claim.status.publicIP != address.ip { return "its claim says \(claim.status.publicIP ?? "no IP")" }
        if pod.publicIPAnnotation != address.ip { return "its pod says \(pod.publicIPAnnotation ?? "no IP")" }
        switch pod.want {
        case .attributes(let wanted):
            if claim.spec.isUserOwned { return "its claim lists an EIP" }
            if address.bandwidth != wanted.bandwidth { return "\(id) has \(address.bandwidth ?? 0) Mbps, \(wanted.bandwidth) are asked for" }
        case .list(let ids): if ids.last != id { return "it has \(id), which is not listed" }
        case .none, .invalid: break
        }
        if claim.spec.deletePolicy != pod.deletePolicy { return "its claim's policy is \(claim.spec.deletePolicy.rawValue)" }
        return nil
    }

    /// A pod that asks for nonsense has what it has, and no claim says more.
    private func disagreement(nonsense pod: Pod, _ key: Key) -> String? {
        let left = account.cloud.model.addresses.first {
            sim.checks.allocated[$0.id] == key && $0.status != .offlining && claims[key]?.spec.addressID != $0.id
        }
        if let left, !sim.checks.mayBeForgotten(key) { return "\(left.id) is named by no claim, and its pod asks for nonsense" }
        guard let claim = claims[key] else { return nil }
        let address = claim.spec.addressID.flatMap(account.cloud.address)
        if claim.status.binding != nil, address?.status == .unbind { return "asks for nonsense, and its claim has a binding that was undone" }
        guard claim.status.isReady else { return nil }
        guard let target = claim.status.binding?.target, target.podUID == pod.uid else { return "asks for nonsense, and its claim is ready for another pod" }
        return address?.isBound(to: target) ?? false ? nil : "asks for nonsense, and its claim is ready and not bound"
    }

    private func disagreement(_ claim: Claim) -> String? {
        let key = key(claim.namespace, claim.name)
        if let pod = pods[key], !pod.hasEnded, pod.want != .none { return nil }
        if claim.isDeleting { return "its claim is still being deleted" }
        guard claim.spec.deletePolicy == .retain else { return "its claim is still there, and no pod" }
        if !claim.hasFinalizer { return "its claim has no finalizer" }
        if isLost(claim) { return nil }
        guard claim.status.phase == .retained else { return "static and without a pod, its claim is \(claim.status.phase.rawValue)" }
        guard let id = claim.spec.addressID, let address = account.cloud.address(id) else { return "retained without an EIP" }
        if claim.status.intent != nil { return "retained, and its claim has an intent" }
        return address.status == .unbind ? nil : "retained, and \(id) is \(address.status.rawValue)"
    }

    /// Released by hand, and not replaced: said in the claim, and left to people.
    private func isLost(_ claim: Claim) -> Bool {
        let isAskedFor = pods[key(claim.namespace, claim.name)].map { !$0.hasEnded && $0.want != .none } ?? false
        guard !(sim.draw.replacesLostStatic && isAskedFor), claim.spec.deletePolicy == .retain else { return false }
        return claim.status.conditions.contains { $0.reason == .eipLost }
    }

    /// A user's own EIP that another pod lists as well, and has: here, or in a cluster that stays unreachable. The claim says so.
    private func isTaken(_ key: Key, _ claim: Claim) -> Bool {
        guard claim.spec.isUserOwned, let id = claim.spec.addressID, let ip = account.cloud.address(id)?.privateIP else { return false }
        let isElsewhere = account.clusters.contains { cluster in
            guard let machine = cluster.kubelet.machines.first(where: { $0.interfaceID == account.cloud.address(id)?.networkInterfaceID }), machine.isThere
            else {
                return false
            }
            if cluster.link.isDown { return cluster.uid != uid }
            guard let holder = cluster.kubelet.holders[ip].flatMap({ cluster.kubelet.running[$0]?.key }), holder != key else { return false }
            return cluster.claims[holder]?.spec.addressID == id
        }
        return isElsewhere && claim.status.conditions.contains { $0.reason == .eipInUse }
    }

    /// A user's own EIP that is bound where no claim remembers to have bound it: the claim says so, and people unbind it.
    private func isForgotten(_ claim: Claim) -> Bool {
        guard let id = claim.spec.addressID else { return false }
        // a rollback may have taken the claim of another cluster's pod that lists it as well
        let isUndone = sim.checks.undone[key(claim.namespace, claim.name)] != nil || sim.checks.undoneIDs.contains(id)
        guard isUndone || sim.checks.forgottenBindings.contains(id) else { return false }
        return claim.status.conditions.contains { $0.reason == .eipInUse }
    }

    /// Such an EIP sits on the pod's private IP.
    private func isBlocked(_ ip: String) -> Bool { account.cloud.model.addresses.contains { $0.privateIP == ip && isStranded($0) } }

    /// A user's own, bound by a claim that was deleted or rolled back, or an orphan: nobody knows, and it is left to people.
    private func isStranded(_ address: Address) -> Bool {
        let checks = sim.checks!
        let isLeft = checks.unclaimed.contains(address.id) || checks.allocated[address.id].map { checks.undone[$0] != nil } ?? false
        if isLeft, !account.clusters.contains(where: { $0.claims.values.contains { $0.spec.addressID == address.id } }) { return true }
        return checks.forgottenBindings.contains(address.id) || checks.undoneIDs.contains(address.id) && account.cloud.model.isUserOwned(address.id)
    }

    private func disagreement(_ address: Address) -> String? {
        if address.status.isTransient { return "\(address.id) is \(address.status.rawValue)" }
        guard address.status.isBound, let ip = address.privateIP, let machine = kubelet.machines.first(where: { $0.interfaceID == address.networkInterfaceID }),
            machine.isThere
        else { return nil }
        if isStranded(address) { return nil }
        // Bound on one of this cluster's nodes: the pod there is the one whose claim has it.
        guard let uid = kubelet.holders[ip], let running = kubelet.running[uid] else { return "\(address.id) is still bound to \(ip), which is nobody's" }
        guard claims[running.key]?.spec.addressID == address.id else { return "\(address.id) is bound to \(ip), which is another pod's: \(running.key.name)" }
        return nil
    }
}

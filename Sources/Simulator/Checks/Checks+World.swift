internal import Core
internal import Models

/// What the servers hold.
extension Checks {
    /// A call of a replica was executed and accepted.
    func executed(_ effect: ReconcileEffect, _ key: Key, from replica: Replica, _ event: ReconcileEvent, _ cloud: Cloud) {
        let claim = replica.account.cluster(key.cluster)?.claims[key]
        switch (effect, event) {
        case (.allocate(let request), .allocated(let id)):
            counts.allocations += 1
            sim.note { "cloud: \(id) is allocated for \(replica.label(key))" }
            allocated[id] = key
            if let before = serials.updateValue(id, forKey: request.clientToken), before != id, !isUndone(key), cloud.address(before) != nil {
                fail("promise 1", "\(key.name): one serial yielded \(before) and \(id)")
            }
            checkNamed(id, request, key, claim, replica, cloud)
            checkAlone(id, key, cloud)
        case (.associate(let id, _, _), _):
            unboundAt[id] = nil
            // Its claim was robbed of its finalizer meanwhile, and the next one does not name it.
            if cloud.model.isUserOwned(id), wasJustStripped(key), claim?.spec.addressID != id { forgottenBindings.insert(id) }
        case (.disassociate(let id), _): unboundAt[id] = now
        case (.release(let id), _):
            counts.releases += 1
            if cloud.model.isUserOwned(id) { fail("promise 3", "\(key.name): released \(id), which the user owns") }
            checkRelease(id, key, claim)
        case (.modifyBandwidth(let id, _), _):
            if cloud.model.isUserOwned(id) { fail("promise 3", "\(key.name): changed \(id), which the user owns") }
        default: break
        }
    }

    /// An Allocate was refused; what came of it nevertheless is the key's.
    func failed(_ request: AllocateRequest, _ key: Key, _ cloud: Cloud) {
        for address in cloud.model.addresses where address.name == request.name && Naming.owns(address, key) && allocated[address.id] == nil {
            sim.note { "cloud: \(address.id) is allocated for \(key.name), and refused" }
            allocated[address.id] = key
        }
    }

    /// An address that comes into being has a claim that knows of it: by its id, or by the recorded call.
    private func checkNamed(_ id: AddressID, _ request: AllocateRequest, _ key: Key, _ claim: Claim?, _ replica: Replica, _ cloud: Cloud) {
        guard !isUndone(key), cloud.address(id) != nil else { return }
        guard let claim else {
            if isServed(key, replica.account) || wasJustStripped(key) {
                unclaimed.insert(id)
            } else {
                fail("promise 1", "\(key.name): \(id) allocated, and there is no claim")
            }
            return
        }
        // The claim for which it was sent was robbed of its finalizer, and another has come.
        if wasJustStripped(key), request.clientToken != Naming.clientToken(key, claimUID: claim.uid, serial: claim.spec.serial) {
            unclaimed.insert(id)
            return
        }
        if let named = claim.spec.addressID, named != id, allocated[named] == key, cloud.address(named) != nil {
            fail("promise 1", "\(key.name): \(id) allocated, and the claim has \(named)")
        }
        if claim.spec.addressID == nil, claim.status.intent?.verb != .allocate {
            if claim.isDeleting || !isServed(key, replica.account) { fail("promise 1", "\(key.name): \(id) allocated without a recorded intent") }
        }
    }

    /// None is allocated while there is one that was left to be found by its name.
    private func checkAlone(_ id: AddressID, _ key: Key, _ cloud: Cloud) {
        guard !isUndone(key), stripped[key] == nil else { return }
        let left = unclaimed.first { $0 != id && allocated[$0] == key && cloud.address($0).map { $0.status != .offlining } ?? false }
        if let left { fail("promise 1", "\(key.name): \(id) allocated beside \(left), which was left for this name") }
    }

    /// Whether a living pod asks for an EIP under that name: then the address will be found by its name.
    private func isServed(_ key: Key, _ account: Account) -> Bool {
        guard let pod = account.cluster(key.cluster)?.pods[key], !pod.hasEnded else { return false }
        if case .attributes = pod.want { return true }
        return false
    }

    func claimChanged(_ cluster: Cluster, _ key: Key, _ before: Claim?, _ after: Claim?) {
        guard let after else { return claimRemoved(cluster, key, before) }
        if let before, before.uid == after.uid {
            checkGenerations(key, before, after)
            if before.isDeleting != after.isDeleting { mayHaveChanged.insert(key) }
            if before.spec.deletePolicy != after.spec.deletePolicy {
                // a release that was recorded before is finished
                if after.spec.deletePolicy != .retain || after.status.intent?.verb == .release {
                    mayHaveChanged.insert(key)
                } else if !after.isDeleting {
                    mayHaveChanged.remove(key)
                }
            }
            checkKept(cluster, key, before, after)
            if before.spec.addressID != after.spec.addressID { checkLetGo(cluster, key, before, isExcused: isEdited) }
            checkReleased(key, before, after)
            if before.status.phase != .retained, after.status.phase == .retained {
                retainedAt[key] = arriving.flatMap { $0.key == key ? $0.decidedAt : nil } ?? now
            }
        }
        switch after.status.phase {
        case .binding, .bound, .unbinding: servedAt[key] = now
        case .pending, .allocating, .allocated, .retained, .releasing, .failed: break
        }
        if let id = after.spec.addressID {
            // each of ours is named by one claim at any time: that of the name it was allocated for
            if before?.spec.addressID != id, !isEdited, let owner = allocated[id], owner != key {
                fail("promise 1", "\(key.name): its claim comes to name \(id), which was allocated for \(owner.name)")
            }
            // not by another's claim, into which somebody wrote it
            if allocated[id].map({ $0 == key }) ?? true {
                unclaimed.remove(id)
                unnamedIDs.remove(id)
            }
            let targets = [after.status.binding?.target, after.status.intent?.target].compactMap { $0?.podIP }
            if let ip = cluster.account.cloud.address(id)?.privateIP, targets.contains(ip) { forgottenBindings.remove(id) }
        }
        if !after.hasFinalizer, !after.isDeleting, before?.hasFinalizer ?? true, !isEdited { fail("finalizer", "\(key.name): a claim without the finalizer") }
    }

    /// What counts up never goes back.
    private func checkGenerations(_ key: Key, _ before: Claim, _ after: Claim) {
        if after.spec.serial < before.spec.serial { fail("serial", "\(key.name): serial \(before.spec.serial) became \(after.spec.serial)") }
        let (old, new) = (before.status.observedGeneration, after.status.observedGeneration)
        if new < old || new > after.generation { fail("serial", "\(key.name): observed generation \(old) became \(new), of \(after.generation)") }
    }

    /// The finalizer leaves only when no address of the claim is left, or a living pod will find it by its name.
    private func claimRemoved(_ cluster: Cluster, _ key: Key, _ before: Claim?) {
        mayHaveChanged.remove(key)
        let isByHand = isEdited || !(before?.hasFinalizer ?? true)
        if isByHand { stripped[key] = now }
        let left = allocated.filter { $0.value == key }.keys.sorted().filter { id in
            cluster.account.cloud.address(id).map { $0.status != .offlining } ?? false
        }
        let remover = remover(key)
        let comesBack = isServed(key, cluster.account) || remover.map(hasReadAlive) ?? false
        if let before {
            // the next claim of a living pod that lists it will say where it is
            let isKnown = before.spec.addressID.map { id in remover.map { hasReadAlive($0) && lists($0, id) } ?? false } ?? false
            checkLetGo(cluster, key, before, isExcused: isByHand || isKnown)
        }
        if let before, before.spec.isUserOwned, let id = before.spec.addressID, !isByHand, !isUndone(key), !wasJustStripped(key),
            mayBeBound(id, for: key)
        {
            fail("promise 2", "\(key.name): the claim is gone, and \(id) may still be bound for it")
        }
        guard !left.isEmpty, !isUndone(key) else { return }
        if isByHand || comesBack && !(remover?.isEnding ?? false) {
            unclaimed.formUnion(left)
            if let side = arriving?.side, let remover { letsGo(key, side, remover) }
        } else {
            for id in left where !unclaimed.contains(id) && !unnamedIDs.contains(id) { fail("promise 1", "\(key.name): the claim is gone, and \(id) is left") }
        }
    }

    /// A user's own EIP is not left bound where the claim has bound it that names it no more.
    private func checkLetGo(_ cluster: Cluster, _ key: Key, _ before: Claim, isExcused: Bool) {
        guard before.spec.isUserOwned, let id = before.spec.addressID, let address = cluster.account.cloud.address(id), address.privateIP != nil else { return }
        if isExcused || isUndone(key) || isElsewhere(address, before, cluster) {
            forgottenBindings.insert(id)
        } else {
            fail("promise 2", "\(key.name): its claim names \(id) no more, and leaves it bound to \(address.privateIP ?? "nothing")")
        }
    }

    /// Whether a user's own EIP is where another claim, or somebody else, has bound it.
    private func isElsewhere(_ address: Address, _ claim: Claim, _ cluster: Cluster) -> Bool {
        func names(_ claim: Claim) -> Bool {
            let targets = [claim.status.binding?.target, claim.status.intent?.target].compactMap { $0 }
            return targets.contains { $0.podIP == address.privateIP && $0.networkInterfaceID == address.networkInterfaceID }
        }
        let others = cluster.account.clusters.flatMap(\.sortedClaims)
        return !names(claim) || others.contains { $0.uid != claim.uid && $0.spec.addressID == address.id && names($0) }
    }

    /// Whether a call may be executed of which the claim knew that was robbed of its finalizer, and no other does.
    func wasJustStripped(_ key: Key) -> Bool { stripped[key].map { now - $0 < sim.draw.requestLife + .seconds(5) } ?? false }

    /// The run that removes the finalizer.
    private func remover(_ key: Key) -> RunTrace? {
        guard let arriving, arriving.key == key, case .removeFinalizer = arriving.effect else { return nil }
        return arriving.run
    }

    /// Whether it has seen a living pod that asks for an EIP: that may be gone by now, and then the run will see to the address.
    func hasReadAlive(_ run: RunTrace) -> Bool {
        guard let pod = run.podRead?.pod else { return false }
        switch pod.want {
        case .none, .invalid: return false
        case .attributes, .list: return !pod.hasEnded && !pod.isTerminating
        }
    }

    /// Whether the pod that it has read lists that EIP of the user's.
    func lists(_ run: RunTrace, _ id: AddressID) -> Bool { if case .list(let ids)? = run.podRead?.pod?.want { ids.contains(id) } else { false } }

    func userDeletes(_ cluster: Cluster, _ key: Key) { mayHaveChanged.insert(key) }

    /// etcd was rolled back: of every key that it changes, what was true may be undone.
    func rewound(_ cluster: Cluster, _ before: [Key: Claim]) {
        rewoundAt[cluster.account.index] = now
        terms[cluster.uid] = nil
        for key in Set(before.keys).union(cluster.claims.keys) where before[key] != cluster.claims[key] {
            undone[key] = now
            let (old, new) = (before[key]?.spec.addressID, cluster.claims[key]?.spec.addressID)
            undoneIDs.formUnion([old, new].compactMap { $0 })
            if let old, old != new { unnamedIDs.insert(old) }
        }
        // what was just bound, or will be by a call that is on its way
        for call in bindings where call.key.cluster == cluster.uid { if let id = call.effect.addressID { undoneIDs.insert(id) } }
        for run in runs.keys where run.key.cluster == cluster.uid { undone[run.key] = now }
    }

    /// Whether what a rollback undid of it may not be put right yet.
    func isUndone(_ key: Key) -> Bool { undone[key].map { now - $0 < .seconds(300) } ?? false }

    /// Whether nobody may know any more what there is of its name, until somebody sweeps: a rollback undid it, people robbed its claim of
    /// the finalizer, or its worker ended between the claim that goes under a living pod and the next, and its messages are lost.
    func mayBeForgotten(_ key: Key) -> Bool { undone[key] != nil || stripped[key] != nil || interrupted.contains(key) }

    // MARK: the leaders

    /// Two terms never act together: whoever has won a later one is alone, but for a Lease that was rolled back.
    func leads(_ cluster: Cluster, _ term: Leadership.Term) {
        // a rollback makes them count from an earlier one again, once whoever leads has noticed
        if let at = rewoundAt[cluster.account.index], now - at < .seconds(60) { return }
        let newest = terms[cluster.uid] ?? term
        if term < newest {
            fail("ownership", "a leader of term \(term) acts in \(cluster.link.name) after one of term \(newest)")
        }
        terms[cluster.uid] = max(term, newest)
    }

    // MARK: the reaper

    /// Nothing expires without an unbroken observation, nor while its pod is there.
    func expires(_ duty: DutySide, _ key: Key) {
        counts.expirations += 1
        mayHaveChanged.insert(key)
        guard let since = duty.observesSince, now - since >= observation else {
            return fail("expiry", "\(key.name): expired after too short an observation")
        }
        if let since = duty.doubtsClockSince, now > since { fail("expiry", "\(key.name): expired while the clocks were apart") }
        // Of a pod that came and went unseen nobody can know.
        switch duty.presence[key] {
        case .present: fail("expiry", "\(key.name): expired, and its pod is there")
        case .gone(let at): if now - at < expireAfter(duty.cluster.claims[key]) { fail("expiry", "\(key.name): expired \(now - at) after its pod was gone") }
        case nil: break
        }
    }

    /// The claim of an expired name was deleted: it said nothing else for all that time.
    func expired(_ cluster: Cluster, _ key: Key) {
        guard let claim = cluster.claims[key], !isUndone(key) else { return }
        if claim.spec.expireAfter ?? sim.draw.expireAfter == .zero { fail("expiry", "\(key.name): expired, and is kept for ever") }
        let expireAfter = expireAfter(claim)
        if let at = servedAt[key], now - at < expireAfter { fail("expiry", "\(key.name): expired \(now - at) after its claim was in use") }
        if let at = retainedAt[key], now - at < expireAfter { fail("expiry", "\(key.name): expired \(now - at) after its claim was retained") }
        if claim.spec.deletePolicy != .retain { fail("expiry", "\(key.name): expired, and is not static") }
    }

    // MARK: the end

    /// After all has come to rest: every address that we allocated is named by exactly one claim.
    func end(_ account: Account) {
        for address in account.cloud.model.addresses where address.tags.contains(Naming.creatorTag) {
            let key = allocated[address.id]
            // what somebody wrote into a claim of a cluster that stays away, or of a pod that asks for nonsense, is not put right
            let clusters = account.clusters.filter { !$0.link.isDown || $0.uid == key?.cluster }
            let holders = clusters.flatMap { cluster in
                cluster.sortedClaims.filter { claim in
                    let name = cluster.key(claim.namespace, claim.name)
                    return claim.spec.addressID == address.id && (name == key || !cluster.asksForNonsense(name))
                }
            }
            if holders.count == 1 { continue }
            if let key, account.cluster(key.cluster)?.link.isDown == true { continue }
            // allocated just now, for a pod that came just now: its claim has the recorded call
            if let claim = key.flatMap({ account.cluster($0.cluster)?.claims[$0] }), claim.spec.addressID == nil, claim.status.intent?.verb == .allocate {
                continue
            }
            if holders.isEmpty, let key, mayBeForgotten(key) {
                counts.orphans += 1
                continue
            }
            let names = holders.isEmpty ? "no claim" : "several claims: " + holders.map(\.name).joined(separator: ", ")
            fail(.liveness, "\(address.id) of \(key?.name ?? "nobody") is named by \(names)", rule: "promise 1")
        }
    }
}

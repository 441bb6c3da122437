internal import Core
internal import Models

// What a run may leave behind when it says that there is nothing to do until somebody brings news: nobody looks again before that. Only
// what its worker was shown for certain counts.
extension Checks {
    /// A claim waits until nothing of its calls can be executed any more. That its unbinding was answered only this run knows: whoever
    /// comes next would wait for that one as well, and then undo once more what by now may be another's.
    func checkWrittenDown(_ run: RunTrace, _ key: Key) {
        guard let intent = run.answeredUnbinding, let claim = run.claim, claim.status.intent == intent else { return }
        guard let id = claim.spec.addressID, claim.spec.isUserOwned, intent.addressID == id, !isUndone(key) else { return }
        fail("promise 2", "\(key.name): waits, as \(id) may still be unbound, and that was answered")
    }

    /// A run has settled.
    func checkRest(_ side: WorkerSide, _ run: RunTrace, _ key: Key) {
        guard let claim = run.claim else { return checkLeftovers(side, run, key, "rests without a claim") }
        // a claim that is none says nothing that holds
        guard claim.problem == nil, let id = claim.spec.addressID else { return }
        let shown = shown(side, run, id)
        guard let last = shown.last else { return }
        if shown.allSatisfy({ $0.status == .bind && isElsewhere($0, run, key, claim) }) {
            fail("promise 2", "\(key.name): rests, and leaves \(id) bound to \(last.privateIP ?? "nothing"), where its pod is not")
        }
        // one that goes, or whose pod does, is read by nobody
        if claim.isDeleting || run.pod?.isTerminating ?? false { return }
        if shown.allSatisfy({ $0.status == .unbind }), claim.status.binding != nil, claim.status.intent == nil, claim.status.nextAttemptAt == nil {
            fail("promise 2", "\(key.name): rests, and its claim speaks of a binding of \(id), which was seen unbound")
        }
    }

    /// What it may know of an address: the newest that was shown before it began, and all since. Nothing once a look has missed it.
    private func shown(_ side: WorkerSide, _ run: RunTrace, _ id: AddressID) -> [Address] {
        guard misses[side.id]?[id] == nil else { return [] }
        let seen = sights[side.id]?[id] ?? []
        let before = seen.filter { $0.receivedAt <= run.startedAt }.max { $0.sentAt < $1.sentAt }
        return [before].compactMap { $0?.address } + seen.filter { $0.receivedAt > run.startedAt }.map(\.address)
    }

    /// Bound by this key where its pod is not: another pod will have that IP, and this one's traffic with it.
    private func isElsewhere(_ address: Address, _ run: RunTrace, _ key: Key, _ claim: Claim) -> Bool {
        if let pod = run.pod, !pod.hasEnded, pod.podIP == address.privateIP { return false }
        if !claim.spec.isUserOwned { return allocated[address.id] == key }
        let targets = [claim.status.binding?.target, claim.status.intent?.target].compactMap { $0 }
        return targets.contains { $0.podIP == address.privateIP && $0.networkInterfaceID == address.networkInterfaceID }
    }

    /// Without a claim, or with one for an EIP that is listed, nobody comes back to what is left of the pod's name.
    func checkLeftovers(_ side: WorkerSide, _ run: RunTrace, _ key: Key, _ what: String) {
        for id in allocated.filter({ $0.value == key }).keys.sorted() {
            guard let address = side.replica.account.cloud.address(id), address.status != .offlining else { continue }
            let shown = shown(side, run, id)
            if !shown.isEmpty, shown.allSatisfy({ $0.status != .offlining && Naming.owns($0, key) }) {
                fail("promise 1", "\(key.name): \(what), and leaves \(id), which it was shown")
            }
        }
    }

    /// Nothing is undone, released or changed by what is remembered of the address: it was looked at after the intent was recorded.
    func checkLooked(_ side: WorkerSide, _ run: RunTrace, _ key: Key, _ effect: ReconcileEffect) {
        switch effect {
        case .disassociate(let id), .release(let id), .modifyBandwidth(let id, _):
            guard let recordedAt = run.recordedAt else { return }
            if !(sights[side.id]?[id] ?? []).contains(where: { $0.sentAt >= recordedAt }) {
                fail("promise 5", "\(key.name): \(effect.verb) of \(id), which was not looked at after the intent")
            }
        default: break
        }
    }
}

internal import Core
internal import Models

// Promise 4: a static EIP follows its pod's name, and goes when somebody says so.
extension Checks {
    /// People delete the claim, the reaper does, or a pod that lives asks for something else; a worker never does by itself.
    func checkKeeping(_ run: RunTrace, _ key: Key, _ effect: ReconcileEffect, _ cloud: Cloud) {
        switch effect {
        case .deleteClaim(let claim) where claim.spec.deletePolicy == .retain:
            guard let id = claim.spec.addressID, let address = cloud.address(id), address.status != .offlining, !isUndone(key) else { return }
            if claim.status.intent?.verb != .release { fail("promise 4", "\(key.name): its static claim is deleted, and nobody said so; it has \(id)") }
        case .replaceSpec(let claim, let spec) where claim.spec.deletePolicy == .retain && spec.deletePolicy != .retain:
            guard let pod = run.pod, !pod.hasEnded, pod.deletePolicy == spec.deletePolicy else {
                return fail("promise 4", "\(key.name): its claim is static no more, and no pod that was read says so")
            }
        default: break
        }
    }

    /// Promise 4, and 1: what is static is released only when somebody said so.
    func checkRelease(_ id: AddressID, _ key: Key, _ claim: Claim?) {
        guard !isUndone(key) else { return }
        guard allocated[id] == key else { return fail("promise 1", "\(key.name): released \(id), which was allocated for \(allocated[id]?.name ?? "nobody")") }
        guard let claim else { return }
        if claim.spec.addressID == id, claim.spec.deletePolicy == .retain, !claim.isDeleting, !claim.spec.isUserOwned, !mayHaveChanged.contains(key),
            !wasJustStripped(key)
        {
            fail("promise 4", "\(key.name): released the static \(id), and nobody deleted its claim")
        }
    }

    /// A static claim keeps its address as long as that exists.
    func checkKept(_ cluster: Cluster, _ key: Key, _ before: Claim, _ after: Claim) {
        guard let old = before.spec.addressID, after.spec.addressID != old, !isUndone(key), !isEdited, allocated[old] == key else { return }
        guard let address = cluster.account.cloud.address(old), !before.spec.isUserOwned, address.status != .offlining else { return }
        fail(before.spec.deletePolicy == .retain ? "promise 4" : "promise 1", "\(key.name): \(old) given up for \(after.spec.addressID?.rawValue ?? "nothing")")
    }

    /// A release that is recorded may come at any time, from whoever was going to send it: that address is not bound any more.
    func checkReleased(_ key: Key, _ before: Claim, _ after: Claim) {
        guard let old = before.status.intent, old.verb == .release, let intent = after.status.intent, intent.verb == .associate else { return }
        if intent.addressID == old.addressID { fail("promise 4", "\(key.name): \(old.addressID?.rawValue ?? "?") to be bound after its release was recorded") }
    }
}

internal import Core
internal import Models

/// What one look at the cloud showed of one address. A list counts as sent `listingLag` earlier.
struct Sight {
    var address: Address
    var sentAt: Instant
    var receivedAt: Instant
}

/// Looks of one worker, one after the other, that did not find an address.
struct Misses {
    /// send times of the first and the last of those that are near enough to each other
    var since: Instant
    var last: Instant
    /// for so long that it does not exist any more, as the core has it; from then on until it is seen
    var isLoss = false
}

// What a worker was shown of the addresses, and what it may conclude.
extension Checks {
    /// What a look or a list showed.
    func saw(_ side: WorkerSide, _ addresses: [Address], sentAt: Instant) {
        for address in addresses {
            var seen = sights[side.id]?[address.id] ?? []
            seen.append(Sight(address: address, sentAt: side.global(sentAt), receivedAt: now))
            if seen.count > 12 { seen.removeFirst(6) }
            sights[side.id, default: [:]][address.id] = seen
            misses[side.id]?[address.id] = nil
        }
    }

    /// What a look did not show of what it asked for. A second more and less, as clocks run fast and slow.
    func missed(_ side: WorkerSide, _ ids: [AddressID], sentAt: Instant) {
        let at = side.global(sentAt)
        for id in ids {
            returning[side.id, default: ReturnTrace()].missed(id)
            var row = misses[side.id]?[id] ?? Misses(since: at, last: at)
            if !row.isLoss, at - row.last > limits.mirror.missingGapMax + .seconds(1) { row.since = at }
            row.last = at
            if at - row.since >= limits.mirror.lostAfter - .seconds(2) { row.isLoss = true }
            misses[side.id, default: [:]][id] = row
        }
    }

    /// Promise 2: a user's own EIP that is bound by what its claim says is let go when it was seen, or was missed for so long that it does
    /// not exist. It is in no list, so nobody would find it again.
    func checkLoss(_ side: WorkerSide, _ run: RunTrace, _ key: Key, _ effect: ReconcileEffect) {
        let claim: Claim
        switch effect {
        case .removeFinalizer(let read): claim = read
        case .replaceSpec(let read, let spec) where spec.addressID != read.spec.addressID: claim = read
        default: return
        }
        // not what somebody wrote beside what is listed
        guard case .listed(let id) = claim.spec.source, claim.spec.addressID == id, side.replica.account.cloud.model.isUserOwned(id) else { return }
        guard run.mayHaveBound, claim.status.binding?.target ?? claim.status.intent?.target != nil else { return }
        // The next claim of a living pod that lists it will say where it is.
        if hasReadAlive(run), lists(run, id), !run.isEnding { return }
        let seen = sights[side.id]?[id] ?? []
        guard let row = misses[side.id]?[id] else {
            if seen.isEmpty { fail("promise 2", "\(key.name): lets go of \(id), which may be bound, and has not looked at it") }
            return
        }
        // A run may have begun before a look missed it.
        if row.isLoss || seen.contains(where: { $0.receivedAt >= run.startedAt }) { return }
        fail("promise 2", "\(key.name): lets go of \(id), which may be bound: looks in a row have missed it for \(row.last - row.since)")
    }
}

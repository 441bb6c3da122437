internal import Core
internal import Models

/// When one worker last looked for what changes at the cloud without a word; by its own clock.
struct DriftTrace {
    /// when the next page is to be asked for; nil while one is under way
    var listDueAt: Instant?
    var isListing = false
    /// users' own EIPs that claims at rest name, and when those came to rest, or the worker looked at them after that
    private var tracked: [AddressID: (keys: Set<Key>, at: Instant)] = [:]

    mutating func endsList(nextAt: Instant) { (isListing, listDueAt) = (false, nextAt) }

    /// A run of that key has ended; nil: its claim names none of the user's, or does not rest.
    mutating func rests(_ key: Key, _ id: AddressID?, _ local: Instant) {
        for other in tracked.keys where other != id { tracked[other]?.keys.remove(key) }
        guard let id else { return }
        if tracked[id]?.keys.isEmpty ?? true { tracked[id] = ([], local) }
        tracked[id]!.keys.insert(key)
    }
    mutating func lookedAt(_ id: AddressID, _ local: Instant) { tracked[id]?.at = local }
    var longest: (id: AddressID, at: Instant)? {
        tracked.filter { !$0.value.keys.isEmpty }.min { ($0.value.at, $0.key) < ($1.value.at, $1.key) }.map { ($0.key, $0.value.at) }
    }

    /// Other partitions, or none: what rests comes to rest anew. Nothing was done while it stood still.
    mutating func reassigned(_ local: Instant) {
        tracked = [:]
        stoodStill(local)
    }
    mutating func stoodStill(_ local: Instant) {
        for id in tracked.keys { tracked[id]!.at = max(tracked[id]!.at, local) }
        if !isListing { listDueAt = max(listDueAt ?? local, local) }
    }
}

// What changed at the cloud without a word is seen by the next list; what the user owns, and no list has, by the next look at it. Two minutes
// more for their turns: after some failures in a row every call waits for up to half a minute.
extension Checks {
    private var patience: Duration { .seconds(120) }

    /// The claim of a key that rests bound with an EIP of the user's has it looked at from then on.
    func tracks(_ side: WorkerSide, _ run: RunTrace, _ key: Key, _ outcome: ReconcileOutcome, _ local: Instant) {
        var id: AddressID?
        if case .settled = outcome, let claim = run.claim, claim.status.phase == .bound, case .listed(let listed) = claim.spec.source,
            claim.spec.addressID == listed, side.replica.account.cloud.model.isUserOwned(listed)
        {
            id = listed
        }
        drifts[side.id, default: DriftTrace()].rests(key, id, local)
    }

    func stoodStill(_ replica: Replica) {
        guard let side = replica.worker?.id else { return }
        waits[side]?.restart(now)
        drifts[side]?.stoodStill(replica.now().instant)
    }

    /// A worker without a slot has no calls to spend.
    func checkDrift(_ side: WorkerSide, _ local: Instant) {
        guard side.machine.slotsOwned > 0, let drift = drifts[side.id] else { return }
        let pace = paces[side.id]
        let waits = [pace?.throttles[.describeAddresses]?.until, pace?.breakers[.describeAddresses]?.until].compactMap { $0 }
        if let due = drift.listDueAt {
            let late = local - ([due] + waits).max()!
            if late > patience { fail("limits", "no list of addresses \(late) after it was due") }
        }
        if let (id, at) = drift.longest {
            let due = at + max(limits.mirror.trackEvery, limits.mirror.pollEvery)
            let late = local - ([due] + waits + [pace?.failures[.look]?.until].compactMap { $0 }).max()!
            if late > patience { fail("limits", "\(id) is the user's, and not looked at \(late) after that was due") }
        }
    }
}

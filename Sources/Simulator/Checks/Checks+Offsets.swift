internal import Core

/// Which messages a worker was given, and which of them it has dealt with.
struct OffsetTrace {
    private struct Taken {
        var offset: Int64
        var key: Key?
        var at: Int
    }
    private var sequence = 0
    private var taken: [Int: [Taken]] = [:]
    private var highest: [Int: Int64] = [:]
    private var startedAt: [Key: Int] = [:]
    private var finishedAt: [Key: Int] = [:]
    /// when the last run that ended, and let go of the messages before it, had begun
    private var doneSince: [Key: Int] = [:]
    /// since when a key holds messages back, and how often it has failed since it last settled
    private var heldSince: [Key: Instant] = [:]
    private var failures: [Key: Int] = [:]

    /// An assignment is of all partitions that the worker has.
    mutating func assigned() { (taken, highest) = ([:], [:]) }

    mutating func took(_ partition: Int, _ offset: Int64, _ key: Key?) {
        // The topic was made anew: what was taken of the old one depends on nothing any more.
        if offset < highest[partition] ?? .min { taken[partition] = [] }
        highest[partition] = offset + 1
        sequence += 1
        taken[partition, default: []].append(Taken(offset: offset, key: key, at: sequence))
    }
    mutating func started(_ key: Key, _ now: Instant) {
        sequence += 1
        startedAt[key] = sequence
        if heldSince[key] == nil { heldSince[key] = now }
    }
    /// A run that settled lets go of what came before it; one that is to come again only when that is later than messages may be held
    /// back for.
    mutating func finished(_ key: Key, _ outcome: ReconcileOutcome, _ now: Instant, _ limits: Limits.Shard) {
        sequence += 1
        finishedAt[key] = sequence
        guard let at = startedAt[key], let since = heldSince[key] else { return }
        let wait: Duration
        switch outcome {
        case .abandoned: return
        case .settled:
            (heldSince[key], failures[key]) = (nil, nil)
            doneSince[key] = max(doneSince[key] ?? 0, at)
            return
        case .again(let after, _):
            failures[key] = nil
            wait = after
        case .retry:
            failures[key, default: 0] += 1
            // with the most that is added by chance
            let doubled = limits.backoffFirst * (1 << min(failures[key]! - 1, 20))
            wait = min(doubled, limits.backoffMax) * 6 / 5
        }
        // by a clock that is off by a hundredth
        if now + wait - since > limits.heldMax - limits.heldMax / 100 - .milliseconds(10) { doneSince[key] = max(doneSince[key] ?? 0, at) }
    }

    /// Keys that hold offsets back for certain: of which a message has come since their last run ended. Others may be parked.
    var holdingCount: Int {
        var keys: Set<Key> = []
        for message in taken.values.joined() { if let key = message.key, (finishedAt[key] ?? 0) < message.at { keys.insert(key) } }
        return keys.count
    }

    /// The first message before that offset that nobody has dealt with.
    mutating func commits(_ offset: PartitionOffset) -> (offset: Int64, key: Key)? {
        var kept: [Taken] = []
        var missing: (Int64, Key)?
        for message in taken[offset.partition] ?? [] {
            if message.offset >= offset.offset {
                kept.append(message)
            } else if let key = message.key, missing == nil, (doneSince[key] ?? 0) < message.at {
                missing = (message.offset, key)
            }
        }
        taken[offset.partition] = kept
        return missing
    }
}

extension Checks {
    func assigned(_ side: WorkerSide?, _ starts: [PartitionOffset], isCurrent: Bool) {
        guard let side else { return }
        let id = side.id
        offsets[id, default: OffsetTrace()].assigned()
        waits[id, default: WaitTrace()].forget()
        returning[id]?.forget()
        begins(side)
        guard isCurrent else { return }
        for start in starts { owners[side.accountIndex, default: [:]][start.partition] = (id, now) }
    }
    func took(_ side: WorkerSide?, _ partition: Int, _ offset: Int64, _ key: Key?) {
        guard let side else { return }
        offsets[side.id, default: OffsetTrace()].took(partition, offset, key)
        if let key {
            waits[side.id, default: WaitTrace()].told(key, now)
            returning[side.id, default: ReturnTrace()].told(key)
        }
        checkWaits(side.id)
    }
    /// No offset is committed before its key is settled or parked.
    func commits(_ side: WorkerSide, _ positions: [PartitionOffset]) {
        for position in positions {
            if let missing = offsets[side.id, default: OffsetTrace()].commits(position) {
                fail("offsets", "offset \(position.offset) of \(position.partition) committed, \(missing.offset) of \(missing.key.name) was not dealt with")
            }
        }
    }
}

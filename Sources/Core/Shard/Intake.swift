/// What a worker does with the messages it is given: coalesces them into keys, starts keys, commits what is settled, and gives up
/// partitions in order. One for each consumer; the same for the log and for the queue in memory (whose partitions are
/// 0..<slots, whose offsets are counted, and whose shell answers `commit` at once).
///
///     revoked -> stop(keys that run) -> finished... or the drain's end -> commit(last) -> relinquish
///     lost    -> stop(keys that run)                                                       (another may act already)
public struct Intake: Sendable {
    public enum Event: Hashable, Sendable {
        case wake
        /// Partitions are ours from now on, each beginning there. For a partition without a committed offset the shell finds the
        /// log's beginning first.
        case assigned([PartitionOffset])
        /// They will be another's: the shell answers the broker after `relinquish`.
        case revoked([Int])
        /// They are another's already.
        case lost([Int])
        /// `key` is nil when not even that can be read
        case message(partition: Int, offset: Int64, key: Key?, cause: Cause)
        /// a hint of our own, such as an address that changed at the cloud; nothing when the partition is not ours
        case hint(Key, Cause, partition: Int)
        case finished(Key, ReconcileOutcome)
        /// `sentAt`: when the request went out
        case committed(Int, sentAt: Instant)
        case commitFailed(Int)
    }

    public enum Effect: Hashable, Sendable {
        /// run a reconcile of it; answered by `finished`
        case start(Key, Cause, attempt: Int)
        /// end the run of it soon, after the step that is under way; `finished` still comes
        case stop(Key)
        /// OffsetCommit; answered by `committed` or `commitFailed` with the number
        case commit(Int, [PartitionOffset])
        /// take no more messages, of any partition, but keep polling the broker
        case pause
        case resume
        /// give these back, after the commit before it was answered or its time is over
        case relinquish([Int])
        case wake(at: Instant)
    }

    private let limits: Limits.Shard
    private var ownership: Ownership
    private var queue: KeyQueue
    private var isPaused = false
    private var alarm = Alarm()

    /// `seed` spreads the waits after failures; any number that differs between processes.
    public init(limits: Limits.Shard = Limits.Shard(), seed: UInt64) {
        self.limits = limits
        ownership = Ownership(limits: limits)
        queue = KeyQueue(limits: limits, seed: seed)
    }

    // MARK: Questions

    /// Whether the run of that key may still do anything. Asked before every effect, never kept.
    public func mayAct(on key: Key, now: Instant) -> Bool {
        guard let run = queue.running(key) else { return false }
        return ownership.mayAct(in: run.partition, generation: run.generation, now: now)
    }
    /// Partitions that are ours and not being given up, in order.
    public var partitions: [Int] { ownership.held }
    /// Also those that are being given up.
    var partitionsOfAnyKind: [Int] { ownership.shares.keys.sorted() }
    public var keyCount: Int { queue.count }
    /// Those that count for `Limits.Shard.keysMax`.
    public var holdingCount: Int { queue.holdingCount }
    public var readyCount: Int { queue.readyCount }
    public var runningCount: Int { queue.runningCount }
    /// The send time of the last acknowledged commit: a request's life counts from it.
    public var proof: Instant? { ownership.proof }
    /// Until when the newest proof of ownership holds.
    public var deadline: Instant? { ownership.deadline }

    // MARK: Events

    public mutating func handle(_ event: Event, now: Instant) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .wake: break
        case .assigned(let starts): assign(starts, now: now, &effects)
        case .revoked(let partitions): revoke(partitions, now: now, &effects)
        case .lost(let partitions): lose(partitions, now: now, &effects)
        case .message(let partition, let offset, let key, let cause): take(partition, offset, key, cause, now: now)
        case .hint(let key, let cause, let partition): hint(key, cause, partition, now: now)
        case .finished(let key, let outcome): finish(key, outcome, now: now)
        case .committed(let id, let sentAt): ownership.committed(id, sentAt: sentAt)
        case .commitFailed(let id): ownership.commitFailed(id, now: now)
        }
        queue.wake(now: now)
        endDrains(now: now, &effects)
        if let (id, offsets) = ownership.commitIfDue(now: now) { effects.append(.commit(id, offsets)) }
        while ownership.mayBegin(now: now), let run = queue.start(now: now) {
            effects.append(.start(run.key, run.cause, attempt: run.attempt))
        }
        press(&effects)
        if let at = alarm.set(for: dueAt, now: now) { effects.append(.wake(at: at)) }
        return effects
    }

    private var dueAt: Instant? {
        let drains = ownership.shares.values.compactMap { share -> Instant? in
            switch share.hold {
            case .held: nil
            case .draining(let until): until
            }
        }
        return ([queue.dueAt, ownership.commitDueAt] + drains).compactMap { $0 }.min()
    }

    private mutating func assign(_ starts: [PartitionOffset], now: Instant, _ effects: inout [Effect]) {
        abandon(starts.map(\.partition).filter { ownership.shares[$0] != nil }, now: now, &effects)  // assigned anew without a word
        ownership.assign(starts, now: now)
        // New partitions come unpaused, whatever was paused before: if it is still too much, all are paused anew.
        if isPaused {
            isPaused = false
            effects.append(.resume)
        }
    }

    private mutating func revoke(_ partitions: [Int], now: Instant, _ effects: inout [Effect]) {
        // What is not ours, as far as is known, is answered for all the same: the broker's client waits for it.
        let unknown = partitions.filter { ownership.shares[$0] == nil }.sorted()
        abandon(partitions, now: now, &effects)
        ownership.drain(partitions, until: now + limits.drainMax)
        if !unknown.isEmpty { effects.append(.relinquish(unknown)) }
    }

    private mutating func lose(_ partitions: [Int], now: Instant, _ effects: inout [Effect]) {
        abandon(partitions, now: now, &effects)
        ownership.drop(partitions)
    }

    /// What waits there is forgotten, what runs is told to end.
    private mutating func abandon(_ partitions: [Int], now: Instant, _ effects: inout [Effect]) {
        queue.drop(Set(partitions), now: now)
        for key in queue.running(in: Set(partitions)) { effects.append(.stop(key)) }
    }

    private mutating func endDrains(now: Instant, _ effects: inout [Effect]) {
        var ended: [Int] = []
        for (partition, share) in ownership.shares.sorted(by: { $0.key < $1.key }) {
            switch share.hold {
            case .held: break
            case .draining(let until): if until <= now || queue.running(in: [partition]).isEmpty { ended.append(partition) }
            }
        }
        guard !ended.isEmpty else { return }
        if let (id, offsets) = ownership.commitLast(ended) { effects.append(.commit(id, offsets)) }
        effects.append(.relinquish(ended))
        ownership.drop(ended)
    }

    private mutating func take(_ partition: Int, _ offset: Int64, _ key: Key?, _ cause: Cause, now: Instant) {
        guard let share = ownership.shares[partition], share.isHeld else { return }  // prefetched before it was given up
        let cover = ownership.take(offset, of: partition)
        guard let key else {
            if let cover { ownership.settle(cover) }
            return
        }
        let hint = KeyQueue.Hint(key: key, cause: cause, partition: partition, generation: share.generation, cover: cover)
        for surplus in queue.add(hint, now: now) { ownership.settle(surplus) }
    }

    private mutating func hint(_ key: Key, _ cause: Cause, _ partition: Int, now: Instant) {
        guard let share = ownership.shares[partition], share.isHeld else { return }
        let hint = KeyQueue.Hint(key: key, cause: cause, partition: partition, generation: share.generation, cover: nil)
        for surplus in queue.add(hint, now: now) { ownership.settle(surplus) }
    }

    private mutating func finish(_ key: Key, _ outcome: ReconcileOutcome, now: Instant) {
        guard let run = queue.running(key) else { return }
        let share = ownership.shares[run.partition]
        let isSame = share?.generation == run.generation
        // In a drain what has ended is settled, and what has not is left to the next owner.
        let mayReturn = isSame && share?.isHeld == true
        var settled: [Cover] = []
        switch outcome {
        case .settled: settled = queue.finish(key, outcome, stillOurs: isSame, now: now)
        case .again, .retry, .abandoned: settled = queue.finish(key, outcome, stillOurs: mayReturn, now: now)
        }
        for cover in settled { ownership.settle(cover) }
    }

    private mutating func press(_ effects: inout [Effect]) {
        if !isPaused, queue.holdingCount >= limits.keysMax {
            isPaused = true
            effects.append(.pause)
        } else if isPaused, queue.holdingCount <= limits.keysMax / 2 {
            isPaused = false
            effects.append(.resume)
        }
    }
}

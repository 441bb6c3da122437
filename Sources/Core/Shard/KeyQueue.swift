/// The keys that wait, wait for a time, or run: like client-go's workqueue with its dirty and processing sets, but fair, in two
/// lanes, and aware of the offsets that depend on each key. A key runs once at a time; a hint that comes while it runs makes it
/// run again; hints that come while it waits are one. It starts nothing by itself and asks nobody for permission.
struct KeyQueue: Sendable {
    /// Hints about something that changed go before those that only look again.
    enum Lane: Int, Hashable, Sendable { case changed, resync }

    struct Hint: Hashable, Sendable {
        var key: Key
        var cause: Cause
        /// where the key lives: with it the key is given up
        var partition: Int
        var generation: Int
        var cover: Cover?
    }

    /// A key that was started.
    struct Run: Hashable, Sendable {
        var key: Key
        var cause: Cause
        /// from 1; more after `retry`
        var attempt: Int
    }

    private struct Work: Sendable {
        var cause: Cause
        var lane: Lane
        var partition: Int
        var generation: Int
        /// at most one for each assignment of a partition: the oldest, because a commit stops before that one
        var covers: [Cover]
    }

    private struct Item: Sendable {
        var waiting: Work?
        /// waiting, but not before then
        var notBefore: Instant?
        var running: Work?
        /// failures in a row
        var failures = 0
        /// since when its offsets are held back
        var heldSince: Instant?
        /// Its claim is gone, and nobody has looked since at what that left: no object says so any more, the log alone does.
        var isBereft = false
        /// it holds its offsets back for longer than others may
        var isOverdue = false
        /// something of the log waits for it
        var isHolding: Bool { !isOverdue && (waiting?.covers.isEmpty == false || running?.covers.isEmpty == false) }
    }

    private struct Delay: Comparable, Sendable {
        var until: Instant
        var key: Key
        static func < (a: Delay, b: Delay) -> Bool { (a.until, a.key) < (b.until, b.key) }
    }

    private let limits: Limits.Shard
    private var items: [Key: Item] = [:]
    private var holding: Set<Key> = []
    private var lanes: Lanes<Key>
    private var delays = Heap<Delay>()
    private var generator: SeededGenerator
    private(set) var runningCount = 0

    init(limits: Limits.Shard, seed: UInt64) {
        self.limits = limits
        lanes = Lanes(count: 2, ageMax: limits.resyncAgeMax, staysAged: true)
        generator = SeededGenerator(seed: seed)
    }

    /// Keys in any state.
    var count: Int { items.count }
    /// Keys that hold offsets back. What is parked does not: it may wait for what only a later message brings.
    var holdingCount: Int { holding.count }
    /// Keys that could start at once.
    var readyCount: Int { lanes.count }

    /// When the next delayed key is due.
    var dueAt: Instant? { delays.min?.until }

    /// The assignment under which a running key was started.
    func running(_ key: Key) -> (partition: Int, generation: Int)? { items[key]?.running.map { ($0.partition, $0.generation) } }
    /// Running keys of these partitions, in order.
    func running(in partitions: Set<Int>) -> [Key] {
        items.filter { $0.value.running.map { partitions.contains($0.partition) } ?? false }.keys.sorted()
    }

    // MARK: In

    /// Adds a hint. Returns the covers that need not be held any more, because an older one of the same key is.
    mutating func add(_ hint: Hint, now: Instant) -> [Cover] {
        var item = items[hint.key] ?? Item()
        let work = Work(
            cause: hint.cause, lane: KeyQueue.lane(of: hint.cause), partition: hint.partition, generation: hint.generation,
            covers: hint.cover.map { [$0] } ?? [])
        let queuedIn = item.running == nil && item.notBefore == nil ? item.waiting?.lane : nil
        let surplus = merge(work, into: &item)
        // In its lane it keeps its place: a key of which there is always news would never have its turn.
        if let queuedIn, item.waiting?.lane != queuedIn { _ = leave(hint.key, queuedIn) }
        item.notBefore = nil  // what is new does not wait for what failed
        item.isOverdue = false
        switch hint.cause {
        case .claimGone:
            item.isBereft = true
            item.heldSince = item.running == nil ? nil : now  // counted anew, however long it has not come to an end before
        case .claimSeen: item.isBereft = false
        case .podSeen, .podGone, .due, .replayed: break
        }
        enter(hint.key, &item, now: now)
        return surplus
    }

    /// The next key, if fewer than `runsMax` run.
    mutating func start(now: Instant) -> Run? {
        guard runningCount < limits.runsMax, let key = lanes.popFirst(now: now) else { return nil }
        guard var item = items[key], let work = item.waiting else { preconditionFailure("what is in a lane waits") }
        item.waiting = nil
        item.running = work
        if item.heldSince == nil { item.heldSince = now }
        put(key, item)
        runningCount += 1
        return Run(key: key, cause: work.cause, attempt: item.failures + 1)
    }

    /// Moves delayed keys whose time has come.
    mutating func wake(now: Instant) {
        while let delay = delays.min, delay.until <= now {
            _ = delays.popMin()
            guard var item = items[delay.key], item.notBefore == delay.until else { continue }  // it was started or dropped since
            item.notBefore = nil
            enter(delay.key, &item, now: now)
        }
    }

    // MARK: Out

    /// A run ended. Returns the covers that are settled. `stillOurs`: its partition has the same assignment as at the start.
    mutating func finish(_ key: Key, _ outcome: ReconcileOutcome, stillOurs: Bool, now: Instant) -> [Cover] {
        guard var item = items[key], let work = item.running else { return [] }
        item.running = nil
        runningCount -= 1
        guard stillOurs else {
            // Whoever has the partition begins before these offsets. Offsets of another partition (after a change of the number of
            // slots) are still held by this key.
            var rest = work
            rest.covers = work.covers.filter { $0.partition != work.partition }
            if let other = rest.covers.first {
                (rest.partition, rest.generation) = (other.partition, other.generation)
                let surplus = merge(rest, into: &item)
                enter(key, &item, now: now)
                return surplus
            }
            enterOrForget(key, &item, now: now)
            return []
        }
        let delay: Duration
        switch outcome {
        case .settled:
            item.failures = 0
            item.heldSince = nil
            item.isOverdue = false
            enterOrForget(key, &item, now: now)
            return work.covers
        case .again(let after, _):
            item.failures = 0
            delay = after
        case .retry:
            item.failures += 1
            delay = generator.jittered(limits.backoff.wait(afterFailures: item.failures))
        case .abandoned:
            // Nobody has looked at it to the end, and nothing remembers it: its offsets stay held.
            return hold(key, &item, work, delay: limits.abandonedWait, mayPark: false, now: now)
        }
        return hold(key, &item, work, delay: delay, mayPark: true, now: now)
    }

    /// Forgets what waits in these partitions. What runs in them is left to finish.
    mutating func drop(_ partitions: Set<Int>, now: Instant) {
        for (key, item) in items.sorted(by: { $0.key < $1.key }) {
            guard let waiting = item.waiting, partitions.contains(waiting.partition) else { continue }
            var item = item
            if item.running == nil, item.notBefore == nil { _ = leave(key, waiting.lane) }
            item.waiting = nil
            item.notBefore = nil
            // After a change of the number of slots a key may be held by another partition's offset as well: that stays.
            let rest = waiting.covers.filter { !partitions.contains($0.partition) }
            if let other = rest.first {
                var work = waiting
                (work.covers, work.partition, work.generation) = (rest, other.partition, other.generation)
                item.waiting = work
                enter(key, &item, now: now)
            } else {
                put(key, item.running == nil ? nil : item)
            }
        }
    }

    // MARK: Inside

    private mutating func put(_ key: Key, _ item: Item?) {
        items[key] = item
        if item?.isHolding ?? false { holding.insert(key) } else { holding.remove(key) }
    }

    static func lane(of cause: Cause) -> Lane {
        switch cause {
        case .podSeen, .podGone, .claimSeen, .claimGone: .changed
        case .due, .replayed: .resync
        }
    }

    /// How many times longer than others; a cluster that is gone for good must not hold the log back for ever.
    private static let bereftFactor = 10

    /// Looks again later. A key that holds its offsets back for too long lets them go: it is parked. Objects remember it, and whoever
    /// leads publishes it again; where the claim is gone they do not, and its offsets stay held ten times as long.
    private mutating func hold(_ key: Key, _ item: inout Item, _ work: Work, delay: Duration, mayPark: Bool, now: Instant) -> [Cover] {
        var work = work
        var settled: [Cover] = []
        let held = now + delay - (item.heldSince ?? now)
        if mayPark, held > limits.heldMax {
            item.isOverdue = item.isBereft && held <= limits.heldMax * Self.bereftFactor
            if !item.isOverdue { (settled, work.covers) = (work.covers, []) }
        }
        let wasTold = item.waiting != nil
        settled += merge(work, into: &item)
        if !wasTold, delay > .zero {
            item.notBefore = now + delay
            delays.insert(Delay(until: now + delay, key: key))
            put(key, item)
        } else {
            enter(key, &item, now: now)
        }
        return settled
    }

    /// Two hints become one: the newer cause, the better lane, and of each assignment of a partition the older offset.
    private func merge(_ work: Work, into item: inout Item) -> [Cover] {
        guard var waiting = item.waiting else {
            item.waiting = work
            return []
        }
        var surplus: [Cover] = []
        for cover in work.covers {
            if let at = waiting.covers.firstIndex(where: { $0.partition == cover.partition && $0.generation == cover.generation }) {
                let (older, newer) = waiting.covers[at].offset < cover.offset ? (waiting.covers[at], cover) : (cover, waiting.covers[at])
                waiting.covers[at] = older
                surplus.append(newer)
            } else {
                waiting.covers.append(cover)
            }
        }
        if work.lane.rawValue <= waiting.lane.rawValue { (waiting.cause, waiting.lane) = (work.cause, work.lane) }
        if work.generation > waiting.generation { (waiting.partition, waiting.generation) = (work.partition, work.generation) }
        item.waiting = waiting
        return surplus
    }

    private mutating func enter(_ key: Key, _ item: inout Item, now: Instant) {
        put(key, item)
        guard item.running == nil, let waiting = item.waiting else { return }
        lanes.push(key, lane: waiting.lane.rawValue, cluster: key.cluster, namespace: key.namespace, now: now)
    }

    private mutating func enterOrForget(_ key: Key, _ item: inout Item, now: Instant) {
        if item.waiting == nil {
            put(key, nil)
        } else {
            enter(key, &item, now: now)
        }
    }

    private mutating func leave(_ key: Key, _ lane: Lane) -> Bool {
        lanes.remove(key, lane: lane.rawValue, cluster: key.cluster, namespace: key.namespace)
    }
}

/// Which partitions this worker has, and until when it may act on them. The proof is the send time of the last OffsetCommit that
/// the coordinator acknowledged: until then nobody else can have been given them for a session timeout. It trusts only the local
/// clock. It does not fence a request that is already on the wire; conditional writes and the request life at the cloud do.
struct Ownership: Sendable {
    enum Hold: Hashable, Sendable {
        case held
        /// revoked: what runs may finish until then
        case draining(until: Instant)
    }
    struct Share: Sendable {
        /// counts assignments of all partitions; what was started under another one is stale
        var generation: Int
        var assignedAt: Instant
        var hold: Hold
        var watermark: Watermark
        /// of the covers that the watermark knows; another one after the log was made anew under this assignment
        var covers: Int
        /// last acknowledged
        var committed: Int64?
        var isHeld: Bool { hold == .held }
    }
    struct Sent: Sendable {
        var offsets: [PartitionOffset]
        var generations: [Int]
        /// the only one of a drain, which does not hold up the regular ones
        var isLast: Bool
    }

    private let limits: Limits.Shard
    private(set) var shares: [Int: Share] = [:]
    private var generation = 0
    private(set) var proof: Instant?
    private var sent: [Int: Sent] = [:]
    private var commits = 0
    private var lastCommitAt: Instant?
    private var retryAt: Instant?

    init(limits: Limits.Shard) { self.limits = limits }

    // MARK: May it act

    /// Until when the newest proof holds.
    var deadline: Instant? { proof.map { $0 + limits.sessionTimeout - limits.sessionMargin } }

    func mayAct(in partition: Int, generation: Int, now: Instant) -> Bool {
        guard let share = shares[partition], share.generation == generation, isProven(share, now: now) else { return false }
        switch share.hold {
        case .held: return true
        case .draining(let until): return now < until
        }
    }

    /// New work is begun only while all that is held is proven: with one consumer group it is proven together.
    func mayBegin(now: Instant) -> Bool { shares.values.allSatisfy { !$0.isHeld || isProven($0, now: now) } }

    private func isProven(_ share: Share, now: Instant) -> Bool {
        guard let proof, let deadline else { return false }
        return proof >= share.assignedAt && now < deadline
    }

    // MARK: Assignment

    mutating func assign(_ starts: [PartitionOffset], now: Instant) {
        generation += 1
        for start in starts {
            shares[start.partition] = Share(generation: generation, assignedAt: now, hold: .held, watermark: Watermark(start: start.offset), covers: generation)
        }
    }

    mutating func drain(_ partitions: [Int], until: Instant) {
        for partition in partitions where shares[partition]?.isHeld == true { shares[partition]?.hold = .draining(until: until) }
    }

    mutating func drop(_ partitions: [Int]) {
        for partition in partitions { shares[partition] = nil }
    }

    var held: [Int] { shares.filter { $0.value.isHeld }.keys.sorted() }

    // MARK: Offsets

    /// What the offset has to be settled with, or nil when nothing depends on it.
    mutating func take(_ offset: Int64, of partition: Int) -> Cover? {
        guard let share = shares[partition], share.isHeld else { return nil }
        if offset < share.watermark.next {
            // The log ends before where we were: it was truncated or made anew, and counts from there. What was taken of the old one
            // depends on nothing any more.
            generation += 1
            shares[partition]?.watermark = Watermark(start: offset)
            shares[partition]?.covers = generation
            shares[partition]?.committed = nil
        }
        guard shares[partition]?.watermark.take(offset) == true, let covers = shares[partition]?.covers else { return nil }
        return Cover(partition: partition, generation: covers, offset: offset)
    }

    mutating func settle(_ cover: Cover) {
        guard shares[cover.partition]?.covers == cover.generation else { return }  // another's by now: it begins before this offset
        shares[cover.partition]?.watermark.settle(cover.offset)
    }

    // MARK: Commits

    /// The regular commit, when it is due and none is under way: all that is held, also what did not move, as a proof.
    mutating func commitIfDue(now: Instant) -> (id: Int, offsets: [PartitionOffset])? {
        guard let due = commitDueAt, due <= now else { return nil }
        lastCommitAt = now
        retryAt = nil
        return send(held, isLast: false)
    }

    mutating func commitLast(_ partitions: [Int]) -> (id: Int, offsets: [PartitionOffset])? { send(partitions, isLast: true) }

    /// When the next regular commit is due, if no answer comes before.
    var commitDueAt: Instant? {
        let held = shares.values.filter(\.isHeld)
        guard !held.isEmpty, !sent.values.contains(where: { !$0.isLast }) else { return nil }
        if let retryAt { return retryAt }
        guard let last = lastCommitAt else { return held.map(\.assignedAt).min() }
        if let unproven = held.filter({ share in proof.map { $0 < share.assignedAt } ?? true }).map(\.assignedAt).min() {
            // A Lease proves from its last renewal, which may be older than the assignment: asked again, but not in a circle.
            return last < unproven ? unproven : last + limits.commitEvery
        }
        let hasMoved = held.contains { $0.watermark.position != $0.committed }
        return last + (hasMoved ? limits.commitEvery : limits.sessionTimeout / 4)
    }

    mutating func committed(_ id: Int, sentAt: Instant) {
        guard let sent = sent.removeValue(forKey: id) else { return }
        proof = max(proof ?? sentAt, sentAt)
        for (offset, generation) in zip(sent.offsets, sent.generations) where shares[offset.partition]?.generation == generation {
            let before = shares[offset.partition]?.committed ?? offset.offset
            shares[offset.partition]?.committed = max(before, offset.offset)
        }
    }

    mutating func commitFailed(_ id: Int, now: Instant) {
        guard let sent = sent.removeValue(forKey: id), !sent.isLast else { return }
        retryAt = now + limits.commitRetry
    }

    private mutating func send(_ partitions: [Int], isLast: Bool) -> (id: Int, offsets: [PartitionOffset])? {
        let pairs = partitions.compactMap { partition in shares[partition].map { (partition, $0) } }
        guard !pairs.isEmpty else { return nil }
        commits += 1
        let offsets = pairs.map { PartitionOffset(partition: $0.0, offset: $0.1.watermark.position) }
        sent[commits] = Sent(offsets: offsets, generations: pairs.map(\.1.generation), isLast: isLast)
        return (commits, offsets)
    }
}

/// A position in a partition.
public struct PartitionOffset: Hashable, Sendable {
    public var partition: Int
    public var offset: Int64
    public init(partition: Int, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// An offset that is settled together with a key, under the assignment in which it was taken.
struct Cover: Hashable, Sendable {
    var partition: Int
    var generation: Int
    var offset: Int64
}

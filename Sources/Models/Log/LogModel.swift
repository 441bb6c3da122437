public import Core

/// A Kafka topic and the one consumer group that reads it, as a plain value.
///
/// It promises: offsets of a partition only grow; what was appended is read in order until retention takes it; a partition is
/// given to one member of a generation at a time, and to another only after the first gave it back or was thrown out; commits of
/// a member that is not in the generation are refused. It leaves out: replication, transactions, more than one topic and group.
///
/// Whoever calls says when: `now` never goes back.
public struct LogModel: Sendable {
    public struct Record: Hashable, Sendable {
        public var offset: Int64
        /// nil: its payload is garbage and has no key
        public var change: KeyChanged?
        public init(offset: Int64, change: KeyChanged?) {
            self.offset = offset
            self.change = change
        }
    }

    public enum Fetched: Hashable, Sendable {
        case records([Record])
        /// the offset is not there: retention took it, or the topic was made anew
        case outOfRange(first: Int64)
    }

    struct Partition: Sendable {
        var records: [Record] = []
        var next: Int64 = 0
        /// the oldest offset that is kept
        var first: Int64 { records.first?.offset ?? next }
    }

    var partitions: [Partition]
    var group: Group

    /// - Parameter sessionTimeout: a member that was not heard of for so long is thrown out of the group.
    public init(partitions: Int = ShardMap.partitionsOfTopic, sessionTimeout: Duration, rebalanceTimeout: Duration) {
        self.partitions = Array(repeating: Partition(), count: partitions)
        group = Group(sessionTimeout: sessionTimeout, rebalanceTimeout: rebalanceTimeout, partitions: partitions)
    }

    // MARK: records

    /// The offset it got. Nil appends garbage.
    @discardableResult
    public mutating func append(_ change: KeyChanged?, to partition: Int) -> Int64 {
        let offset = partitions[partition].next
        partitions[partition].records.append(Record(offset: offset, change: change))
        partitions[partition].next = offset + 1
        return offset
    }

    /// From that offset on, at most so many; none when there is nothing newer.
    public func fetch(_ partition: Int, from offset: Int64, max: Int) -> Fetched {
        let kept = partitions[partition]
        if offset == kept.next { return .records([]) }
        guard offset >= kept.first, offset < kept.next else { return .outOfRange(first: kept.first) }
        return .records(Array(kept.records.dropFirst(Int(offset - kept.first)).prefix(max)))
    }

    /// Where a consumer without a committed offset begins.
    public func first(of partition: Int) -> Int64 { partitions[partition].first }

    /// Retention takes everything that is there.
    public mutating func expireAll() {
        for partition in partitions.indices { partitions[partition].records = [] }
    }

    /// The topic is deleted and made anew: offsets begin at 0 again, the group's committed offsets are gone with it, and its members
    /// have to join again.
    public mutating func recreate(now: Timestamp) {
        for partition in partitions.indices { partitions[partition] = Partition() }
        group.committed = [:]
        group.prepare(now: now)
    }
}

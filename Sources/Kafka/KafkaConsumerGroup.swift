internal import Lifecycle

/// A message that was read.
public struct KafkaMessage: Sendable {
    public let partition: Int32
    public let offset: Int64
    /// Milliseconds since 1970, as the producer or the broker stamped it; -1 if neither did.
    public let timestampMs: Int64
    public let key: [UInt8]?
    public let value: [UInt8]?
    public let headers: [(name: String, value: [UInt8])]
}

/// Where a partition is to be read from next, and what its owner noted beside it (`""` when nothing).
public struct KafkaPosition: Hashable, Sendable {
    public var offset: Int64
    public var metadata: String
    public init(offset: Int64, metadata: String = "") {
        self.offset = offset
        self.metadata = metadata
    }
}

/// An acknowledged commit.
public struct KafkaCommit: Hashable, Sendable {
    /// When the commit left this program at the earliest, on the clock since boot (`CLOCK_BOOTTIME`, it counts in suspend):
    /// at that moment, or later, the group coordinator held this member for the owner of its partitions.
    public let sentAt: Duration
}

/// What a member of a group is told. Per assignment: `assigned`, messages of its partitions, `revoking`.
public enum KafkaGroupEvent: Sendable {
    /// This member owns these partitions from now on; nothing else. A partition that never had a commit starts at 0.
    case assigned([Int32: KafkaPosition], generation: Int)
    /// This member is about to lose them all (a new `assigned` may follow at once). The receiver calls `finish()`.
    case revoking(KafkaRevocation)
    case message(KafkaMessage)
    /// Something that is not about one call. After one of disposition `fatal` nothing more comes: close and make a new member.
    case failed(KafkaError)
}

/// A rebalance that waits for the owner of the partitions.
public final class KafkaRevocation: Sendable {
    public let partitions: [Int32]
    /// The coordinator has given them away already: nothing can be committed, and nothing should be waited for.
    public let lost: Bool
    public let generation: Int
    private let gate: ThreadGate

    init(partitions: [Int32], lost: Bool, generation: Int, gate: ThreadGate) {
        self.partitions = partitions
        self.lost = lost
        self.generation = generation
        self.gate = gate
    }
    /// What was in hand is settled and committed: the partitions may go. If it is not called within `drainMax`, they go
    /// all the same. May be called more than once.
    public func finish() { gate.signal() }
}

/// How a member presents itself to its group.
public struct KafkaMembership: Sendable {
    public var groupID: String
    /// One topic; its partitions are shared by the members.
    public var topic: String
    /// Static membership (`group.instance.id`): a restart within `sessionTimeout` disturbs nobody and keeps the partitions;
    /// closing does not give them up. Unique in the group: a second member of the name fences the first (`fatal`). nil = dynamic.
    public var instanceID: String?
    /// A member that is silent for so long has lost its partitions. Brokers accept 6 s to 30 min by default.
    public var sessionTimeout = Duration.seconds(30)
    /// How long a rebalance waits for its members (`max.poll.interval.ms`). At least `sessionTimeout`.
    public var rebalanceMax = Duration.seconds(60)
    /// How long a revocation waits for `finish()`. Well below `rebalanceMax`.
    public var drainMax = Duration.seconds(5)
    /// Messages read ahead of the receiver. At the limit all partitions are paused until half of them are taken;
    /// each pause throws away what librdkafka had fetched and costs up to half a second of reading.
    public var bufferedMessagesMax = 1000

    public init(groupID: String, topic: String, instanceID: String?) {
        self.groupID = groupID
        self.topic = topic
        self.instanceID = instanceID
    }
}

/// A member of a consumer group: events out, commands in. Decides nothing about messages and commits nothing by itself.
///
/// The assignor is `range`, the same in all members (librdkafka 2.0.2 loses whole assignments with `cooperative-sticky`;
/// github.com/confluentinc/librdkafka/issues/4908), so a rebalance takes all partitions and gives some back. Commands carry
/// the generation of the assignment they are about; one of an older generation is ignored (`pause`) or refused (`commit`).
public final class KafkaConsumerGroup: Sendable {
    let engine: GroupEngine

    /// - Throws: `settings`, with librdkafka's words. Unreachable brokers are no error here: see `connection`.
    public init(_ settings: KafkaSettings, _ membership: KafkaMembership) throws(KafkaError) {
        engine = try GroupEngine(settings, membership)
        engine.start()
    }
    deinit { engine.requestStop(.abandon) }

    /// To be read by one task, from start to end: it ends when the member is closed. While nobody reads, partitions are
    /// paused and revocations run into their time limit.
    public var events: Events { Events(engine: engine) }

    public struct Events: AsyncSequence, Sendable {
        public typealias Element = KafkaGroupEvent
        public typealias Failure = Never
        let engine: GroupEngine
        public struct AsyncIterator: AsyncIteratorProtocol {
            let engine: GroupEngine
            /// nil at the end, and when the task is cancelled.
            public mutating func next() async -> KafkaGroupEvent? { await engine.nextEvent() }
        }
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(engine: engine) }
    }

    /// Stops reading these partitions. Messages read ahead (`bufferedMessagesMax`) still come.
    public func pause(_ partitions: [Int32], generation: Int) { engine.command(.pause(partitions, generation: generation)) }
    public func resume(_ partitions: [Int32], generation: Int) { engine.command(.resume(partitions, generation: generation)) }

    /// Commits the next offset to process, per partition, and returns when the coordinator has acknowledged. Committing an
    /// unchanged offset is allowed, and is how an idle member proves that it still owns its partitions.
    /// - Throws: `staleMember` when the generation is over, here or at the coordinator; `retry` during a rebalance or while
    ///   the coordinator is away. Waits some 10 s at most.
    public func commit(_ positions: [Int32: KafkaPosition], generation: Int) async throws(KafkaError) -> KafkaCommit {
        try await engine.commit(positions, generation: generation)
    }

    /// Leaves: the partitions are revoked (the events must still be read), then everything is freed. A static member keeps
    /// its claim on them until its session times out.
    public func close() async { await engine.stop(.leave) }

    /// Ends as if killed: nothing is revoked, nobody is told. For a member that is fenced or broken, and for tests.
    public func abandon() async { await engine.stop(.abandon) }

    /// Whether the brokers answer.
    public var connection: KafkaConnection { engine.connection }
}

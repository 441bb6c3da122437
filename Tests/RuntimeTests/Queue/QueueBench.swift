import Core
import Glibc
import Kafka
import Lifecycle
import Wire

@testable import Runtime

/// `host:port` of a real broker, or nil: its suite is then left out.
let realBroker: String? = getenv("EIP_TEST_KAFKA").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }

/// A queue with what a test needs beside its two ends.
struct QueueBench: Sendable {
    static let place = AccountRegion(account: "default", region: "ap-guangzhou")
    /// two, so that one partition can be watched while another is paused
    static let map = ShardMap(slots: 2)

    let publisher: any QueuePublisher
    /// another member of the same group
    let consumer: @Sendable () throws -> any QueueConsumer
    /// nil where the log does not outlive its process and holds nothing but changes
    let log: Log?
    /// keeps it alive
    let mock: KafkaMockCluster?
    let close: @Sendable () async -> Void

    struct Log: Sendable {
        let producer: KafkaProducer
        let topic: String
        func put(_ key: [UInt8]?, _ value: [UInt8]?, partition: Int32) async throws {
            _ = try await producer.send(topic: topic, partition: partition, key: key, value: value)
        }
    }

    static func memory() -> QueueBench {
        let queue = MemoryQueue(map: map, place: place) { BootClock.now() }
        return QueueBench(publisher: queue, consumer: { queue }, log: nil, mock: nil, close: { await queue.close() })
    }

    static func mock() async throws -> QueueBench {
        let topics = Topics(prefix: "eip")
        let cluster = try KafkaMockCluster(topics: [topics.events: ShardMap.partitionsOfTopic])
        return try kafka(cluster.settings, topics, cluster)
    }

    static func real() async throws -> QueueBench {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let topics = Topics(prefix: "test.\(getpid()).\(now.tv_sec).\(now.tv_nsec)")
        let settings = KafkaSettings(brokers: [realBroker ?? ""])
        let (lines, ok) = try await topics.ensure(settings, replication: 1)
        guard ok else { throw NotReady(description: lines.joined(separator: "; ")) }
        return try kafka(settings, topics, nil)
    }
    struct NotReady: Error, CustomStringConvertible {
        let description: String
    }

    private static func kafka(_ settings: KafkaSettings, _ topics: Topics, _ mock: KafkaMockCluster?) throws -> QueueBench {
        let publisher = try KafkaPublisher(settings, topic: topics.events, map: map, place: place)
        let producer = try KafkaProducer(settings)
        var membership = KafkaMembership(groupID: topics.group, topic: topics.events, instanceID: nil)
        membership.sessionTimeout = KafkaMockCluster.sessionTimeout
        membership.rebalanceMax = .seconds(10)
        return QueueBench(
            publisher: publisher, consumer: { [membership] in try KafkaConsumer(settings, membership) }, log: Log(producer: producer, topic: topics.events),
            mock: mock,
            close: {
                await publisher.close()
                await producer.close()
            })
    }

    static func partition(_ slot: Int) -> Int32 { Int32(map.partition(ofSlot: slot, of: place)) }

    /// `count` keys of that slot.
    static func keys(slot: Int, _ count: Int) -> [Key] {
        var keys: [Key] = []
        var n = 0
        while keys.count < count {
            let key = Key(cluster: "cluster-1", namespace: "team", name: "web-\(n)")
            if map.slot(of: key) == slot { keys.append(key) }
            n += 1
        }
        return keys
    }

    func publish(_ key: Key, _ cause: Cause = .podSeen) async throws {
        try await publisher.publish(KeyChanged(key: key, cause: cause, snapshot: "1", term: 1, traceID: "00", at: Timestamp(milliseconds: 0)))
    }
}

/// A worker without work: a queue's events go through `Intake`, runs end when the test says so.
struct QueueReader {
    struct Message: Hashable {
        var partition: Int32
        var offset: Int64
        var key: Key?
        var cause: Cause
    }
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    let queue: any QueueConsumer
    private var events: AsyncStream<QueueEvent>.Iterator
    private var intake: Intake
    private(set) var generation = 0
    private(set) var starts: [Int32: Int64] = [:]
    /// started and not settled
    private(set) var running: Set<Key> = []
    /// acknowledged, by partition
    private(set) var committed: [Int32: Int64] = [:]
    private(set) var proofs: [Instant] = []
    private var relinquished = false

    init(_ queue: any QueueConsumer) {
        self.queue = queue
        events = queue.events.makeAsyncIterator()
        var limits = Limits.Shard()
        limits.commitEvery = .zero  // what is settled is committed with the next event
        intake = Intake(limits: limits, seed: 1)
    }

    mutating func next() async throws -> QueueEvent {
        guard let event = await events.next() else { throw Unexpected(description: "the events ended") }
        return event
    }

    /// Reads on until partitions are assigned.
    mutating func assigned() async throws {
        while true {
            switch try await next() {
            case .assigned(let starts, let generation):
                (self.starts, self.generation) = (starts, generation)
                await feed(.assigned(starts.sorted { $0.key < $1.key }.map { PartitionOffset(partition: Int($0.key), offset: $0.value) }))
                if !starts.isEmpty { return }
            case .revoking(_, let finish): finish()
            case .report: continue
            case let other: throw Unexpected(description: "wanted partitions, got \(other)")
            }
        }
    }

    mutating func messages(_ count: Int) async throws -> [Message] {
        var messages: [Message] = []
        while messages.count < count {
            switch try await next() {
            case .message(let partition, let offset, let key, let cause):
                messages.append(Message(partition: partition, offset: offset, key: key, cause: cause))
                await feed(.message(partition: Int(partition), offset: offset, key: key, cause: cause))
            case .report: continue
            case let other: throw Unexpected(description: "wanted a message, got \(other)")
            }
        }
        return messages
    }

    mutating func settle(_ key: Key) async { await feed(.finished(key, .settled(.settled))) }

    /// As a worker drains: answers the revocation when all is settled and committed. Returns when the events end.
    mutating func drain() async throws {
        while let event = await events.next() {
            guard case .revoking(let lost, let finish) = event else { continue }
            guard !lost else { throw Unexpected(description: "the partitions were lost") }
            await feed(.revoked(intake.partitions))
            for key in running.sorted() { await feed(.finished(key, .abandoned(.ownershipLost))) }
            guard relinquished else { throw Unexpected(description: "the intake keeps its partitions") }
            finish()
        }
    }

    private mutating func feed(_ event: Intake.Event) async {
        var waiting = [event]
        if case .finished(let key, _) = event { running.remove(key) }
        while !waiting.isEmpty {
            for effect in intake.handle(waiting.removeFirst(), now: BootClock.now()) {
                switch effect {
                case .start(let key, _, _): running.insert(key)
                case .commit(let id, let offsets):
                    do {
                        let proof = try await queue.commit(
                            Dictionary(uniqueKeysWithValues: offsets.map { (Int32($0.partition), $0.offset) }), generation: generation)
                        for offset in offsets { committed[Int32(offset.partition)] = offset.offset }
                        proofs.append(proof)
                        waiting.append(.committed(id, sentAt: proof))
                    } catch { waiting.append(.commitFailed(id)) }
                case .relinquish: relinquished = true
                case .stop, .pause, .resume, .wake: break
                }
            }
        }
    }
}

internal import Core
internal import Kafka
internal import Lifecycle
internal import Wire

/// The events topic as the informers' end sees it: partition by shard, key and value in the wire's form, acknowledged.
/// A producer that met a fatal error is replaced; what was not acknowledged is published again by the outbox.
final class KafkaPublisher: QueuePublisher {
    private let settings: KafkaSettings
    private let topic: String
    private let map: ShardMap
    private let place: AccountRegion
    private let state: Locked<State>

    private struct State {
        var producer: KafkaProducer
        /// somebody makes another one already
        var isBeingReplaced = false
    }

    init(_ settings: KafkaSettings, topic: String, map: ShardMap, place: AccountRegion) throws(KafkaError) {
        self.settings = settings
        self.topic = topic
        self.map = map
        self.place = place
        let producer = try KafkaProducer(settings)
        state = Locked(State(producer: producer))
    }

    func publish(_ change: KeyChanged) async throws {
        let producer = state.withLock { $0.producer }
        do {
            _ = try await producer.send(
                topic: topic, partition: Int32(map.partition(of: change.key, of: place)), key: EventCodec.messageKey(change.key),
                value: EventCodec.encode(change))
        } catch let error as KafkaError where error.disposition == .fatal {
            try await replace(producer)
            throw error
        }
    }

    /// All that was in flight fails together, and is followed by one new producer, not by one for each message.
    private func replace(_ broken: KafkaProducer) async throws {
        let isMine = state.withLock { s in
            guard s.producer === broken, !s.isBeingReplaced else { return false }
            s.isBeingReplaced = true
            return true
        }
        guard isMine else { return }
        defer { state.withLock { $0.isBeingReplaced = false } }
        let fresh = try KafkaProducer(settings)
        state.withLock { $0.producer = fresh }
        await broken.close(within: .zero)
    }

    var trouble: String? { state.withLock { $0.producer }.connection.trouble }
    func close() async { await state.withLock { $0.producer }.close() }
}

/// The events topic as a worker sees it.
final class KafkaConsumer: QueueConsumer {
    let group: KafkaConsumerGroup

    init(_ settings: KafkaSettings, _ membership: KafkaMembership) throws(KafkaError) {
        group = try KafkaConsumerGroup(settings, membership)
    }

    var events: AsyncStream<QueueEvent> {
        // Pulled, not pushed: while nobody reads, the group pauses its partitions. Its iterators share the group's state.
        AsyncStream { [group] in
            var iterator = group.events.makeAsyncIterator()
            return await iterator.next().map(Self.translate)
        }
    }

    private static func translate(_ event: KafkaGroupEvent) -> QueueEvent {
        switch event {
        case .assigned(let positions, let generation): return .assigned(positions.mapValues(\.offset), generation: generation)
        case .revoking(let revocation): return .revoking(lost: revocation.lost, finish: { revocation.finish() })
        case .message(let message):
            // An undecodable payload still has its key, and means "reconcile this key".
            switch EventCodec.decode(key: message.key, value: message.value) {
            case .changed(let event): return .message(partition: message.partition, offset: message.offset, key: event.key, cause: event.cause)
            case .undecodable(let key, _): return .message(partition: message.partition, offset: message.offset, key: key, cause: .replayed)
            case .keyless: return .message(partition: message.partition, offset: message.offset, key: nil, cause: .replayed)
            }
        case .failed(let error):
            return error.disposition == .fatal ? .ended(error.message) : .report(error.message)
        }
    }

    func commit(_ offsets: [Int32: Int64], generation: Int) async throws -> Instant {
        let commit = try await group.commit(offsets.mapValues { KafkaPosition(offset: $0) }, generation: generation)
        return Instant(milliseconds: commit.sentAt.milliseconds)
    }
    func pause(_ partitions: [Int32], generation: Int) { group.pause(partitions, generation: generation) }
    func resume(_ partitions: [Int32], generation: Int) { group.resume(partitions, generation: generation) }
    func close() async { await group.close() }
    var trouble: String? { group.connection.trouble }
}

extension KafkaConnection {
    fileprivate var trouble: String? {
        switch self {
        case .connected: nil
        case .disconnected(let reason): "Kafka: \(reason)"
        }
    }
}

internal import CRdKafka
internal import Lifecycle

/// A message to publish. Key and value are bytes; nil is Kafka's null (a null value is a tombstone in a compacted topic).
public struct KafkaOutgoing: Sendable {
    public var topic: String
    /// Chosen by the caller, always.
    public var partition: Int32
    public var key: [UInt8]?
    public var value: [UInt8]?
    public var headers: [(name: String, value: [UInt8])]
    public init(topic: String, partition: Int32, key: [UInt8]?, value: [UInt8]?, headers: [(name: String, value: [UInt8])] = []) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
    }
    var bytes: Int { (key?.count ?? 0) + (value?.count ?? 0) + headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.count } }
}

/// Where an acknowledged message lies.
public struct KafkaDelivery: Hashable, Sendable {
    public let partition: Int32
    public let offset: Int64
}

/// Publishes messages: idempotent, acknowledged by all in-sync replicas, in order within a partition.
///
/// `send` returns when the brokers have acknowledged. While they are away it waits, however long; the caller bounds the wait by
/// cancelling its task, and then does not know whether the message will still be written. After a `fatal` error nothing more
/// passes: the owner closes this producer, makes a new one and sends again what was not acknowledged.
public final class KafkaProducer: Sendable {
    /// What a producer holds at most.
    public struct Limits: Sendable {
        /// Messages handed to librdkafka and not acknowledged. At the limit `send` waits its turn, first come first served.
        public var inFlightMessagesMax = 10_000
        /// Their bytes. At the limit as above; a single larger message passes alone.
        public var inFlightBytesMax = 32 << 20
        public init() {}
    }
    let engine: ProducerEngine

    /// - Throws: `settings`, with librdkafka's words. Unreachable brokers are no error here: see `connection`.
    public init(_ settings: KafkaSettings, limits: Limits = Limits()) throws(KafkaError) {
        engine = try ProducerEngine(settings, limits)
        engine.start()
    }
    deinit { engine.requestClose(within: .zero) }

    /// Publishes and waits for the acknowledgement.
    /// - Throws: `KafkaError`, or `CancellationError` when the task was cancelled: the message may or may not be in the log.
    public func send(_ message: KafkaOutgoing) async throws -> KafkaDelivery { try await engine.send(message) }

    /// As `send(_:)`.
    public func send(
        topic: String, partition: Int32, key: [UInt8]?, value: [UInt8]?, headers: [(name: String, value: [UInt8])] = []
    ) async throws -> KafkaDelivery {
        try await engine.send(KafkaOutgoing(topic: topic, partition: partition, key: key, value: value, headers: headers))
    }

    /// Returns when nothing is waiting or in flight, or when the task is cancelled.
    public func flush() async { await engine.flush() }

    /// Takes no more messages, waits for acknowledgements as long as `limit`, fails what is left with `closed`, and frees
    /// everything. May be called more than once.
    public func close(within limit: Duration = .seconds(5)) async { await engine.close(within: limit) }

    /// Whether the brokers answer.
    public var connection: KafkaConnection { engine.connection }
    /// Messages waiting or not acknowledged.
    public var unacknowledged: Int { engine.unacknowledged }
}

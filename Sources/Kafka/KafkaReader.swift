internal import CRdKafka
internal import Lifecycle

/// Reads a part of a topic once, outside any group: for replay and audits. It commits nothing and disturbs nobody.
///
/// Not on the mock cluster where times are asked for: it knows no offsets of times.
public final class KafkaReader: Sendable {
    /// What to read of each partition: from the first offset up to, not including, the second.
    public typealias Ranges = [Int32: Range<Int64>]
    private let engine: ReaderEngine

    /// What a topic holds now, or holds since a time (milliseconds since 1970); partitions with nothing in it are left out.
    /// - Throws: `retry` while the brokers are away, `refused` for a topic that does not exist
    public static func ranges(_ settings: KafkaSettings, topic: String, sinceMs: Int64? = nil, within limit: Duration = .seconds(15)) async throws(KafkaError)
        -> Ranges
    {
        let result: Result<Ranges, KafkaError> = await withCheckedContinuation { waiter in
            spawnThread(name: "kafka-ranges") {
                waiter.resume(returning: Result { () throws(KafkaError) in try ReaderEngine.ranges(settings, topic, sinceMs, limit) })
            }
        }
        return try result.get()
    }

    /// - Throws: `settings`, with librdkafka's words
    public init(_ settings: KafkaSettings, topic: String, ranges: Ranges) throws(KafkaError) {
        engine = try ReaderEngine(settings, topic, ranges)
        engine.start()
    }
    deinit { engine.close() }

    /// The next messages, at least one and at most 500, in order within each partition; nil when all ranges are read, or after
    /// `close()`. One caller at a time. While the brokers are away it waits; `close()` ends the wait.
    /// - Throws: what a partition answered that will not go away by waiting
    public func next() async throws(KafkaError) -> [KafkaMessage]? { try await engine.next() }

    /// Frees everything. Needed only when the ranges were not read to their end.
    public func close() { engine.close() }
}

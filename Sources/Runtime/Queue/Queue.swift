internal import Core

/// Where informers put keys that changed. Kafka in production, memory where one replica acts.
protocol QueuePublisher: Sendable {
    /// Returns when the change is safe: acknowledged by the log.
    /// - Throws: when it may not have arrived; the caller publishes again.
    func publish(_ change: KeyChanged) async throws
}

/// What a worker is told by its queue.
enum QueueEvent: Sendable {
    /// these partitions are this worker's, read from these offsets on; whatever it had before is gone
    case assigned([Int32: Int64], generation: Int)
    /// they are about to go: settle and commit what is in hand, then `finish`; `lost`: they went already
    case revoking(lost: Bool, finish: @Sendable () -> Void)
    /// nil: not a key, which settles it
    case message(partition: Int32, offset: Int64, key: Key?, cause: Cause)
    /// something that heals by itself; for the log
    case report(String)
    /// nothing more comes
    case ended(String)
}

/// Where workers get keys from. One reader.
protocol QueueConsumer: Sendable {
    var events: AsyncStream<QueueEvent> { get }
    /// Commits the next offsets to read and returns when the send time of the acknowledged commit is known: the proof of
    /// ownership for that generation. An unchanged offset proves as well.
    /// - Throws: when it was not acknowledged; the proof stays what it was.
    func commit(_ offsets: [Int32: Int64], generation: Int) async throws -> Instant
    func pause(_ partitions: [Int32], generation: Int)
    func resume(_ partitions: [Int32], generation: Int)
    func close() async
    /// nil: it works; else why not, for `/readyz`
    var trouble: String? { get }
}

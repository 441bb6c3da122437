internal import Core
internal import Lifecycle

/// The queue inside one process: for small clusters and tests. Its offsets are counters, its one consumer owns everything
/// while `proof` says so; what is in it is gone with the process, and the next leader's lists bring it back.
final class MemoryQueue: QueuePublisher, QueueConsumer {
    private struct State {
        var next: [Int32: Int64] = [:]
        var finished = false
    }
    private let map: ShardMap
    private let place: AccountRegion
    private let state = Locked(State())
    private let proof: @Sendable () throws -> Instant
    private let stream: (stream: AsyncStream<QueueEvent>, continuation: AsyncStream<QueueEvent>.Continuation)

    /// - Parameter proof: the moment up to which it is certain that this replica alone acts; throws when it does not.
    init(map: ShardMap, place: AccountRegion, proof: @escaping @Sendable () throws -> Instant) {
        self.map = map
        self.place = place
        self.proof = proof
        stream = AsyncStream.makeStream()
        var start: [Int32: Int64] = [:]
        for slot in 0..<map.slots { start[Int32(map.partition(ofSlot: slot, of: place))] = 0 }
        stream.continuation.yield(.assigned(start, generation: 1))
    }

    func publish(_ change: KeyChanged) async throws {
        let partition = Int32(map.partition(of: change.key, of: place))
        let offset = state.withLock { s in
            defer { s.next[partition, default: 0] += 1 }
            return s.next[partition, default: 0]
        }
        stream.continuation.yield(.message(partition: partition, offset: offset, key: change.key, cause: change.cause))
    }

    var events: AsyncStream<QueueEvent> { stream.stream }
    func commit(_ offsets: [Int32: Int64], generation: Int) async throws -> Instant { try proof() }
    func pause(_ partitions: [Int32], generation: Int) {}  // the outbox upstream holds one change per key, so this is bounded by keys
    func resume(_ partitions: [Int32], generation: Int) {}
    func close() async { stream.continuation.finish() }
    var trouble: String? { nil }
}

internal import Core
internal import Lifecycle

/// The queue inside one process: for small clusters and tests. Its offsets are counters, its one consumer owns everything
/// while `proof` says so; what is in it is gone with the process, and the next leader's lists bring it back.
///
/// While it is paused, `publish` waits, so that what piles up does so in the outbox, which holds one change for each key.
final class MemoryQueue: QueuePublisher, QueueConsumer {
    private struct State {
        var next: [Int32: Int64] = [:]
        var isClosed = false
        /// of partitions that are paused
        var gates: [Int32: Latch] = [:]
    }
    struct Closed: Error, CustomStringConvertible {
        let description = "the queue is closed: the term in which this was published is over"
    }

    /// of the only assignment there is
    private static let generation = 1

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
        stream.continuation.yield(.assigned(start, generation: Self.generation))
    }

    func publish(_ change: KeyChanged) async throws {
        let partition = Int32(map.partition(of: change.key, of: place))
        while true {
            let gate = try state.withLock { s throws(Closed) -> Latch? in
                if s.isClosed { throw Closed() }
                if let gate = s.gates[partition] { return gate }
                let offset = s.next[partition, default: 0]
                s.next[partition] = offset + 1
                // Under the lock, so that offsets come in order; a stream without a bound only appends.
                stream.continuation.yield(.message(partition: partition, offset: offset, key: change.key, cause: change.cause))
                return nil
            }
            guard let gate else { return }
            await gate.wait()
            try Task.checkCancellation()
        }
    }

    var events: AsyncStream<QueueEvent> { stream.stream }

    func commit(_ offsets: [Int32: Int64], generation: Int) async throws -> Instant {
        guard generation == Self.generation, !state.withLock({ $0.isClosed }) else { throw Closed() }
        return try proof()
    }

    func pause(_ partitions: [Int32], generation: Int) {
        guard generation == Self.generation else { return }
        state.withLock { s in for partition in partitions where s.gates[partition] == nil { s.gates[partition] = Latch() } }
    }

    func resume(_ partitions: [Int32], generation: Int) {
        guard generation == Self.generation else { return }
        let gates = state.withLock { s in partitions.compactMap { s.gates.removeValue(forKey: $0) } }
        for gate in gates { gate.open() }
    }

    func close() async {
        let gates = state.withLock { s in
            s.isClosed = true
            defer { s.gates = [:] }
            return Array(s.gates.values)
        }
        for gate in gates { gate.open() }
        stream.continuation.finish()
    }

    var trouble: String? { nil }
}

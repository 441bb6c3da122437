import Core
import Kafka
import Lifecycle
import Testing
import Wire

@testable import Runtime

/// What must hold of every queue. The suites run it on each.
struct QueueCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (QueueBench) async throws -> Void

    /// On all of them.
    static let all = [
        QueueCase(testDescription: "changes of a key come in order, each on its shard's partition", run: ordersKeys),
        QueueCase(testDescription: "an offset is committed when all before it are settled", run: commitsWhatIsSettled),
        QueueCase(testDescription: "a commit proves ownership again though its offset is unchanged", run: proves),
        QueueCase(testDescription: "a commit of another assignment is refused", run: refusesStaleCommits),
        QueueCase(testDescription: "a paused partition is silent, others are not, and nothing is lost", run: pauses),
        QueueCase(testDescription: "after the close nothing comes, and nothing is taken", run: closes),
    ]
    /// Where messages outlive those who read them, and anything can be among them.
    static let ofLogs = [
        QueueCase(testDescription: "what is published is safe when publish returns", run: keepsWhatIsAcknowledged),
        QueueCase(testDescription: "what was not settled comes again after a crash", run: deliversAgain),
        QueueCase(testDescription: "on revoke what is settled is committed before the partitions go", run: drains),
        QueueCase(testDescription: "a payload that cannot be read still names its key", run: readsKeysOfGarbage),
        QueueCase(testDescription: "a message without a key is settled by itself", run: settlesGarbage),
    ]

    @Sendable private static func ordersKeys(_ bench: QueueBench) async throws {
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        #expect(Set(reader.starts.keys).isSuperset(of: [QueueBench.partition(0), QueueBench.partition(1)]))
        let keys = QueueBench.keys(slot: 0, 3) + QueueBench.keys(slot: 1, 3)
        let causes: [Cause] = [.podSeen, .claimSeen, .podGone, .claimGone, .due]
        for cause in causes { for key in keys { try await bench.publish(key, cause) } }
        let messages = try await reader.messages(keys.count * causes.count)
        for key in keys {
            let mine = messages.filter { $0.key == key }
            #expect(mine.map(\.cause) == causes)
            #expect(mine.allSatisfy { $0.partition == QueueBench.partition(QueueBench.map.slot(of: key)) })
        }
        for slot in 0..<2 { #expect(messages.filter { $0.partition == QueueBench.partition(slot) }.map(\.offset) == Array(0..<15)) }
        try await end(reader, bench)
    }

    @Sendable private static func commitsWhatIsSettled(_ bench: QueueBench) async throws {
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        let keys = QueueBench.keys(slot: 0, 3)
        let partition = QueueBench.partition(0)
        for key in keys { try await bench.publish(key) }
        _ = try await reader.messages(3)
        #expect(reader.running == Set(keys))
        await reader.settle(keys[1])
        await reader.settle(keys[2])
        #expect(reader.committed[partition] == 0, "the first is still at work")
        await reader.settle(keys[0])
        #expect(reader.committed[partition] == 3)
        try await end(reader, bench)
    }

    @Sendable private static func proves(_ bench: QueueBench) async throws {
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        #expect(reader.proofs.count == 1, "the first thing after an assignment")
        let offsets = [QueueBench.partition(0): Int64(0)]
        let before = BootClock.now()
        let first = try await reader.queue.commit(offsets, generation: reader.generation)
        #expect(first >= before && first <= BootClock.now())
        let between = BootClock.now()
        let second = try await reader.queue.commit(offsets, generation: reader.generation)
        #expect(second >= between && second >= first)
        try await end(reader, bench)
    }

    @Sendable private static func refusesStaleCommits(_ bench: QueueBench) async throws {
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        let (queue, generation) = (reader.queue, reader.generation)
        await #expect(throws: (any Error).self) { try await queue.commit([QueueBench.partition(0): 0], generation: generation - 1) }
        try await end(reader, bench)
        await #expect(throws: (any Error).self, "closed") { try await queue.commit([QueueBench.partition(0): 0], generation: generation) }
    }

    @Sendable private static func pauses(_ bench: QueueBench) async throws {
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        let paused = QueueBench.keys(slot: 0, 3)
        let open = QueueBench.keys(slot: 1, 3)
        let partition = QueueBench.partition(0)
        try await bench.publish(paused[0])
        #expect(try await reader.messages(1).map(\.key) == [paused[0]])
        reader.queue.pause([partition], generation: reader.generation)
        reader.queue.resume([partition], generation: reader.generation - 1)  // of an assignment that is over
        // The pause is taken between two polls of a broker: a message that arrives proves that it was.
        try await bench.publish(open[0])
        #expect(try await reader.messages(1).map(\.key) == [open[0]])
        // In memory this waits for the resume, on a log it does not.
        let publishing = Task { for key in paused[1...] { try await bench.publish(key) } }
        try await bench.publish(open[1])
        try await bench.publish(open[2])
        #expect(try await reader.messages(2).map(\.key) == [open[1], open[2]])
        reader.queue.resume([partition], generation: reader.generation)
        let rest = try await reader.messages(2)
        #expect(rest.map(\.key) == [paused[1], paused[2]] && rest.map(\.offset) == [1, 2])
        try await publishing.value
        try await end(reader, bench)
    }

    @Sendable private static func closes(_ bench: QueueBench) async throws {
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        try await end(reader, bench)
        await #expect(throws: (any Error).self) { try await bench.publish(QueueBench.keys(slot: 0, 1)[0]) }
    }

    // MARK: logs

    @Sendable private static func keepsWhatIsAcknowledged(_ bench: QueueBench) async throws {
        let key = QueueBench.keys(slot: 1, 1)[0]
        try await bench.publish(key, .claimSeen)
        await bench.close()
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        #expect(
            try await reader.messages(1) == [QueueReader.Message(partition: QueueBench.partition(1), offset: 0, key: key, cause: .claimSeen)])
        try await end(reader, bench)
    }

    @Sendable private static func deliversAgain(_ bench: QueueBench) async throws {
        let keys = QueueBench.keys(slot: 0, 3)
        for key in keys { try await bench.publish(key) }
        var first = QueueReader(try bench.consumer())
        try await first.assigned()
        _ = try await first.messages(3)
        await first.settle(keys[0])
        await first.settle(keys[2])
        let queue = try #require(first.queue as? KafkaConsumer)
        await queue.group.abandon()  // as if killed

        var second = QueueReader(try bench.consumer())
        try await second.assigned()
        #expect(second.starts[QueueBench.partition(0)] == 1)
        #expect(try await second.messages(2).map(\.key) == [keys[1], keys[2]], "the third, though settled: it comes after one that is not")
        try await end(second, bench)
    }

    @Sendable private static func drains(_ bench: QueueBench) async throws {
        let keys = QueueBench.keys(slot: 0, 3)
        for key in keys { try await bench.publish(key) }
        var first = QueueReader(try bench.consumer())
        try await first.assigned()
        _ = try await first.messages(3)
        await first.settle(keys[0])
        let queue = first.queue
        async let closed: Void = queue.close()
        try await first.drain()
        await closed
        #expect(first.committed[QueueBench.partition(0)] == 1)

        var second = QueueReader(try bench.consumer())
        try await second.assigned()
        #expect(second.starts[QueueBench.partition(0)] == 1)
        #expect(try await second.messages(2).map(\.key) == [keys[1], keys[2]])
        try await end(second, bench)
    }

    @Sendable private static func readsKeysOfGarbage(_ bench: QueueBench) async throws {
        let log = try #require(bench.log)
        let key = QueueBench.keys(slot: 0, 1)[0]
        let partition = QueueBench.partition(0)
        let other = EventCodec.encode(
            KeyChanged(key: QueueBench.keys(slot: 0, 2)[1], cause: .podGone, at: Timestamp(milliseconds: 0)))
        for value in [[0xff, 0xff, 0xff], [], nil, other] as [[UInt8]?] { try await log.put(EventCodec.messageKey(key), value, partition: partition) }
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        let messages = try await reader.messages(4)
        #expect(messages.allSatisfy { $0.key == key && $0.cause == .replayed })
        await reader.settle(key)
        await reader.settle(key)  // what came while it ran made it run once more
        #expect(reader.committed[partition] == 4)
        try await end(reader, bench)
    }

    @Sendable private static func settlesGarbage(_ bench: QueueBench) async throws {
        let log = try #require(bench.log)
        let partition = QueueBench.partition(0)
        try await log.put(nil, [0xff], partition: partition)
        try await log.put(Array("no key of ours".utf8), [0xff], partition: partition)
        try await bench.publish(QueueBench.keys(slot: 0, 1)[0])
        var reader = QueueReader(try bench.consumer())
        try await reader.assigned()
        let messages = try await reader.messages(3)
        #expect(messages.map(\.key) == [nil, nil, QueueBench.keys(slot: 0, 1)[0]])
        #expect(reader.committed[partition] == 2, "up to the one that is at work")
        try await end(reader, bench)
    }

    /// Closes both ends.
    private static func end(_ reader: QueueReader, _ bench: QueueBench) async throws {
        var reader = reader
        let queue = reader.queue
        async let closed: Void = queue.close()
        try await reader.drain()
        await closed
        await bench.close()
    }
}

import Core
import Kafka
import Lifecycle
import Testing

@testable import Runtime

@Suite("The queue in memory", .timeLimit(.minutes(1))) struct MemoryQueueTests {
    @Test(arguments: QueueCase.all) func `keeps what a queue promises`(_ one: QueueCase) async throws { try await one.run(.memory()) }

    @Test func `without a proof nothing is committed`() async throws {
        struct Lost: Error {}
        let queue = MemoryQueue(map: QueueBench.map, place: QueueBench.place) { throw Lost() }
        await #expect(throws: Lost.self) { try await queue.commit([:], generation: 1) }
    }

    @Test func `a publication that waits for a pause ends with the queue`() async throws {
        let queue = MemoryQueue(map: QueueBench.map, place: QueueBench.place) { BootClock.now() }
        queue.pause([QueueBench.partition(0)], generation: 1)
        let change = KeyChanged(key: QueueBench.keys(slot: 0, 1)[0], cause: .podSeen, at: Timestamp(milliseconds: 0))
        let publishing = Task { try await queue.publish(change) }
        await queue.close()
        await #expect(throws: MemoryQueue.Closed.self) { try await publishing.value }
    }
}

@Suite("The queue on librdkafka's mock cluster", .timeLimit(.minutes(1))) struct MockQueueTests {
    @Test(arguments: QueueCase.all + QueueCase.ofLogs) func `keeps what a queue promises`(_ one: QueueCase) async throws {
        try await one.run(try await .mock())
    }

    @Test func `publish returns no sooner than the broker's answer`() async throws {
        let bench = try await QueueBench.mock()
        let keys = QueueBench.keys(slot: 0, 2)
        try await bench.publish(keys[0])  // connected
        try #require(bench.mock).setRoundTrip(.milliseconds(400))
        let time = try await ContinuousClock().measure { try await bench.publish(keys[1]) }
        #expect(time >= .milliseconds(390))
        await bench.close()
    }
}

@Suite("The queue on a real broker", .enabled(if: realBroker != nil, "EIP_TEST_KAFKA is not set"), .timeLimit(.minutes(2))) struct RealBrokerQueueTests {
    @Test(arguments: QueueCase.all + QueueCase.ofLogs) func `keeps what a queue promises`(_ one: QueueCase) async throws {
        try await one.run(try await .real())
    }
}

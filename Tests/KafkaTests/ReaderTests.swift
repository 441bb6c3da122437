import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(1))) struct ReaderTests {
    static func readAll(_ reader: KafkaReader) async throws -> [KafkaMessage] {
        var all: [KafkaMessage] = []
        while let batch = try await reader.next() {
            #expect(!batch.isEmpty && batch.count <= 500)
            all += batch
        }
        return all
    }

    @Test func `a part of a topic is read once, in order, and the reading ends`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 3])
        try await publish(1200, to: "t", partition: 0, cluster.settings)
        try await publish(5, to: "t", partition: 2, cluster.settings)
        let ranges = try await KafkaReader.ranges(cluster.settings, topic: "t")
        #expect(ranges == [0: 0..<1200, 2: 0..<5])
        let all = try await Self.readAll(KafkaReader(cluster.settings, topic: "t", ranges: ranges))
        #expect(all.filter { $0.partition == 0 }.map(\.offset) == Array(0..<1200))
        #expect(all.filter { $0.partition == 2 }.map(\.offset) == Array(0..<5))
        let some = try await Self.readAll(KafkaReader(cluster.settings, topic: "t", ranges: [0: 7..<9, 1: 0..<0]))
        #expect(some.map { $0.value ?? [] } == [bytes("m7"), bytes("m8")])
        #expect(try await Self.readAll(KafkaReader(cluster.settings, topic: "t", ranges: [:])).isEmpty)
    }

    @Test func `a topic that does not exist is refused`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        let error = await #expect(throws: KafkaError.self) { try await KafkaReader.ranges(cluster.settings, topic: "other") }
        #expect(error?.disposition == .refused)
    }

    @Test func `closing ends a wait for messages that do not come`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        let reader = try KafkaReader(cluster.settings, topic: "t", ranges: [0: 0..<10])
        async let batch = reader.next()
        reader.close()
        #expect(try await batch?.count == nil)
        #expect(try await reader.next()?.count == nil)
    }

    @Test(.enabled(if: realBroker != nil, "EIP_TEST_KAFKA is not set")) func `what came since a time is found`() async throws {
        let topic = fresh("reader")
        let cluster = try await TestCluster.real([topic: 2])
        try await publish(20, to: topic, partition: 1, cluster.settings)
        let all = try await Self.readAll(KafkaReader(cluster.settings, topic: topic, ranges: KafkaReader.ranges(cluster.settings, topic: topic)))
        #expect(all.map(\.offset) == Array(0..<20))
        let since = all[10].timestampMs
        let first = try #require(all.firstIndex { $0.timestampMs >= since })
        #expect(try await KafkaReader.ranges(cluster.settings, topic: topic, sinceMs: since) == [1: Int64(first)..<20])
        #expect(try await KafkaReader.ranges(cluster.settings, topic: topic, sinceMs: all[19].timestampMs + 3_600_000) == [:])
        #expect(try await KafkaReader.ranges(cluster.settings, topic: topic, sinceMs: 0) == [1: 0..<20])
    }
}

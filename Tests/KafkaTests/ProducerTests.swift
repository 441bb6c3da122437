import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(1))) struct ProducerTests {
    @Test func `an acknowledged message lies in the partition that was asked for`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 4])
        let producer = try KafkaProducer(cluster.settings)
        for offset in 0..<3 {
            let delivery = try await producer.send(topic: "t", partition: 2, key: bytes("k"), value: bytes("v"))
            #expect(delivery == KafkaDelivery(partition: 2, offset: Int64(offset)))
        }
        #expect(try await producer.send(topic: "t", partition: 3, key: nil, value: nil) == KafkaDelivery(partition: 3, offset: 0))
        await producer.flush()
        #expect(producer.unacknowledged == 0)
        await producer.close()
    }

    @Test func `a partition that does not exist is refused, and the next message passes`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        let producer = try KafkaProducer(cluster.settings)
        let error = await #expect(throws: KafkaError.self) { try await producer.send(topic: "t", partition: 7, key: nil, value: bytes("v")) }
        #expect(error?.disposition == .refused)
        #expect(error?.message.contains("publish to t[7]") == true)
        _ = try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("v"))
        await producer.close()
    }

    @Test func `a message too large is refused`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        let producer = try KafkaProducer(cluster.settings)
        let error = await #expect(throws: KafkaError.self) {
            try await producer.send(topic: "t", partition: 0, key: nil, value: [UInt8](repeating: 1, count: 2 << 20))
        }
        #expect(error?.disposition == .refused)
        await producer.close()
    }

    @Test func `brokers away and back: all messages arrive, in order, through a queue of two`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        var limits = KafkaProducer.Limits()
        limits.inFlightMessagesMax = 2
        let producer = try KafkaProducer(cluster.settings, limits: limits)
        await producer.engine.watch.wait(untilUp: true)
        _ = try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("before"))
        cluster.goDown()
        await producer.engine.watch.wait(untilUp: false)
        guard case .disconnected(let reason) = producer.connection else {
            Issue.record("should be disconnected")
            return
        }
        #expect(reason != "not connected yet" && !reason.isEmpty)
        let offsets = try await withThrowingTaskGroup(of: Int64.self) { group in
            for n in 0..<20 { group.addTask { try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("m\(n)")).offset } }
            cluster.comeUp()
            return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        #expect(offsets == Set(1...20))
        await producer.engine.watch.wait(untilUp: true)
        #expect(producer.connection == .connected)
        await producer.close()
    }

    @Test func `a dropped connection under a publish is healed without the sender noticing`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        let producer = try KafkaProducer(cluster.settings)
        cluster.fail(next: .produce, with: [-195, -195, 7, 5])
        _ = try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("v"))
        await producer.close()
    }

    @Test func `a fatal error is said to be one, and a new producer passes`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        let producer = try KafkaProducer(cluster.settings)
        _ = try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("v"))
        cluster.fail(next: .produce, with: [45])  // OUT_OF_ORDER_SEQUENCE_NUMBER
        for _ in 0..<2 {
            let error = await #expect(throws: KafkaError.self) { try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("v")) }
            #expect(error?.disposition == .fatal, "\(String(describing: error))")
        }
        await producer.close()
        let next = try KafkaProducer(cluster.settings)
        _ = try await next.send(topic: "t", partition: 0, key: nil, value: bytes("v"))
        await next.close()
    }

    @Test func `a sender that is cancelled waits no longer`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        cluster.goDown()
        let producer = try KafkaProducer(cluster.settings)
        let sending = Task { try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("v")) }
        await producer.engine.watch.wait(untilUp: false)
        sending.cancel()
        await #expect(throws: CancellationError.self) { try await sending.value }
        await producer.close(within: .zero)
    }

    @Test func `closing fails what was not acknowledged, and what comes later`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        cluster.goDown()
        var limits = KafkaProducer.Limits()
        limits.inFlightMessagesMax = 1
        let producer = try KafkaProducer(cluster.settings, limits: limits)
        let sending = (0..<3).map { n in Task { try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("\(n)")) } }
        while producer.unacknowledged < 3 { await Task.yield() }
        await producer.close(within: .milliseconds(100))
        for task in sending {
            let error = await #expect(throws: KafkaError.self) { try await task.value }
            #expect(error?.disposition == .closed)
        }
        let error = await #expect(throws: KafkaError.self) { try await producer.send(topic: "t", partition: 0, key: nil, value: nil) }
        #expect(error?.disposition == .closed)
    }

    @Test func `a producer that is let go without closing frees itself`() async throws {
        let cluster = try KafkaMockCluster(topics: ["t": 1])
        weak var engine: ProducerEngine?
        try await {
            let producer = try KafkaProducer(cluster.settings)
            _ = try await producer.send(topic: "t", partition: 0, key: nil, value: bytes("v"))
            engine = producer.engine
        }()
        while engine != nil { await Task.yield() }
    }
}

import Testing

@testable import Kafka

/// On a real broker, when EIP_TEST_KAFKA names one (`host:port`, in the clear, allowed to create topics).
@Suite(.enabled(if: realBroker != nil, "EIP_TEST_KAFKA is not set"), .timeLimit(.minutes(2))) struct RealBrokerTests {
    private let topic = fresh("group")

    @Test func `a member commits by hand, and a later one goes on there`() async throws {
        try await GroupScenarios.commitsAndGoesOn(.real([topic: 2]), topic)
    }
    @Test func `a dead member's partitions go to another`() async throws {
        try await GroupScenarios.takesOverFromTheDead(.real([topic: 1]), topic, instance: nil)
    }
    @Test func `a dead static member's partitions go to another`() async throws {
        try await GroupScenarios.takesOverFromTheDead(.real([topic: 1]), topic, instance: "worker")
    }
    @Test func `paused partitions are silent, and go on where they stopped`() async throws {
        try await GroupScenarios.pausesAndResumes(.real([topic: 2]), topic)
    }
    @Test func `a slow receiver holds up the reading, not the member`() async throws {
        try await GroupScenarios.holdsUpTheReading(.real([topic: 1]), topic)
    }
    @Test func `partitions are given up when their owner has finished`() async throws {
        try await GroupScenarios.drainsOnRevoke(.real([topic: 2]), topic)
    }

    @Test func `headers, a null value and a null key come back as sent`() async throws {
        let cluster = try await TestCluster.real([topic: 1])
        let producer = try KafkaProducer(cluster.settings)
        let headers: [(name: String, value: [UInt8])] = [("trace", bytes("00ff")), ("empty", [])]
        _ = try await producer.send(topic: topic, partition: 0, key: bytes("k"), value: nil, headers: headers)
        _ = try await producer.send(topic: topic, partition: 0, key: nil, value: [])
        await producer.close()
        var member = try Member(cluster.settings, .test(topic))
        _ = try await member.expectAssigned()
        let read = try await member.expectMessages(2)
        #expect(read[0].key == bytes("k") && read[0].value == nil && read[1].key == nil)
        #expect(read[0].headers.map(\.name) == ["trace", "empty"] && read[0].headers.map(\.value) == [bytes("00ff"), []])
        await member.close()
    }

    @Test func `a second member: the first drains, both own a half, and commits count during the rebalance`() async throws {
        let cluster = try await TestCluster.real([topic: 4])
        try await publish(3, to: topic, partition: 3, cluster.settings)
        var first = try Member(cluster.settings, .test(topic, instance: "a"))
        #expect(try await first.expectAssigned().count == 4)
        _ = try await first.expectMessages(3)
        var second = try Member(cluster.settings, .test(topic, instance: "b"))
        let revocation = try await first.expectRevoking()
        #expect(!revocation.lost && revocation.partitions == [0, 1, 2, 3])
        _ = try await first.group.commit([3: KafkaPosition(offset: 3)], generation: revocation.generation)
        revocation.finish()
        let mine = try await first.expectAssigned()
        let theirs = try await second.expectAssigned()
        #expect(Set(mine.keys).union(theirs.keys) == [0, 1, 2, 3] && mine.count == 2 && theirs.count == 2)
        #expect((mine[3] ?? theirs[3]) == KafkaPosition(offset: 3))
        await second.close()
        await first.close()
    }

    @Test func `a static member that restarts keeps its partitions, and nobody else notices`() async throws {
        let cluster = try await TestCluster.real([topic: 2])
        var first = try Member(cluster.settings, .test(topic, instance: "a"))
        _ = try await first.expectAssigned()
        var second = try Member(cluster.settings, .test(topic, instance: "b"))
        try await first.expectRevoking().finish()
        let mine = try await first.expectAssigned()
        let theirs = try await second.expectAssigned()
        #expect(mine.count == 1 && theirs.count == 1)
        for death in [false, true] {
            if death {
                await second.group.abandon()
                await second.expectEnd()
            } else {
                await second.close()
            }
            let start = sinceBoot()
            second = try Member(cluster.settings, .test(topic, instance: "b"))
            #expect(try await second.expectAssigned() == theirs)
            #expect(sinceBoot() - start < .seconds(3), "sooner than the session's end")
        }
        // The first was not disturbed: its next event is the message sent now.
        let partition = try #require(mine.keys.first)
        try await publish(1, to: topic, partition: partition, cluster.settings)
        #expect(try await first.expectMessages(1).map(\.partition) == [partition])
        await second.close()
        await first.close()
    }

    @Test func `two members of one name: the first is told that it is finished`() async throws {
        let cluster = try await TestCluster.real([topic: 1])
        var first = try Member(cluster.settings, .test(topic, instance: "same"))
        _ = try await first.expectAssigned()
        var second = try Member(cluster.settings, .test(topic, instance: "same"))
        _ = try await second.expectAssigned()
        var fatal: KafkaError?
        while fatal == nil {
            switch try await first.next() {
            case .failed(let error) where error.disposition == .fatal: fatal = error
            case .revoking(let revocation): revocation.finish()
            case .assigned, .message, .failed: continue
            }
        }
        #expect(fatal?.message.contains("FENCED_INSTANCE_ID") == true, "\(String(describing: fatal))")
        await first.group.abandon()
        await second.close()
    }

    @Test func `topics are created once, with their settings; another number of partitions is refused`() async throws {
        let cluster = try await TestCluster.real([:])
        let admin = KafkaAdmin(cluster.settings)
        let spec = KafkaTopicSpec(name: topic, partitions: 32, configs: ["cleanup.policy": "compact", "retention.ms": "86400000"])
        async let one = admin.ensureTopics([spec])
        async let other = admin.ensureTopics([spec])
        let outcomes = try await [one[topic], other[topic]]
        #expect(outcomes.contains(.created) && outcomes.allSatisfy { $0 == .created || $0 == .alreadyRight })
        #expect(try await admin.ensureTopics([spec]) == [topic: .alreadyRight])
        var more = spec
        more.partitions = 64
        #expect(try await admin.ensureTopics([more]) == [topic: .wrongPartitions(32)])
        #expect(try await admin.topic(topic)?.partitions == 32)
        let configs = try await admin.configs(of: topic)
        #expect(configs["cleanup.policy"] == "compact" && configs["retention.ms"] == "86400000")
        let error = await #expect(throws: KafkaError.self) {
            try await admin.create(KafkaTopicSpec(name: topic + ".x", partitions: 1, configs: ["no.such": "thing"]))
        }
        #expect(error?.disposition == .refused)
    }
}

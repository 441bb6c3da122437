import Testing

@testable import Kafka

/// On librdkafka's mock cluster, where each rebalance takes seconds: so the scenarios run side by side.
@Suite(.timeLimit(.minutes(2))) struct MockGroupTests {
    private let topic = fresh("group")

    @Test func `a member commits by hand, and a later one goes on there`() async throws {
        try await GroupScenarios.commitsAndGoesOn(.mock([topic: 2]), topic)
    }
    @Test func `a dead member's partitions go to another`() async throws {
        try await GroupScenarios.takesOverFromTheDead(.mock([topic: 1]), topic, instance: nil)
    }
    @Test func `paused partitions are silent, and go on where they stopped`() async throws {
        try await GroupScenarios.pausesAndResumes(.mock([topic: 2]), topic)
    }
    @Test func `a slow receiver holds up the reading, not the member`() async throws {
        try await GroupScenarios.holdsUpTheReading(.mock([topic: 1]), topic)
    }
    @Test func `partitions are given up when their owner has finished`() async throws {
        try await GroupScenarios.drainsOnRevoke(.mock([topic: 2]), topic)
    }

    @Test func `an owner that does not finish is not waited for longer than agreed`() async throws {
        let cluster = try TestCluster.mock([topic: 1])
        var membership = KafkaMembership.test(topic)
        membership.drainMax = .milliseconds(200)
        var member = try Member(cluster.settings, membership)
        _ = try await member.expectAssigned()
        let group = member.group
        async let closed: Void = group.close()
        _ = try await member.expectRevoking()
        await member.expectEnd()
        await closed
    }

    @Test func `a member that the coordinator has forgotten loses its partitions and gets them again`() async throws {
        let cluster = try TestCluster.mock([topic: 1])
        var member = try Member(cluster.settings, .test(topic))
        _ = try await member.expectAssigned()
        let old = member.generation
        cluster.mock?.fail(next: .heartbeat, with: [25])  // UNKNOWN_MEMBER_ID
        let revocation = try await member.expectRevoking()
        #expect(revocation.lost)
        let error = await #expect(throws: KafkaError.self) { try await member.group.commit([0: KafkaPosition(offset: 0)], generation: old) }
        #expect(error?.disposition == .staleMember)
        _ = try await member.expectAssigned()
        #expect(member.generation > old)
        _ = try await member.group.commit([0: KafkaPosition(offset: 0)], generation: member.generation)
        await member.close()
    }

    @Test func `a commit that the broker refuses says why`() async throws {
        let cluster = try TestCluster.mock([topic: 1])
        var member = try Member(cluster.settings, .test(topic))
        _ = try await member.expectAssigned()
        cluster.mock?.fail(next: .offsetCommit, with: [12, 22])
        let large = await #expect(throws: KafkaError.self) { try await member.group.commit([0: KafkaPosition(offset: 0)], generation: member.generation) }
        #expect(large?.disposition == .refused)
        let stale = await #expect(throws: KafkaError.self) { try await member.group.commit([0: KafkaPosition(offset: 0)], generation: member.generation) }
        #expect(stale?.disposition == .staleMember)
        await member.close()
    }

    @Test func `brokers away: a commit fails in bounded time and may be tried again; the member can still be closed`() async throws {
        let cluster = try TestCluster.mock([topic: 1])
        var member = try Member(cluster.settings, .test(topic))
        _ = try await member.expectAssigned()
        cluster.mock?.goDown()
        await member.group.engine.handle.connection.wait(untilUp: false)
        let start = sinceBoot()
        let error = await #expect(throws: KafkaError.self) { try await member.group.commit([0: KafkaPosition(offset: 0)], generation: member.generation) }
        #expect(error?.disposition == .retry, "\(String(describing: error))")
        #expect(sinceBoot() - start < .seconds(12))
        await member.close()
    }

    @Test func `topics on the mock are found, and another number of partitions is refused`() async throws {
        let cluster = try TestCluster.mock([topic: 3])
        let admin = KafkaAdmin(cluster.settings)
        #expect(try await admin.topics() == [KafkaTopic(name: topic, partitions: 3, replication: 1)])
        #expect(try await admin.ensureTopics([KafkaTopicSpec(name: topic, partitions: 3)]) == [topic: .alreadyRight])
        #expect(try await admin.ensureTopics([KafkaTopicSpec(name: topic, partitions: 32)]) == [topic: .wrongPartitions(3)])
    }

    @Test func `a member that is let go without closing frees itself`() async throws {
        let cluster = try TestCluster.mock([topic: 1])
        weak var engine: GroupEngine?
        try {
            let group = try KafkaConsumerGroup(cluster.settings, .test(topic))
            engine = group.engine
        }()
        while engine != nil { await Task.yield() }
    }
}

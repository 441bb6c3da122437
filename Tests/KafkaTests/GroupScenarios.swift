import Lifecycle
import Testing

@testable import Kafka

/// What must hold on every broker. The suites run it on the mock cluster and on a real one.
enum GroupScenarios {
    /// A member reads its partitions from the start, commits by hand what is settled in a row, and a later member goes on there.
    static func commitsAndGoesOn(_ cluster: TestCluster, _ topic: String) async throws {
        try await publish(6, to: topic, partition: 1, cluster.settings)
        var first = try Member(cluster.settings, .test(topic))
        #expect(try await first.expectAssigned() == [0: KafkaPosition(offset: 0), 1: KafkaPosition(offset: 0)])
        let messages = try await first.expectMessages(6)
        #expect(messages.map(\.offset) == Array(0..<6))
        #expect(messages.allSatisfy { $0.partition == 1 && $0.timestampMs > 1_600_000_000_000 })
        #expect(messages.map { $0.value ?? [] } == (0..<6).map { bytes("m\($0)") })

        // Settled out of order: 0, 1, 2 and 4; the row ends at 3, and the owner's note says that 4 is done.
        let position = KafkaPosition(offset: 3, metadata: "done 4 ä")
        let before = sinceBoot()
        let commit = try await first.group.commit([1: position], generation: first.generation)
        #expect(commit.sentAt >= before && commit.sentAt <= sinceBoot())
        let again = try await first.group.commit([1: position], generation: first.generation)
        #expect(again.sentAt > commit.sentAt, "an unchanged offset is committed again")
        let stale = await #expect(throws: KafkaError.self) { try await first.group.commit([1: position], generation: first.generation - 1) }
        #expect(stale?.disposition == .staleMember)
        let generation = first.generation
        let group = first.group
        await first.close()
        let closed = await #expect(throws: KafkaError.self) { try await group.commit([1: position], generation: generation) }
        #expect(closed?.disposition == .staleMember)

        var second = try Member(cluster.settings, .test(topic))
        #expect(try await second.expectAssigned() == [0: KafkaPosition(offset: 0), 1: position])
        #expect(try await second.expectMessages(3).map(\.offset) == [3, 4, 5])
        await second.close()
    }

    /// A member that died without a word: another one gets its partitions, at the committed offset.
    static func takesOverFromTheDead(_ cluster: TestCluster, _ topic: String, instance: String?) async throws {
        try await publish(5, to: topic, cluster.settings)
        var first = try Member(cluster.settings, .test(topic, instance: instance.map { "\($0)-a" }))
        _ = try await first.expectAssigned()
        _ = try await first.expectMessages(5)
        _ = try await first.group.commit([0: KafkaPosition(offset: 2)], generation: first.generation)
        await first.group.abandon()
        await first.expectEnd()

        var second = try Member(cluster.settings, .test(topic, instance: instance.map { "\($0)-b" }))
        var positions: [Int32: KafkaPosition] = [:]
        while positions.isEmpty {
            switch try await second.next() {
            case .assigned(let mine, _): positions = mine
            case .revoking(let revocation): revocation.finish()
            case .message, .failed: continue
            }
        }
        #expect(positions[0] == KafkaPosition(offset: 2))
        #expect(try await second.expectMessages(3).map(\.offset) == [2, 3, 4])
        await second.close()
    }

    /// Paused partitions stay silent, others do not; resumed they go on without a gap or a repetition.
    static func pausesAndResumes(_ cluster: TestCluster, _ topic: String) async throws {
        var member = try Member(cluster.settings, .test(topic))
        _ = try await member.expectAssigned()
        try await publish(3, to: topic, partition: 0, cluster.settings)
        #expect(try await member.expectMessages(3).map(\.offset) == [0, 1, 2])
        member.group.pause([0], generation: member.generation)
        member.group.pause([1], generation: member.generation - 1)  // of an assignment that is over: ignored
        // The command is taken between two polls; a message that arrives on the other partition proves that it was.
        try await publish(1, to: topic, partition: 1, cluster.settings)
        #expect(try await member.expectMessages(1).map(\.partition) == [1])
        try await publish(3, to: topic, partition: 0, cluster.settings)
        try await publish(2, to: topic, partition: 1, cluster.settings)
        #expect(try await member.expectMessages(2).map(\.partition) == [1, 1])
        member.group.resume([0], generation: member.generation)
        let rest = try await member.expectMessages(3)
        #expect(rest.map(\.offset) == [3, 4, 5] && rest.allSatisfy { $0.partition == 0 })
        await member.close()
    }

    /// A slow receiver holds up the reading, not the member; nothing is skipped or repeated by the pauses.
    static func holdsUpTheReading(_ cluster: TestCluster, _ topic: String) async throws {
        try await publish(60, to: topic, cluster.settings)
        var membership = KafkaMembership.test(topic)
        membership.bufferedMessagesMax = 8
        var member = try Member(cluster.settings, membership)
        _ = try await member.expectAssigned()
        var most = 0
        for offset in 0..<60 {
            #expect(try await member.expectMessages(1).map(\.offset) == [Int64(offset)])
            most = max(most, member.group.engine.state.withLock { $0.bufferedMessages })
        }
        #expect(most <= 8)
        await member.close()
    }

    /// Partitions are given up only when their owner has finished, and a commit made meanwhile counts.
    static func drainsOnRevoke(_ cluster: TestCluster, _ topic: String) async throws {
        try await publish(4, to: topic, partition: 0, cluster.settings)
        var member = try Member(cluster.settings, .test(topic))
        _ = try await member.expectAssigned()
        _ = try await member.expectMessages(4)
        let group = member.group
        async let closed: Void = group.close()
        let revocation = try await member.expectRevoking()
        #expect(revocation.partitions == [0, 1] && !revocation.lost && revocation.generation == member.generation)
        _ = try await member.group.commit([0: KafkaPosition(offset: 4)], generation: member.generation)
        revocation.finish()
        await member.expectEnd()
        await closed
        var next = try Member(cluster.settings, .test(topic))
        #expect(try await next.expectAssigned()[0] == KafkaPosition(offset: 4))
        await next.close()
    }
}

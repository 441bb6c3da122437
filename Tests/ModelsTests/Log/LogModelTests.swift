import Core
import Models
import Testing

@Suite struct LogModelTests {
    private static func at(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: Int64(seconds) * 1000) }
    private static func model() -> LogModel { LogModel(partitions: 4, sessionTimeout: .seconds(10), rebalanceTimeout: .seconds(60)) }

    @Test func `what was appended is read in order until retention takes it`() {
        var log = Self.model()
        for _ in 0..<3 { log.append(nil, to: 1) }
        #expect(log.fetch(1, from: 1, max: 10) == .records([.init(offset: 1, change: nil), .init(offset: 2, change: nil)]))
        #expect(log.fetch(1, from: 3, max: 10) == .records([]))
        log.expireAll()
        #expect(log.fetch(1, from: 1, max: 10) == .outOfRange(first: 3))
        #expect(log.append(nil, to: 1) == 3)
    }

    @Test func `a partition is given to another only after the first gave it back`() {
        var log = Self.model()
        log.join("a", instance: "a", now: Self.at(0))
        #expect(log.takeAssignments() == [.init(memberID: "a", generation: 1, partitions: [0, 1, 2, 3])])
        log.join("b", instance: "b", now: Self.at(1))
        #expect(log.takeAssignments() == [])
        #expect(log.heartbeat("a", generation: 1, now: Self.at(2)) == .rebalancing)
        #expect(log.commit("a", generation: 1, [PartitionOffset(partition: 0, offset: 5)], now: Self.at(2)) == .ok)
        log.join("a", instance: "a", now: Self.at(3))
        #expect(log.takeAssignments().map(\.partitions) == [[0, 1], [2, 3]])
        #expect(log.committed(0) == 5)
    }

    @Test func `a member that was not heard of for a session is thrown out, and its commits are refused`() {
        var log = Self.model()
        log.join("a", instance: "a", now: Self.at(0))
        log.join("b", instance: "b", now: Self.at(1))
        log.join("a", instance: "a", now: Self.at(1))
        _ = log.takeAssignments()
        #expect(log.heartbeat("b", generation: 2, now: Self.at(9)) == .ok)
        #expect(log.heartbeat("b", generation: 2, now: Self.at(12)) == .rebalancing)
        #expect(log.commit("a", generation: 2, [PartitionOffset(partition: 0, offset: 1)], now: Self.at(12)) == .unknownMember)
        log.join("b", instance: "b", now: Self.at(13))
        #expect(log.takeAssignments() == [.init(memberID: "b", generation: 3, partitions: [0, 1, 2, 3])])
    }

    @Test func `a restarted member of the same instance takes the place of the one before it, without a rebalance`() {
        var log = Self.model()
        log.join("a", instance: "eip-0", now: Self.at(0))
        _ = log.takeAssignments()
        log.join("a2", instance: "eip-0", now: Self.at(3))
        #expect(log.takeAssignments() == [.init(memberID: "a2", generation: 1, partitions: [0, 1, 2, 3])])
        #expect(log.heartbeat("a", generation: 1, now: Self.at(4)) == .unknownMember)
    }
}

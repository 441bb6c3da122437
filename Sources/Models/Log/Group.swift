public import Core

/// The group's coordinator, with static membership and the `range` assignor.
///
///     stable ── join, leave, session over ──> preparing ── all joined, or time over ──> stable
///
/// A restarted member of the same instance takes the place of the one before it without a rebalance; the one before is fenced.
struct Group: Sendable {
    enum State: Hashable, Sendable {
        case empty
        /// members are waited for until then
        case preparing(until: Timestamp)
        case stable
    }
    struct Member: Sendable {
        var instance: String
        var heardAt: Timestamp
        /// waits for the end of the rebalance
        var hasJoined = false
        var partitions: [Int] = []
    }

    let sessionTimeout: Duration
    let rebalanceTimeout: Duration
    let partitions: Int
    var state = State.empty
    var generation = 0
    var members: [String: Member] = [:]
    var committed: [Int: Int64] = [:]
    var answers: [LogModel.Assignment] = []

    func memberID(of instance: String) -> String? { members.filter { $0.value.instance == instance }.keys.min() }

    mutating func prepare(now: Timestamp) {
        guard !members.isEmpty else {
            state = .empty
            return
        }
        switch state {
        case .preparing: break
        case .empty, .stable:
            state = .preparing(until: now + rebalanceTimeout)
            for id in members.keys { members[id]?.hasJoined = false }
        }
    }

    mutating func completeIfReady(now: Timestamp) {
        guard case .preparing(let until) = state else { return }
        let isComplete = members.values.allSatisfy(\.hasJoined)
        guard isComplete || until <= now else { return }
        members = members.filter { $0.value.hasJoined }
        guard !members.isEmpty else {
            state = .empty
            return
        }
        generation += 1
        state = .stable
        let ids = members.keys.sorted { (members[$0]?.instance ?? "", $0) < (members[$1]?.instance ?? "", $1) }
        let (each, more) = partitions.quotientAndRemainder(dividingBy: ids.count)
        var first = 0
        for (index, id) in ids.enumerated() {
            let count = each + (index < more ? 1 : 0)
            members[id]?.partitions = Array(first..<(first + count))
            members[id]?.heardAt = now
            members[id]?.hasJoined = false
            first += count
            answer(id)
        }
    }

    mutating func answer(_ id: String) {
        guard let member = members[id] else { return }
        answers.append(LogModel.Assignment(memberID: id, generation: generation, partitions: member.partitions))
    }
}

extension LogModel {
    /// The end of a member's join.
    public struct Assignment: Hashable, Sendable {
        public var memberID: String
        public var generation: Int
        public var partitions: [Int]
        public init(memberID: String, generation: Int, partitions: [Int]) {
            self.memberID = memberID
            self.generation = generation
            self.partitions = partitions
        }
    }

    /// What the coordinator says to a heartbeat or a commit.
    public enum GroupAnswer: Hashable, Sendable {
        case ok
        /// give the partitions back and join again
        case rebalancing
        /// the session is over, or another process of the same instance took its place
        case unknownMember
        case illegalGeneration
    }

    /// JoinGroup and SyncGroup in one; answered by an `Assignment` when the group is complete.
    public mutating func join(_ memberID: String, instance: String, now: Timestamp) {
        advance(to: now)
        if let old = group.memberID(of: instance), old != memberID, let member = group.members.removeValue(forKey: old) {
            group.members[memberID] = Group.Member(instance: instance, heardAt: now, hasJoined: true, partitions: member.partitions)
            if group.state == .stable {
                group.members[memberID]?.hasJoined = false
                return group.answer(memberID)
            }
        } else if group.members[memberID] == nil {
            group.prepare(now: now)
            group.members[memberID] = Group.Member(instance: instance, heardAt: now)
            if group.state == .empty { group.prepare(now: now) }
        } else if group.state == .stable {
            // It asks again although it was answered: the answer was lost.
            group.members[memberID]?.heardAt = now
            return group.answer(memberID)
        }
        group.members[memberID]?.hasJoined = true
        group.members[memberID]?.heardAt = now
        group.completeIfReady(now: now)
    }

    /// All members have to join anew: they are told with their next heartbeat, and who does not within the timeout is out.
    public mutating func rebalance(now: Timestamp) {
        advance(to: now)
        if group.state == .stable { group.prepare(now: now) }
    }

    public mutating func heartbeat(_ memberID: String, generation: Int, now: Timestamp) -> GroupAnswer {
        advance(to: now)
        return heard(memberID, generation, now: now)
    }

    /// OffsetCommit: refused unless the member is in that generation. While the group is being rebalanced it is taken.
    public mutating func commit(_ memberID: String, generation: Int, _ offsets: [PartitionOffset], now: Timestamp) -> GroupAnswer {
        advance(to: now)
        let answer = heard(memberID, generation, now: now)
        guard answer == .ok || answer == .rebalancing else { return answer }
        for offset in offsets { group.committed[offset.partition] = offset.offset }
        return .ok
    }

    public func committed(_ partition: Int) -> Int64? { group.committed[partition] }

    /// Records that are kept and that nobody has committed.
    public func lag(of partition: Int) -> Int {
        let position = committed(partition) ?? first(of: partition)
        return partitions[partition].records.count { $0.offset >= position }
    }

    private mutating func heard(_ memberID: String, _ generation: Int, now: Timestamp) -> GroupAnswer {
        guard group.members[memberID] != nil else { return .unknownMember }
        guard generation == group.generation else { return .illegalGeneration }
        group.members[memberID]?.heardAt = now
        switch group.state {
        case .empty, .stable: return .ok
        case .preparing: return .rebalancing
        }
    }

    /// Ends the sessions and rebalances whose time is over.
    public mutating func advance(to now: Timestamp) {
        let late = group.members.filter { now - $0.value.heardAt >= group.sessionTimeout && !$0.value.hasJoined }.keys.sorted()
        if !late.isEmpty {
            for id in late { group.members[id] = nil }
            group.prepare(now: now)
        }
        group.completeIfReady(now: now)
    }

    /// The answers to joins since the last call.
    public mutating func takeAssignments() -> [Assignment] {
        defer { group.answers = [] }
        return group.answers
    }

    public var generation: Int { group.generation }
    /// Whose a partition is: a member of the present generation, as the coordinator has it.
    public func owner(of partition: Int) -> String? { group.members.filter { $0.value.partitions.contains(partition) }.keys.min() }
}

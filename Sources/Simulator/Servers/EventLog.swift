internal import Core
internal import Models

/// The log of one account's deployment and its coordinator, with who waits at it.
final class EventLog {
    private unowned let sim: Simulation
    var model: LogModel
    let link: Link
    /// partitions that have no leader
    var offline: Set<Int> = []
    /// told when there is something new in one of its partitions
    private var consumers: [String: Consumer] = [:]
    private var nextCheck: Instant?
    /// partitions of which everything was committed once since the last fault; more is published all the time
    private var caughtUp: Set<Int> = []

    init(_ sim: Simulation) {
        self.sim = sim
        model = LogModel(sessionTimeout: sim.draw.limits.shard.sessionTimeout, rebalanceTimeout: .seconds(60))
        link = Link(sim, "log", latency: sim.draw.latency)
    }

    /// - Returns: whether it is safe; without a leader of the partition it is not.
    func publish(_ change: KeyChanged, to partition: Int) -> Bool {
        if offline.contains(partition) { return false }
        model.append(change, to: partition)
        if let owner = model.owner(of: partition) { consumers[owner]?.poke() }
        return true
    }
    /// Nothing comes of a partition without a leader.
    func fetch(_ partition: Int, from offset: Int64, max: Int) -> LogModel.Fetched {
        offline.contains(partition) ? .records([]) : model.fetch(partition, from: offset, max: max)
    }

    func join(_ member: String, _ consumer: Consumer, instance: String) {
        consumers[member] = consumer
        model.join(member, instance: instance, now: sim.wall)
        settle()
    }
    /// As when a member comes, or the topic's partitions change.
    func rebalance() {
        sim.note { "log: all members have to join anew" }
        model.rebalance(now: sim.wall)
        settle()
    }
    func heartbeat(_ member: String, _ generation: Int) -> LogModel.GroupAnswer {
        let answer = model.heartbeat(member, generation: generation, now: sim.wall)
        settle()
        return answer
    }
    func commit(_ member: String, _ generation: Int, _ offsets: [PartitionOffset]) -> LogModel.GroupAnswer {
        let answer = model.commit(member, generation: generation, offsets, now: sim.wall)
        settle()
        return answer
    }
    /// What a new owner begins with: the committed offset, or the log's beginning.
    func position(_ partition: Int) -> PartitionOffset {
        PartitionOffset(partition: partition, offset: model.committed(partition) ?? model.first(of: partition))
    }

    /// The first of these partitions that was never committed to its end; nil when all were.
    func behind(_ partitions: [Int]) -> Int? {
        for partition in partitions where model.lag(of: partition) == 0 { caughtUp.insert(partition) }
        return partitions.first { !caughtUp.contains($0) }
    }

    /// Whether that is still how the partitions are given out: a replica that stood still may hear of an assignment that is over. One whose
    /// session has ended has them as long as nobody else does, and a late request of its own may make it a member again.
    func isCurrent(_ generation: Int) -> Bool { model.generation == generation }

    /// Sends out the ends of joins; looks again while members may be late.
    private func settle() {
        for assignment in model.takeAssignments() {
            sim.checks.counts.rebalances += 1
            sim.note { "log: \(assignment.memberID) has \(assignment.partitions.count) partitions in generation \(assignment.generation)" }
            guard let consumer = consumers[assignment.memberID] else { continue }
            let starts = assignment.partitions.map { position($0) }
            sim.after(link.delay()) { consumer.joined(assignment, starts) }
        }
        guard nextCheck == nil else { return }
        nextCheck = sim.now + .seconds(1)
        sim.after(.seconds(1)) { [self] in
            nextCheck = nil
            model.advance(to: sim.wall)
            settle()
        }
    }
}

internal import Core
internal import Models

/// A member of the consumer group, as librdkafka behaves for the worker: joins, fetches, heartbeats, and gives partitions back
/// when it is told to.
final class Consumer: QueueSide {
    fileprivate enum State {
        case joining
        case active
        /// the worker settles what it has
        case revoking
        case closed
    }

    private unowned let replica: Replica
    weak var side: WorkerSide?
    private var sim: Simulation { replica.sim }
    private var log: EventLog { replica.account.log }
    private var state = State.joining
    private var member: String
    private var members = 0
    private var generation = 0
    private(set) var assignment = 0
    private var positions: [Int: Int64] = [:]
    private var paused: Set<Int> = []
    private var isFetching = false
    private var isClosing = false
    /// answers to questions of an earlier assignment are not for this one
    private var epoch = 0
    private var heardAt: Instant
    private let session: Duration
    private let life: Int

    init(_ replica: Replica) {
        self.replica = replica
        life = replica.life
        member = ""
        session = replica.sim.draw.limits.shard.sessionTimeout
        heardAt = replica.now().instant
    }

    func begin() {
        join(anew: true)
        beat()
        look()
    }

    // MARK: joining

    private func join(anew: Bool) {
        if isClosing { return close() }
        if anew {
            members += 1
            member = "\(replica.name)-\(life)-\(members)"
        }
        state = .joining
        epoch += 1
        let asked = epoch
        let member = self.member
        log.link.call(replica, timeout: .seconds(60)) { [self] in
            log.join(member, self, instance: replica.name)
        } _: { [self] (answer: Void?) in
            if answer == nil, state.isJoining, epoch == asked { join(anew: false) }
        }
    }

    /// The coordinator's answer, on its way.
    func joined(_ assigned: LogModel.Assignment, _ starts: [PartitionOffset]) {
        guard log.link.isOpen(for: replica.index) else { return again(assigned.memberID) }
        replica.deliver(life) { [self] in
            guard state.isJoining, assigned.memberID == member else { return }
            state = .active
            epoch += 1
            generation = assigned.generation
            assignment += 1
            heardAt = replica.now().instant
            paused = []
            positions = [:]
            for start in starts { positions[start.partition] = start.offset }
            sim.note { "\(self.replica.name): assigned \(starts.count) partitions, generation \(self.generation)" }
            sim.checks.assigned(side, starts, isCurrent: log.isCurrent(generation))
            side?.feed(.assigned(starts))
            fetch()
        }
    }

    /// The answer was lost: it asks again after a while.
    private func again(_ meant: String) {
        sim.after(.seconds(5)) { [self] in replica.deliver(life) { [self] in if state.isJoining, member == meant { join(anew: false) } } }
    }

    // MARK: heartbeats

    private var interval: Duration { min(.seconds(3), session / 5) }

    private func beat() {
        sim.after(interval) { [self] in
            replica.deliver(life) { [self] in
                guard case .closed = state else {
                    heartbeat()
                    return beat()
                }
            }
        }
    }

    private func heartbeat() {
        switch state {
        case .joining, .closed: return
        case .active, .revoking: break
        }
        // Without an answer for a session, librdkafka counts the partitions as lost.
        if replica.now().instant - heardAt >= session { return lost(anew: true) }
        let (member, generation, asked) = (member, generation, epoch)
        log.link.call(replica, timeout: session) { [self] in
            log.heartbeat(member, generation)
        } _: { [self] answer in
            guard epoch == asked, let answer else { return }
            switch answer {
            case .ok: heardAt = replica.now().instant
            case .rebalancing:
                heardAt = replica.now().instant
                revoke()
            case .unknownMember: lost(anew: true)
            case .illegalGeneration: lost(anew: false)
            }
        }
    }

    private func lost(anew: Bool) {
        sim.note { "\(self.replica.name): partitions lost" }
        positions = [:]
        epoch += 1
        side?.lose()
        join(anew: anew)
    }

    // MARK: giving back

    private func revoke() {
        guard case .active = state else { return }
        sim.note { "\(self.replica.name): partitions revoked" }
        state = .revoking
        positions = [:]
        let begun = epoch
        side?.giveUp()
        sim.after(sim.draw.limits.shard.drainMax + .seconds(1)) { [self] in
            replica.deliver(life) { [self] in if case .revoking = state, epoch == begun { rejoin() } }
        }
    }

    func relinquished() { if case .revoking = state { rejoin() } }

    private func rejoin() { join(anew: false) }

    /// The process ends: a static member does not leave the group, its place is kept for a session.
    func stop() {
        isClosing = true
        switch state {
        case .active: revoke()
        case .joining: close()
        case .revoking, .closed: break
        }
    }

    private func close() {
        state = .closed
        epoch += 1
        side?.end()
    }

    func commit(_ offsets: [PartitionOffset], of asked: Int, _ answer: @escaping (Instant?) -> Void) {
        guard asked == assignment else { return replica.later { answer(nil) } }
        let sentAt = replica.now().instant
        let (member, generation, asked) = (member, generation, epoch)
        switch state {
        case .joining, .closed: return replica.later { answer(nil) }
        case .active, .revoking: break
        }
        log.link.call(replica, timeout: .seconds(10)) { [self] in
            log.commit(member, generation, offsets)
        } _: { [self] result in
            if result == .ok, epoch == asked { heardAt = replica.now().instant }
            answer(result == .ok ? sentAt : nil)
        }
    }

    // MARK: messages

    func pause(_ partitions: [Int]) { paused.formUnion(partitions) }
    func resume(_ partitions: [Int]) {
        paused.subtract(partitions)
        fetch()
    }

    /// Something was appended to a partition of this member.
    func poke() {
        sim.after(log.link.delay()) { [self] in replica.deliver(life) { [self] in fetch() } }
    }

    /// Now and then, whatever was lost on the way.
    private func look() {
        sim.after(.seconds(5)) { [self] in
            replica.deliver(life) { [self] in
                guard case .closed = state else {
                    fetch()
                    return look()
                }
            }
        }
    }

    private func fetch() {
        guard case .active = state, !isFetching else { return }
        let wanted = positions.filter { !paused.contains($0.key) }.sorted { $0.key < $1.key }
        guard !wanted.isEmpty else { return }
        isFetching = true
        if let side { sim.checks.limits(fetchOf: side) }
        let asked = epoch
        log.link.call(replica, timeout: .seconds(10)) { [self] in
            wanted.map { ($0.key, log.fetch($0.key, from: $0.value, max: 50)) }
        } _: { [self] answer in
            isFetching = false
            guard epoch == asked, case .active = state, let answer else { return }
            if take(answer) { fetch() }
        }
    }

    private func take(_ answer: [(Int, LogModel.Fetched)]) -> Bool {
        var isMore = false
        for (partition, fetched) in answer {
            switch fetched {
            case .outOfRange(let first):
                positions[partition] = first  // auto.offset.reset=earliest
                isMore = true
            case .records(let records):
                for record in records where record.offset >= positions[partition] ?? .max {
                    isMore = true
                    positions[partition] = record.offset + 1
                    replica.later { [self] in
                        sim.checks.took(side, partition, record.offset, record.change?.key)
                        side?.feed(
                            .message(
                                partition: partition, offset: record.offset, key: record.change?.key, cause: record.change?.cause ?? .replayed))
                    }
                }
            }
        }
        return isMore
    }
}

extension Consumer.State {
    fileprivate var isJoining: Bool { if case .joining = self { true } else { false } }
}

internal import Core

/// What Runtime's leader service does: keeps the Lease of one cluster, and has the duties of a term done while it leads.
final class LeaderSide {
    private unowned let replica: Replica
    let cluster: Cluster
    private var sim: Simulation { replica.sim }
    private(set) var machine: Leadership
    private(set) var duty: DutySide?
    /// a term that was won while the work of the one before still ends
    private var waiting: Leadership.Term?
    private var isStopping = false
    /// by its clock, for the checkers: the sending of the newest write that was acknowledged, when a write last was or nothing was
    /// answered, and when a read last was, if nothing was written since
    private var provenAt: Instant?
    private var quietSince: Instant?
    private var readAt: Instant?

    init(_ replica: Replica, _ cluster: Cluster) {
        self.replica = replica
        self.cluster = cluster
        // A restart is not the same leader.
        machine = Leadership(
            identity: "\(replica.name)_\(replica.life)", limits: replica.sim.draw.limits.leadership,
            seed: StableHash.of(replica.name, "\(replica.life)", cluster.uid))
    }

    func term() -> Leadership.Term? { machine.term(now: replica.now().instant) }

    /// The sending of the last acknowledged renewal; nil when the term is over.
    func proof(of term: Leadership.Term) -> Instant? {
        guard case .leading(term, let deadline) = machine.state else { return nil }
        return deadline - sim.draw.limits.leadership.renewDeadline
    }

    func feed(_ event: Leadership.Event) {
        for effect in machine.handle(event, now: replica.now()) { replica.later { [self] in perform(effect) } }
    }

    /// It does something that only a leader may do.
    func acts(_ term: Leadership.Term) {
        sim.checks.leads(cluster, term)
        sim.checks.limits(leading: cluster, provenAt, replica.now().instant)
    }

    private func perform(_ effect: Leadership.Effect) {
        let cluster = cluster
        let requestMax = sim.draw.limits.leadership.requestMax
        let sentAt = replica.now().instant
        switch effect {
        case .read:
            if !isStopping { sim.checks.limits(asking: cluster, readAt.map { max($0, quietSince ?? $0) } ?? quietSince, sentAt) }
            cluster.link.call(replica, timeout: requestMax) {
                cluster.readLease()
            } _: { [self] in
                if $0 == nil { quietSince = replica.now().instant } else { readAt = replica.now().instant }
                feed($0 ?? .readFailed)
            }
        case .write(let record):
            if !isStopping { sim.checks.limits(asking: cluster, quietSince, sentAt) }
            sim.mix("\(replica.index) writes \(record.holder) \(record.transitions)")
            readAt = nil
            cluster.link.call(replica, timeout: requestMax) {
                cluster.writeLease(record)
            } _: { [self] in
                if case .wrote? = $0 { provenAt = max(provenAt ?? sentAt, sentAt) }
                switch $0 {
                case .refused?: break
                default: quietSince = replica.now().instant
                }
                feed($0 ?? .writeFailed)
            }
        case .lead(let term):
            sim.note { "\(self.replica.name): leads \(cluster.link.name), term \(term)" }
            if isStopping { return }
            if duty == nil { begin(term) } else { waiting = term }
        case .yield(let term, let why):
            sim.note { "\(self.replica.name): yields \(cluster.link.name), term \(term): \(why.rawValue)" }
            waiting = nil
            duty?.end()
        case .wake(let at): replica.timer(self, at: at) { [self] in feed(.wake) }
        case .stopped: break
        }
    }

    private func begin(_ term: Leadership.Term) {
        let duty = DutySide(replica, self, term)
        self.duty = duty
        duty.begin()
    }

    /// The work of a term has ended.
    func ended(_ old: DutySide) {
        guard duty === old else { return }
        duty = nil
        if let term = waiting {
            waiting = nil
            begin(term)
        }
        if isStopping { feed(.stop) }
    }

    /// First the work of the term ends, then the Lease is given up.
    func stop() {
        isStopping = true
        waiting = nil
        if let duty { duty.end() } else { feed(.stop) }
    }

    /// The process is gone.
    func forget() {
        duty?.forget()
        duty = nil
    }
}

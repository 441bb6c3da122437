internal import Core

/// What Runtime's duties of a term do: follow pods and claims, publish, delete what has expired. With the queue in memory the
/// worker lives for the term as well.
final class DutySide {
    private unowned let replica: Replica
    private unowned let leader: LeaderSide
    private var sim: Simulation { replica.sim }
    var cluster: Cluster { leader.cluster }
    let term: Leadership.Term
    private(set) var machine: ClusterDuty
    private var pods: Follower<Pod>!
    private var claims: Follower<Claim>!
    private var memory: MemoryQueueSide?
    private(set) var isOver = false
    /// what it was told: that a watch is broken is known only later
    private var followsPods = false
    private var followsClaims = false
    /// both watches have stood without a gap since then; for the checkers
    private(set) var observesSince: Instant?
    enum Presence {
        case present(Pod)
        case gone(Instant)
    }
    /// of pods, as it was told
    private(set) var presence: [Key: Presence] = [:]
    private func key(_ pod: Pod) -> Key { cluster.key(pod.namespace, pod.name) }
    private func key(_ claim: Claim) -> Key { cluster.key(claim.namespace, claim.name) }
    /// What is known of the publications to one partition.
    private struct Lane {
        var inFlight = 0
        /// when one failed: for a while nothing is sent
        var failedAt = Instant.anyTime
        var sending = SendTrace()
    }
    private var lanes: [Int: Lane] = [:]
    /// published and not answered
    private var unanswered: [Key: Int] = [:]
    /// what the last event made it publish
    private var published: Set<Key> = []
    private var publishedAt: [Key: Instant] = [:]
    /// next attempts, as it was told of the claims
    private var attempts: [Key: Timestamp] = [:]
    private var overdueSince: [Key: Instant] = [:]
    /// static claims that are kept for the next pod, as it was told, and when their deletion was asked for
    private var kept: [Key: Claim] = [:]
    private var deletions: [Key: (at: Instant, count: Int)] = [:]
    private var unexpiredSince: [Key: Instant] = [:]
    private var toldSkew = Duration.zero
    var doubtsClockSince: Instant? { replica.doubtsClockSince }

    init(_ replica: Replica, _ leader: LeaderSide, _ term: Leadership.Term) {
        self.replica = replica
        self.leader = leader
        self.term = term
        var due = DueList.Settings()
        due.observation = replica.sim.draw.observation
        due.expireAfter = replica.sim.draw.expireAfter
        let account = replica.account
        machine = ClusterDuty(
            cluster: leader.cluster.uid, term: term, map: account.map, place: account.place, due: due, outbox: replica.sim.draw.limits.outbox)
        pods = Follower(
            replica, leader.cluster, list: { $0.sortedPods }, changes: { $0.podChanges },
            tell: { [weak self] in self?.heard(.pods($0), of: \.followsPods, $0) })
        claims = Follower(
            replica, leader.cluster, list: { $0.sortedClaims }, changes: { $0.claimChanges },
            tell: { [weak self] in self?.heard(.claims($0), of: \.followsClaims, $0) })
    }

    func begin() {
        if !sim.draw.usesKafka {
            let queue = MemoryQueueSide(replica, leader, term)
            let side = WorkerSide(replica, queue: queue, seed: UInt64(replica.life * 1000 + term))
            queue.side = side
            memory = queue
            replica.begin(side)
            side.feed(.start)
            queue.begin()
        }
        pods.begin()
        claims.begin()
    }

    /// The term is over: nothing is published or deleted any more; a worker of the term settles what it has first.
    func end() {
        guard !isOver else { return }
        isOver = true
        pods.end()
        claims.end()
        replica.cancelTimer(self)
        guard let memory, let side = memory.side else { return leader.ended(self) }
        memory.onEnd = { [self] in
            guard !side.ended else { return }
            side.end()
            replica.ended(side)
            leader.ended(self)
        }
        side.giveUp()
        let life = replica.life
        sim.after(sim.draw.limits.shard.drainMax + .seconds(1)) { [self] in replica.deliver(life) { memory.onEnd?() } }
    }

    func forget() {
        isOver = true
        pods.end()
        claims.end()
        memory?.side?.end()
    }

    private func heard<Object>(_ event: ClusterDuty.Event, of kind: ReferenceWritableKeyPath<DutySide, Bool>, _ news: ClusterDuty.News<Object>) {
        guard !isOver else { return }
        published = []
        feed(event)
        if case .changed(let object) = news, let pod = object as? Pod { checkPublished(pod) }
        switch news {
        case .following: self[keyPath: kind] = true
        case .lost, .rewound: self[keyPath: kind] = false
        case .listed(let objects):
            if let claims = objects as? [Claim] {
                (attempts, overdueSince, kept, unexpiredSince) = ([:], [:], [:], [:])
                for claim in claims { told(claim) }
            }
            guard Object.self == Pod.self, let pods = objects as? [Pod] else { break }
            for case (let key, .present) in presence { presence[key] = .gone(sim.now) }
            for pod in pods { presence[key(pod)] = .present(pod) }
        case .changed(let object):
            if let pod = object as? Pod { presence[key(pod)] = .present(pod) }
            if let claim = object as? Claim { told(claim) }
        case .gone(let object):
            if let pod = object as? Pod { presence[key(pod)] = .gone(sim.now) }
            if let claim = object as? Claim { (attempts[key(claim)], overdueSince[key(claim)], kept[key(claim)]) = (nil, nil, nil) }
        }
        observesSince = followsPods && followsClaims ? observesSince ?? sim.now : nil
    }

    /// What changed of a pod that asks for an EIP is published at once, but for what is on its way already or cannot be sent.
    private func checkPublished(_ pod: Pod) {
        let key = key(pod)
        guard case .present(let old) = presence[key] else { return }
        if old.uid == pod.uid, old.podIP == pod.podIP, old.want == pod.want, old.isTerminating == pod.isTerminating { return }
        if case .none = pod.want, case .none = old.want { return }
        if published.contains(key) || !mayPublish(key) { return }
        sim.checks.fail("news", "\(key.name): a change of its pod was heard and not published")
    }

    /// A claim whose next attempt is due is published, and again every half minute as long as it is, whoever knew of it when it was
    /// parked. Ten seconds more for clocks that are off, and five for a replica that stood still.
    private func checkDue() {
        for (key, next) in attempts where sim.wall - next > .seconds(40) {
            let isQuiet = publishedAt[key].map { sim.now - $0 > .seconds(40) } ?? true
            overdueSince[key] = isQuiet && mayPublish(key) ? overdueSince[key] ?? sim.now : nil
        }
        let late = overdueSince.filter { sim.now - $0.value > .seconds(5) }.keys.min()
        if let late { sim.checks.fail("parked", "\(cluster.label(late)): its next attempt is due, and is not published") }
    }

    private func told(_ claim: Claim) {
        let key = key(claim)
        (attempts[key], overdueSince[key]) = (claim.status.nextAttemptAt, nil)
        let isKept = !claim.isDeleting && claim.spec.deletePolicy == .retain && claim.status.expiresAt != nil
        (kept[key], unexpiredSince[key]) = (isKept ? claim : nil, nil)
        deletions[key]?.count = 0
    }

    /// A claim whose time without a pod is over is deleted, and again after waits that double, until it is seen to go.
    private func checkExpired() {
        let observation = sim.draw.observation + sim.draw.observation / 50 + .seconds(5)
        guard doubtsClockSince == nil, let observesSince, sim.now - observesSince > observation else {
            unexpiredSince = [:]
            return
        }
        for (key, claim) in kept {
            let time = claim.spec.expireAfter ?? sim.draw.expireAfter
            var ends = [claim.status.expiresAt, claim.status.retainedSince.map { $0 + time }].compactMap { $0 }
            var isThere = false
            switch presence[key] {
            case .present: isThere = true
            case .gone(let at): ends.append(sim.wall + (at + time - sim.now))
            case nil: break
            }
            let isOver = !isThere && time > .zero && sim.wall - ends.max()! > .seconds(40)
            let isQuiet = deletions[key].map { sim.now - $0.at > .seconds(10 + min(30 << max($0.count - 1, 0), 600)) } ?? true
            unexpiredSince[key] = isOver && isQuiet ? unexpiredSince[key] ?? sim.now : nil
        }
        let late = unexpiredSince.filter { sim.now - $0.value > .seconds(5) }.keys.min()
        if let late { sim.checks.fail("expiry", "\(cluster.label(late)): its time is over, and it is not deleted") }
    }

    private func feed(_ event: ClusterDuty.Event) {
        guard !isOver else { return }
        if toldSkew != replica.skew {
            toldSkew = replica.skew
            feed(.skew(toldSkew))
        }
        let effects = machine.handle(event, now: replica.now())
        for effect in effects {
            if case .publish(let change) = effect {
                published.insert(change.key)
                let lane = lanes[partition(change.key), default: Lane()]
                sim.checks.limits(inFlight: lane.inFlight + 1)
                sim.checks.publishes(change, lane.sending, replica.now().instant)
                lanes[partition(change.key), default: Lane()].inFlight += 1
                unanswered[change.key, default: 0] += 1
                (publishedAt[change.key], overdueSince[change.key]) = (sim.now, nil)
            }
            // by what was known when it was decided, not by what is heard before it is done
            if case .deleteClaim(let namespace, let name, _, _) = effect {
                let key = cluster.key(namespace, name)
                sim.checks.expires(self, key)
                (deletions[key], unexpiredSince[key]) = ((sim.now, (deletions[key]?.count ?? 0) + 1), nil)
                (attempts[key], overdueSince[key]) = (nil, nil)  // until more is heard of it
            }
        }
        // what comes of one is not to be taken for known when the next was decided
        for effect in effects { replica.later { [self] in if !isOver { perform(effect) } } }
        checkDue()
        checkExpired()
    }

    private func perform(_ effect: ClusterDuty.Effect) {
        switch effect {
        case .publish(let change): publish(change)
        case .deleteClaim(let namespace, let name, let uid, let version):
            guard leader.term() == term,
                machine.mayDelete(namespace: namespace, name: name, uid: uid, resourceVersion: version, now: replica.now())
            else { return }
            leader.acts(term)
            let key = cluster.key(namespace, name)
            sim.note { "\(self.replica.name): \(self.cluster.label(key)) expired" }
            let cluster = cluster
            let checks = sim.checks!
            if sim.isFaulty, sim.happens(.throwBack, perMille: sim.draw.faults.throwBack) { return }
            cluster.link.call(replica, timeout: .seconds(10)) {
                if cluster.expire(key, uid: uid, resourceVersion: version) { checks.expired(cluster, key) }
            } _: { _ in
            }
        case .wake(let at): replica.timer(self, at: at) { [self] in feed(.wake) }
        }
    }

    private func publish(_ change: KeyChanged) {
        guard leader.term() == term else { return }
        leader.acts(term)
        sim.note { "\(self.replica.name): publishes \(self.cluster.label(change.key)), \(change.cause)" }
        sim.mix("\(replica.index) publishes \(change.key) \(change.cause)")
        if let memory {
            memory.publish(change) { [self] in answered(change, arrived: true) }
            return
        }
        let account = replica.account
        account.log.link.call(replica, timeout: .seconds(30)) { [self] in
            account.log.publish(change, to: partition(change.key))
        } _: { [self] isAppended in
            guard isAppended == false else { return answered(change, arrived: isAppended != nil) }
            // librdkafka would keep it until there is a leader; a client that gives it up sooner is the harder one.
            let life = replica.life
            sim.after(.seconds(30)) { [self] in replica.deliver(life) { [self] in answered(change, arrived: false) } }
        }
    }

    private func partition(_ key: Key) -> Int { replica.account.map.partition(of: key, of: replica.account.place) }

    /// Nothing that is known of its partition, whatever is the matter with others, holds it up.
    private func mayPublish(_ key: Key) -> Bool {
        let lane = lanes[partition(key), default: Lane()]
        return sim.now - lane.failedAt >= .seconds(60) && lane.inFlight < sim.draw.limits.outbox.inFlightMax && unanswered[key, default: 0] == 0
    }

    private func answered(_ change: KeyChanged, arrived: Bool) {
        var lane = lanes[partition(change.key), default: Lane()]
        lane.inFlight -= 1
        unanswered[change.key, default: 0] -= 1
        let (local, limits) = (replica.now().instant, sim.draw.limits.outbox)
        if arrived {
            lane.sending.arrived(local, limits)
        } else {
            lane.failedAt = sim.now
            lane.sending.failed(local, limits)
        }
        lanes[partition(change.key)] = lane
        feed(arrived ? .acknowledged(change.key) : .publishFailed(change.key))
    }
}

/// The queue in memory: its one consumer owns everything while the Lease says so.
final class MemoryQueueSide: QueueSide {
    private unowned let replica: Replica
    private unowned let leader: LeaderSide
    private let term: Leadership.Term
    var side: WorkerSide?
    var onEnd: (() -> Void)?
    private var next: [Int: Int64] = [:]
    private var isPaused = false
    private var held: [() -> Void] = []

    init(_ replica: Replica, _ leader: LeaderSide, _ term: Leadership.Term) {
        self.replica = replica
        self.leader = leader
        self.term = term
    }

    private var partitions: [Int] { (0..<replica.account.map.slots).map { replica.account.map.partition(ofSlot: $0, of: replica.account.place) } }

    func begin() {
        let starts = partitions.sorted().map { PartitionOffset(partition: $0, offset: 0) }
        replica.sim.checks.assigned(side, starts, isCurrent: leader.term() == term)
        side?.feed(.assigned(starts))
    }

    func publish(_ change: KeyChanged, _ done: @escaping () -> Void) {
        if isPaused { return held.append { [self] in publish(change, done) } }
        let partition = replica.account.map.partition(of: change.key, of: replica.account.place)
        let offset = next[partition] ?? 0
        next[partition] = offset + 1
        replica.later { [self] in
            if let side { replica.sim.checks.limits(taking: side) }
            replica.sim.checks.took(side, partition, offset, change.key)
            side?.feed(.message(partition: partition, offset: offset, key: change.key, cause: change.cause))
            done()
        }
    }

    let assignment = 1
    func commit(_ offsets: [PartitionOffset], of assignment: Int, _ answer: @escaping (Instant?) -> Void) {
        replica.later { [self] in answer(leader.proof(of: term)) }
    }
    func pause(_ partitions: [Int]) { isPaused = true }
    func resume(_ partitions: [Int]) {
        isPaused = false
        let bodies = held
        held = []
        for body in bodies { replica.later(body) }
    }
    func relinquished() { onEnd?() }
}

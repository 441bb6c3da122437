internal import Core
internal import Models

/// Where a worker's messages come from and its commits go to.
protocol QueueSide: AnyObject {
    /// counts assignments
    var assignment: Int { get }
    /// nil: not acknowledged, or of an assignment that is over; else when the acknowledged request was sent
    func commit(_ offsets: [PartitionOffset], of assignment: Int, _ answer: @escaping (Instant?) -> Void)
    func pause(_ partitions: [Int])
    func resume(_ partitions: [Int])
    /// all of them are given up, or too late to be waited for
    func relinquished()
}

/// What Runtime's worker service does: feeds the machine and performs its effects.
final class WorkerSide {
    /// its own in the whole run
    let id: Int
    unowned let replica: Replica
    private var sim: Simulation { replica.sim }
    private(set) var machine: Worker
    let queue: any QueueSide
    private(set) var ended = false
    private var toRelinquish: Set<Int> = []
    private var commitsUnderWay = 0
    private var afterCommits: [() -> Void] = []
    private var waitingCommits: Deque<() -> Void> = []

    init(_ replica: Replica, queue: any QueueSide, seed: UInt64) {
        self.replica = replica
        self.queue = queue
        id = replica.sim.checks.nextSide()
        var policy = Policy(identity: replica.name)
        policy.expireAfter = replica.sim.draw.expireAfter
        policy.replacesLostStatic = replica.sim.draw.replacesLostStatic
        policy.requestLife = replica.sim.draw.requestLife
        machine = Worker(
            place: replica.account.place, map: replica.account.map, policy: policy, limits: replica.sim.draw.limits,
            seed: StableHash.of(replica.name, "\(seed)", "\(replica.sim.seed)"))
    }

    var accountIndex: Int { replica.account.index }
    func global(_ local: Instant) -> Instant { replica.global(local) }

    func feed(_ event: Worker.Event) {
        guard !ended else { return }
        let now = replica.now()
        let decided = Decision(replica: replica, at: sim.now, local: now.instant)
        if case .message(let partition, let offset, let key?, let cause) = event {
            sim.note { "\(self.replica.name): \(self.replica.label(key)) told: \(cause), \(offset) of \(partition)" }
        }
        let effects = machine.handle(event, now: now)
        sim.checks.decided(self, effects, now.instant)
        for effect in effects {
            switch effect {
            case .started(let key): sim.checks.started(self, key)
            case .finished(let key, let outcome): sim.checks.finished(self, key, outcome)
            case .commit(_, let offsets): sim.checks.commits(self, offsets)
            case .perform, .list, .describe, .pause, .resume, .relinquish, .wake: break
            }
        }
        sim.checks.limits(self)
        for effect in effects { replica.later { [self] in if !ended { perform(effect, decided) } } }
    }

    /// All partitions are to be given back; `relinquished` of the queue tells when.
    func giveUp() {
        toRelinquish.formUnion(machine.partitions)
        let isEmpty = toRelinquish.isEmpty
        sim.checks.revoked(self, replica.now().instant)
        feed(.revoked)
        sim.checks.gaveUp(self)
        if isEmpty { queue.relinquished() }
    }

    func lose() {
        toRelinquish = []
        sim.checks.begins(self)
        feed(.lost)
        sim.checks.gaveUp(self)
    }

    func stop() { giveUp() }

    func end() {
        ended = true
        replica.cancelTimer(self)
        sim.checks.forgot(self)
    }

    // MARK: effects

    private func perform(_ effect: Worker.Effect, _ decided: Decision) {
        switch effect {
        case .started: break
        case .perform(let key, let run, let effect, let proof): perform(key, run, effect, proof, decided)
        case .list(let offset, let limit): list(offset, limit, decided)
        case .describe(let ids): describe(ids, decided)
        case .finished(let key, let outcome):
            sim.note { "\(self.replica.name): \(self.replica.label(key)) \(outcome)" }
        case .commit(let id, let offsets): commit(id, offsets)
        case .pause(let partitions): queue.pause(partitions)
        case .resume(let partitions): queue.resume(partitions)
        case .relinquish(let partitions):
            afterCommits.append { [self] in
                toRelinquish.subtract(partitions)
                if toRelinquish.isEmpty { queue.relinquished() }
            }
            settleCommits()
        case .wake(let at): replica.timer(self, at: at) { [self] in feed(.wake) }
        }
    }

    /// One after the other, as the shell sends them.
    private func commit(_ id: Int, _ offsets: [PartitionOffset]) {
        let assignment = queue.assignment
        waitingCommits.append { [self] in
            commitsUnderWay += 1
            queue.commit(offsets, of: assignment) { [self] sentAt in
                commitsUnderWay -= 1
                sim.checks.acknowledged(self, id, sentAt: sentAt, replica.now().instant)
                feed(sentAt.map { .committed(id, sentAt: $0) } ?? .commitFailed(id))
                settleCommits()
            }
        }
        settleCommits()
    }

    private func settleCommits() {
        guard commitsUnderWay == 0 else { return }
        if let next = waitingCommits.popFirst() { return next() }
        let bodies = afterCommits
        afterCommits = []
        for body in bodies { body() }
    }

    private func perform(_ key: Key, _ run: Int, _ effect: ReconcileEffect, _ proof: Instant, _ decided: Decision) {
        switch effect {
        case .say, .record: return
        case .took(let step, let reason):
            sim.note { "\(self.replica.name): \(self.replica.label(key)) took \(step) because \(reason.rawValue)" }
            sim.checks.took(self, key, step, reason)
            return
        default: break
        }
        sim.note { "\(self.replica.name): \(self.replica.label(key))#\(run) \(effect.brief)" }
        sim.mix("\(replica.index) \(key) \(effect.brief)")
        let trace = sim.checks.sent(self, key, run, effect, decided)
        let answer: (ReconcileEvent) -> Void = { [self] event in
            if case .refused(let refusal) = event { sim.note { "\(self.replica.name): \(self.replica.label(key))#\(run) refused: \(refusal)" } }
            if case .failed(let fault) = event { sim.note { "\(self.replica.name): \(self.replica.label(key))#\(run) failed: \(fault.code)" } }
            sim.checks.answered(trace, event)
            if case .readNetworkInterface = effect { heard(.describeNetworkInterfaces, event) }
            feed(.answered(key, run: run, event))
        }
        switch effect {
        case .readNetworkInterface, .allocate, .associate, .disassociate, .release, .modifyBandwidth: callCloud(trace, proof, answer)
        case .readClaim, .readPod, .readNode, .readSurroundings, .createClaim, .addFinalizer, .replaceSpec, .replaceStatus, .deleteClaim, .removeFinalizer,
            .annotatePod:
            guard let cluster = replica.account.cluster(key.cluster) else { preconditionFailure("\(key) is of no cluster of this account") }
            let sim = sim
            cluster.link.call(replica, timeout: .seconds(10)) {
                sim.checks.arrives(trace)
                return cluster.serve(effect, key)
            } _: { event in
                answer(event ?? .refused(.unavailable("no answer")))
            }
        case .say, .took, .record, .finish, .observe, .listNamed, .acquire: preconditionFailure("\(effect) is answered inside")
        }
    }

    private func callCloud(_ trace: EffectTrace, _ proof: Instant, _ answer: @escaping (ReconcileEvent) -> Void) {
        let (cloud, effect) = (replica.account.cloud, trace.effect)
        var timeout = Duration.seconds(10)
        // The cloud knows the request's time to a second.
        let expires = replica.global(proof) + sim.draw.requestLife + (effect.isMutating ? .zero : .seconds(240))
        if effect.isMutating {
            timeout = min(timeout, expires - sim.now)
            guard timeout > .zero else { return answer(.failed(CloudFault(.transient, code: "Transport.LifeOver", message: "not sent"))) }
        }
        sim.checks.leaves(trace, expires: expires)
        cloud.link.call(replica, timeout: timeout) { [replica] in
            cloud.serve(effect, trace.key, from: replica, expires: expires)
        } _: { event in
            answer(event ?? .failed(CloudFault(.transient, code: "Transport.TimedOut", message: "no answer")))
        }
    }
    private static let policy = Policy(identity: "any")

    private func heard<T>(_ action: CloudAction, _ result: Result<T, CloudFault>) {
        var kind: CloudErrorClass?
        if case .failure(let fault) = result { kind = fault.kind }
        sim.checks.answered(action, kind, self, replica.now().instant)
    }
    private func heard(_ action: CloudAction, _ event: ReconcileEvent) {
        var kind: CloudErrorClass?
        if case .failed(let fault) = event { kind = fault.kind }
        sim.checks.answered(action, kind, self, replica.now().instant)
    }

    // MARK: the mirror

    private func list(_ offset: Int, _ limit: Int, _ decided: Decision) {
        let sentAt = replica.now().instant
        sim.note { "\(self.replica.name): lists addresses from \(offset)" }
        sim.mix("\(replica.index) lists \(offset)")
        sim.checks.limits(list: limit, from: offset, self, decided.local)
        sim.checks.calls(.describeAddresses, decided, by: id, replica.account)
        replica.account.cloud.link.call(replica, timeout: .seconds(10)) { [replica] in
            replica.account.cloud.list(offset: offset, limit: limit)
        } _: { [self] result in
            let result = result ?? .failure(CloudFault(.transient, code: "Transport.TimedOut", message: "no answer"))
            heard(.describeAddresses, result)
            switch result {
            case .success(let page):
                sim.checks.listed(self, from: offset, page.addresses, total: page.total, replica.now().instant)
                sim.checks.saw(self, page.addresses, sentAt: sentAt - Self.policy.listingLag)
                feed(.mirror(.listed(page.addresses, total: page.total, offset: offset, sentAt: sentAt)))
            case .failure(let fault):
                sim.checks.failed(.list, self, replica.now().instant)
                feed(.mirror(.failed(.list, fault.kind, sentAt: sentAt)))
            }
        }
    }

    private func describe(_ ids: [AddressID], _ decided: Decision) {
        let sentAt = replica.now().instant
        sim.note { "\(self.replica.name): looks at \(ids)" }
        sim.mix("\(replica.index) looks at \(ids)")
        sim.checks.limits(describe: ids, self, decided.local)
        sim.checks.calls(.describeAddresses, decided, by: id, replica.account)
        replica.account.cloud.link.call(replica, timeout: .seconds(10)) { [replica] in
            replica.account.cloud.describe(ids)
        } _: { [self] result in
            let result = result ?? .failure(CloudFault(.transient, code: "Transport.TimedOut", message: "no answer"))
            heard(.describeAddresses, result)
            switch result {
            case .success(let found):
                sim.checks.looked(self, found)
                sim.checks.saw(self, found, sentAt: sentAt)
                sim.checks.missed(self, ids.filter { id in !found.contains { $0.id == id } }, sentAt: sentAt)
                feed(.mirror(.described(asked: ids, found: found, sentAt: sentAt)))
            case .failure(let fault):
                // asked for alone, it is that one that is not there
                if fault.kind == .lost || fault.kind == .terminal {
                    if ids.count == 1 { sim.checks.missed(self, ids, sentAt: sentAt) } else { sim.checks.refused(self, ids) }
                    sim.checks.looked(self)
                } else {
                    sim.checks.failed(.look, self, replica.now().instant)
                }
                feed(.mirror(.failed(.describe, fault.kind, sentAt: sentAt)))
            }
        }
    }
}

/// When something was decided and by whom: what a replica that stood still sends afterwards was decided before.
struct Decision {
    unowned let replica: Replica
    let at: Instant
    /// by the replica's clock
    let local: Instant
}

extension ReconcileEffect {
    /// Its verb alone, for the hash.
    var verb: String { String("\(self)".prefix { $0 != "(" }) }
    /// One line for transcripts.
    var brief: String {
        switch self {
        case .replaceStatus(_, let status):
            "status \(status.phase.rawValue), intent \(status.intent.map { "\($0.verb.rawValue) by \($0.by)" } ?? "none")"
                + (status.nextAttemptAt.map { ", next \($0)" } ?? "") + (status.expiresAt.map { ", expires \($0)" } ?? "")
        case .replaceSpec(_, let spec): "spec serial \(spec.serial), \(spec.addressID?.rawValue ?? "no EIP"), \(spec.deletePolicy.rawValue)"
        case .createClaim, .addFinalizer, .deleteClaim, .removeFinalizer: verb
        case .allocate(let request): "allocate \(request.name) \(request.clientToken.suffix(12))"
        default: "\(self)"
        }
    }
}

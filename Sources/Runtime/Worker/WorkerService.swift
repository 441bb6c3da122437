internal import Cloud
internal import Contract
internal import Core
internal import Kubernetes
internal import Lifecycle
internal import Observe

/// The worker: takes keys from the queue, reconciles them, commits what is settled. Deciding is Core's (`Intake`,
/// `Reconciler`); here is the one place where their effects are performed.
///
/// An actor, so that events are handled one at a time and effects start in the order in which they were decided.
actor WorkerService: Service {
    nonisolated let name = "worker"

    private let queue: any QueueConsumer
    private let port: WorkerPort
    private let ledger: any Ledger
    private let place: AccountRegion
    private let map: ShardMap
    private let log: Log
    private let metrics: ControllerMetrics
    private var intake: Intake
    private var reconciler: Reconciler
    private var generation = 0
    /// answers the broker's client when the partitions it takes back are settled
    private var relinquish: (@Sendable () -> Void)?
    private var partitionsToRelinquish: Set<Int> = []
    private let drainMax: Duration
    private var alarms: [Alarm: Task<Void, Never>] = [:]
    private var startedAt: [Key: Instant] = [:]
    private var stale = StaleBindings()
    /// keys whose EIP was bound and is not confirmed yet
    private var binding: Set<Key> = []
    private var stopping = false
    /// the queue is closed: what is still answered changes nothing
    private var ended = false
    private let idle = Latch()
    /// commits go out one after the other; partitions are given up after the last
    private var lastCommit: Task<Void, Never>?
    private var slotsOwned = 0
    /// the queue has said once what is this worker's, be it nothing
    private var hasJoined = false
    /// what the machines want done, in the order in which they decided it
    private var wanted: [Wanted] = []
    private var isPerforming = false

    private enum Alarm: Hashable { case intake, reconciler }
    private enum Wanted {
        case intake(Intake.Effect)
        case reconciler(Reconciler.Effect)
    }

    init(
        queue: any QueueConsumer, port: WorkerPort, ledger: any Ledger, place: AccountRegion, map: ShardMap, policy: Policy, limits: Limits, log: Log,
        metrics: ControllerMetrics
    ) {
        self.queue = queue
        self.port = port
        self.ledger = ledger
        self.place = place
        self.map = map
        self.log = log
        self.metrics = metrics
        drainMax = limits.shard.drainMax
        let seed = StableHash.of(policy.identity, "\(BootClock.now().milliseconds)")
        intake = Intake(limits: limits.shard, seed: seed)
        reconciler = Reconciler(policy: policy, limits: limits, seed: seed)
    }

    func run(_ life: Life) async throws {
        feed(Reconciler.Event.start)
        life.ready()
        let reader = Task { () -> String? in
            for await event in queue.events {
                if let end = self.take(event) { return end }
            }
            return nil
        }
        let watch = Task {
            await life.stopping()
            await self.drain()
        }
        let end = await reader.value
        watch.cancel()
        ended = true
        for alarm in alarms.values { alarm.cancel() }
        if let end, !life.isStopping { throw WorkerEnded(message: end) }
    }

    struct WorkerEnded: Error, CustomStringConvertible {
        var message: String
        var description: String { "the queue ended: \(message)" }
    }

    /// For `/readyz`: nil when keys can be worked on.
    func trouble() -> String? {
        if let trouble = queue.trouble { return trouble }
        if !hasJoined { return "no assignment of partitions yet" }
        // A replica that was given nothing of this account waits for its turn, and is well.
        if slotsOwned > 0, !reconciler.isMirrorComplete { return "the cloud's addresses are not listed yet" + (port.lastFault().map { ": \($0)" } ?? "") }
        return nil
    }

    /// Brings the gauges up to date that nothing else does; to be called before they are read.
    func sample() {
        metrics.mirrorComplete[].set(reconciler.isMirrorComplete ? 1 : 0)
        for action in CloudAction.allCases {
            let (waiting, factor) = reconciler.pace(action)
            metrics.paceWaiting[action.rawValue].set(Double(waiting))
            metrics.paceRate[action.rawValue].set(Double(action.callsPerSecond) * factor * Double(slotsOwned) / Double(map.slots))
        }
    }

    /// Lets what runs finish its step, commits, gives the partitions up.
    private func drain() async {
        stopping = true
        giveUp()
        if partitionsToRelinquish.isEmpty { idle.open() }
        await Latch.any(idle, Deadline.latch(after: drainMax + .seconds(1)))
        await queue.close()
    }

    private func giveUp() {
        let held = intake.partitions
        partitionsToRelinquish.formUnion(held)
        feed(.revoked(held))
        share()
    }

    // MARK: from the queue

    private func take(_ event: QueueEvent) -> String? {
        switch event {
        case .assigned(let starts, let generation):
            if stopping { break }
            self.generation = generation
            hasJoined = true
            log.info(
                "partitions assigned", [Field("partitions", starts.keys.sorted().map(String.init).joined(separator: ",")), Field("generation", generation)])
            feed(Reconciler.Event.takeover)
            feed(.assigned(starts.sorted { $0.key < $1.key }.map { PartitionOffset(partition: Int($0.key), offset: $0.value) }))
            share()
        case .revoking(let lost, let finish):
            log.info("partitions revoked", [Field("lost", lost)])
            relinquish = finish
            if lost {
                feed(.lost(intake.partitions + partitionsToRelinquish.sorted()))
                relinquished(Array(partitionsToRelinquish))
                share()
            } else {
                giveUp()
                if partitionsToRelinquish.isEmpty { relinquished([]) }
            }
        case .message(let partition, let offset, let key, let cause):
            feed(.message(partition: Int(partition), offset: offset, key: key, cause: cause))
        case .report(let words): log.warning("the queue reports", [Field("error", words)])
        case .ended(let reason): return reason
        }
        return nil
    }

    private func share() {
        slotsOwned = map.slotsOwned(of: place, in: intake.partitions)
        metrics.ownedSlots[].set(Double(intake.partitions.count))
        feed(Reconciler.Event.slots(owned: slotsOwned, of: map.slots))
    }

    private func relinquished(_ partitions: [Int]) {
        partitionsToRelinquish.subtract(partitions)
        guard partitionsToRelinquish.isEmpty else { return }
        relinquish?()
        relinquish = nil
        if stopping { idle.open() }
    }

    // MARK: intake

    private func feed(_ event: Intake.Event) {
        if ended { return }
        wanted += intake.handle(event, now: BootClock.now()).map(Wanted.intake)
        perform()
    }

    /// Performing one effect can make the machines decide more. That comes after what was decided before: else a timer of
    /// later would replace one of sooner.
    private func perform() {
        if isPerforming { return }
        isPerforming = true
        var next = 0
        while next < wanted.count {
            let effect = wanted[next]
            next += 1
            switch effect {
            case .intake(let effect): perform(effect)
            case .reconciler(let effect): perform(effect)
            }
        }
        wanted.removeAll(keepingCapacity: true)
        isPerforming = false
        metrics.running[].set(Double(reconciler.running))
    }

    private func perform(_ effect: Intake.Effect) {
        switch effect {
        case .start(let key, _, _):
            startedAt[key] = startedAt[key] ?? BootClock.now()
            feed(Reconciler.Event.run(key))
        case .stop(let key): feed(Reconciler.Event.stop(key))
        case .commit(let id, let offsets):
            lastCommit = Task { [lastCommit, generation] in
                await lastCommit?.value
                await commit(id, offsets, generation)
            }
        case .resync(let partition): Task { await resync(partition) }
        case .pause: queue.pause(intake.partitions.map(Int32.init), generation: generation)
        case .resume: queue.resume(intake.partitions.map(Int32.init), generation: generation)
        case .relinquish(let partitions):
            // The commit before it is answered first: with the partitions goes the right to commit them.
            Task { [lastCommit] in
                await lastCommit?.value
                relinquished(partitions)
            }
        case .wake(let at): wake(.intake, at) { await $0.feed(Intake.Event.wake) }
        }
    }

    private func commit(_ id: Int, _ offsets: [PartitionOffset], _ generation: Int) async {
        var positions: [Int32: Int64] = [:]
        for offset in offsets { positions[Int32(offset.partition)] = offset.offset }
        do {
            feed(.committed(id, sentAt: try await queue.commit(positions, generation: generation)))
        } catch {
            log.warning("cannot commit", [Field("error", "\(error)")])
            feed(.commitFailed(id))
        }
    }

    /// Lists until it can, as long as the partition is ours.
    private func resync(_ partition: Int) async {
        log.warning("the log dropped events before they were worked on: everything in the partition is looked at", [Field("partition", partition)])
        while intake.partitions.contains(partition), !ended {
            if let keys = await port.keys() { return feed(.resynced(partition, keys.filter { map.partition(of: $0, of: place) == partition })) }
            guard await BootClock.sleep(until: BootClock.now() + Self.resyncRetry) else { return }
        }
    }
    private static let resyncRetry = Duration.seconds(5)

    // MARK: reconciler

    private func feed(_ event: Reconciler.Event) {
        if ended { return }
        let now = port.now()
        let effects = reconciler.handle(event, now: now) { intake.mayAct(on: $0, now: now.instant) }
        wanted += effects.map(Wanted.reconciler)
        perform()
    }

    private func perform(_ effect: Reconciler.Effect) {
        switch effect {
        case .perform(let key, let run, let effect): perform(key, run, effect)
        case .list(let offset, let limit): Task { feed(.mirror(await port.list(offset: offset, limit: limit))) }
        case .describe(let ids): Task { feed(.mirror(await port.describe(ids))) }
        case .finished(let key, let outcome): finished(key, outcome)
        case .drifted(let key): feed(.hint(key, .replayed, partition: map.partition(of: key, of: place)))
        case .wake(let at): wake(.reconciler, at) { await $0.feed(Reconciler.Event.wake) }
        }
    }

    private func perform(_ key: Key, _ run: Int, _ effect: ReconcileEffect) {
        switch effect {
        case .say(let notice): Task { await port.say(key, notice) }
        case .record(let record): Task { [ledger] in await ledger.append(record) }
        case .took(let step, let reason):
            if let lasted = stale.took(step, key, at: BootClock.now()) { metrics.staleBinding[].observe(lasted) }
            measure(step, key)
            metrics.steps[step.verb, reason.rawValue].add()
            log.info("step taken", [.key(key), Field("step", "\(step)"), Field("reason", reason.rawValue)])
        case .readClaim, .readPod, .readNode, .readNetworkInterface, .readSurroundings, .observe, .listNamed, .createClaim, .addFinalizer, .replaceSpec,
            .replaceStatus, .deleteClaim, .removeFinalizer, .annotatePod, .acquire, .allocate, .associate, .disassociate, .release, .modifyBandwidth, .finish:
            // The proof of ownership that the request's life counts from, at the moment it is sent.
            let proof = intake.proof ?? BootClock.now()
            Task { answered(key, run, await port.perform(effect, key: key, proof: proof)) }
        }
    }

    private func answered(_ key: Key, _ run: Int, _ event: ReconcileEvent) {
        if let lasted = stale.saw(event, key, at: BootClock.now()) { metrics.staleBinding[].observe(lasted) }
        feed(.answered(key, run: run, event))
    }

    /// From the first work on a pod to the confirmation of the binding that was made for it.
    private func measure(_ step: Step, _ key: Key) {
        if case .associate = step { binding.insert(key) }
        if case .writeStatus(let status) = step, status.phase == .bound, binding.remove(key) != nil, let start = startedAt[key] {
            metrics.timeToBound[].observe(BootClock.now() - start)
        }
    }

    private func finished(_ key: Key, _ outcome: ReconcileOutcome) {
        stale.finished(key, outcome)
        switch outcome {
        case .settled(let reason):
            metrics.reconciles["settled", reason.rawValue].add()
            startedAt[key] = nil
            binding.remove(key)
            log.debug("settled", [.key(key), Field("reason", reason.rawValue)])
        case .again(let after, let reason):
            metrics.reconciles["again", reason.rawValue].add()
            log.debug("again", [.key(key), Field("after", after), Field("reason", reason.rawValue)])
        case .retry(let reason, let words):
            metrics.reconciles["retry", reason.rawValue].add()
            log.warning("will retry", [.key(key), Field("reason", reason.rawValue), Field("error", words)])
        case .abandoned(let reason):
            startedAt[key] = nil
            binding.remove(key)
            metrics.reconciles["abandoned", reason.rawValue].add()
            log.info("given up", [.key(key), Field("reason", reason.rawValue)])
        }
        feed(.finished(key, outcome))
    }

    /// One timer for each machine: the machines ask again when they are woken too early.
    private func wake(_ alarm: Alarm, _ at: Instant, _ body: @escaping @Sendable (WorkerService) async -> Void) {
        alarms[alarm]?.cancel()
        alarms[alarm] = Task {
            guard await BootClock.sleep(until: at) else { return }
            await body(self)
        }
    }
}

extension Field {
    static func key(_ key: Key) -> Field { Field("key", key.description) }
}

extension Step {
    /// For metrics: the first word, in the spelling of Kubernetes and of the cloud's actions.
    var verb: String {
        switch self {
        case .createClaim: "CreateClaim"
        case .addFinalizer: "AddFinalizer"
        case .updateSpec: "UpdateClaim"
        case .writeStatus: "WriteStatus"
        case .deleteClaim: "DeleteClaim"
        case .removeFinalizer: "RemoveFinalizer"
        case .annotatePod: "AnnotatePod"
        case .allocate, .associate, .disassociate, .release, .modifyBandwidth: cloudVerb!.rawValue
        }
    }
}

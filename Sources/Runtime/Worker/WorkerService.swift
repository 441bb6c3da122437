internal import Cloud
internal import Contract
internal import Core
internal import Kubernetes
internal import Lifecycle
internal import Observe

/// The worker: takes keys from the queue, reconciles them, commits what is settled. Deciding is Core's (`Worker`); here is the
/// one place where its effects are performed.
///
/// An actor, so that events are handled one at a time and effects start in the order in which they were decided.
actor WorkerService: Service {
    nonisolated let name = "worker"

    private let queue: any QueueConsumer
    private let port: WorkerPort
    private let ledger: any Ledger
    private let map: ShardMap
    private let place: AccountRegion
    private let log: Log
    private let metrics: ControllerMetrics
    private var worker: Worker
    private var generation = 0
    /// answers the broker's client when the partitions it takes back are settled
    private var relinquish: (@Sendable () -> Void)?
    private var partitionsToRelinquish: Set<Int> = []
    private let drainMax: Duration
    private var alarm: Task<Void, Never>?
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
    /// the queue has said once what is this worker's, be it nothing
    private var hasJoined = false

    init(
        queue: any QueueConsumer, port: WorkerPort, ledger: any Ledger, place: AccountRegion, map: ShardMap, policy: Policy, limits: Limits, log: Log,
        metrics: ControllerMetrics
    ) {
        self.queue = queue
        self.port = port
        self.ledger = ledger
        (self.map, self.place) = (map, place)
        self.log = log
        self.metrics = metrics
        drainMax = limits.shard.drainMax
        let seed = StableHash.of(policy.identity, "\(BootClock.now().milliseconds)")
        worker = Worker(place: place, map: map, policy: policy, limits: limits, seed: seed)
    }

    func run(_ life: Life) async throws {
        feed(.start)
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
        alarm?.cancel()
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
        if worker.slotsOwned > 0, !worker.isMirrorComplete { return "the cloud's addresses are not listed yet" + (port.lastFault().map { ": \($0)" } ?? "") }
        return nil
    }

    /// Brings the gauges up to date that nothing else does; to be called before they are read.
    func sample() {
        metrics.mirrorComplete[].set(worker.isMirrorComplete ? 1 : 0)
        for action in CloudAction.allCases {
            let (waiting, factor) = worker.pace(action)
            metrics.paceWaiting[action.rawValue].set(Double(waiting))
            metrics.paceRate[action.rawValue].set(Double(action.callsPerSecond) * factor * Double(worker.slotsOwned) / Double(map.slots))
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
        partitionsToRelinquish.formUnion(worker.partitions)
        feed(.revoked)
    }

    // MARK: from the queue

    private func take(_ event: QueueEvent) -> String? {
        switch event {
        case .assigned(let starts, let generation):
            if stopping { break }
            self.generation = generation
            hasJoined = true
            // What was to be given back before is somebody's by now.
            (partitionsToRelinquish, relinquish) = ([], nil)
            forget(allBut: Set(starts.keys.map(Int.init)))
            log.info(
                "partitions assigned", [Field("partitions", starts.keys.sorted().map(String.init).joined(separator: ",")), Field("generation", generation)])
            feed(.assigned(starts.sorted { $0.key < $1.key }.map { PartitionOffset(partition: Int($0.key), offset: $0.value) }))
        case .revoking(let lost, let finish):
            log.info("partitions revoked", [Field("lost", lost)])
            relinquish = finish
            if lost {
                feed(.lost)
                relinquished(Array(partitionsToRelinquish))
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

    private func relinquished(_ partitions: [Int]) {
        partitionsToRelinquish.subtract(partitions)
        guard partitionsToRelinquish.isEmpty else { return }
        relinquish?()
        relinquish = nil
        if stopping { idle.open() }
    }

    /// What was measured of keys that another replica works on now.
    private func forget(allBut partitions: Set<Int>) {
        func isGone(_ key: Key) -> Bool { !partitions.contains(map.partition(of: key, of: place)) }
        startedAt = startedAt.filter { !isGone($0.key) }
        binding = binding.filter { !isGone($0) }
        stale.forget(isGone)
    }

    // MARK: effects

    private func feed(_ event: Worker.Event) {
        if ended { return }
        for effect in worker.handle(event, now: port.now()) { perform(effect) }
        metrics.running[].set(Double(worker.running))
        metrics.ownedSlots[].set(Double(worker.partitions.count))
    }

    /// None of these comes back to the machine before it returns.
    private func perform(_ effect: Worker.Effect) {
        switch effect {
        case .started(let key): startedAt[key] = startedAt[key] ?? BootClock.now()
        case .perform(let key, let run, let effect, let proof): perform(key, run, effect, proof)
        case .list(let offset, let limit): Task { feed(.mirror(await port.list(offset: offset, limit: limit))) }
        case .describe(let ids): Task { feed(.mirror(await port.describe(ids))) }
        case .finished(let key, let outcome): finished(key, outcome)
        case .commit(let id, let offsets):
            lastCommit = Task { [lastCommit, generation] in
                await lastCommit?.value
                await commit(id, offsets, generation)
            }
        case .pause(let partitions): queue.pause(partitions.map(Int32.init), generation: generation)
        case .resume(let partitions): queue.resume(partitions.map(Int32.init), generation: generation)
        case .relinquish(let partitions):
            // The commit before it is answered first: with the partitions goes the right to commit them.
            Task { [lastCommit, generation] in
                await lastCommit?.value
                // Those of an assignment that was lost meanwhile are not those that are asked for now.
                if generation == self.generation { relinquished(partitions) }
            }
        case .wake(let at):
            alarm?.cancel()
            alarm = Task {
                guard await BootClock.sleep(until: at) else { return }
                feed(.wake)
            }
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

    private func perform(_ key: Key, _ run: Int, _ effect: ReconcileEffect, _ proof: Instant) {
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

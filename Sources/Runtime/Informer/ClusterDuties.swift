internal import Contract
internal import Core
internal import JSON
internal import Kubernetes
internal import Lifecycle
internal import Observe

/// What the leader of a cluster does for it, for one term: follow pods, claims and nodes; publish the keys that changed;
/// publish what is due; delete what has expired; report how many EIPs each node may have. A new term starts from nothing.
actor ClusterDuties {
    private let cluster: String
    private let term: Leadership.Term
    private let port: ClusterPort
    private let publisher: any QueuePublisher
    private let log: Log
    private let metrics: ControllerMetrics
    private let mayAct: @Sendable () -> Bool

    private var mirror: ClusterMirror
    private var outbox = Outbox()
    private var due = DueList()
    private var nodes = NodeDuty()
    /// the term is over: nothing is published or written any more
    private var ended = false
    /// writes and publications under way
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var tasksStarted = 0
    private var standing: Set<String> = []
    private var alarms: [String: Task<Void, Never>] = [:]

    /// - Parameter mayAct: whether the term is still led, asked before every write.
    init(
        cluster: String, term: Leadership.Term, port: ClusterPort, publisher: any QueuePublisher, log: Log, metrics: ControllerMetrics,
        mayAct: @escaping @Sendable () -> Bool
    ) {
        self.cluster = cluster
        self.term = term
        self.port = port
        self.publisher = publisher
        self.log = log
        self.metrics = metrics
        self.mayAct = mayAct
        mirror = ClusterMirror(cluster: cluster)
    }

    /// Returns when the task is cancelled, which is how a term ends.
    func run() async {
        let seed = UInt64(bitPattern: Int64(BootClock.now().milliseconds)) ^ StableHash.of(cluster, "\(term)")
        let pods = PodDecoder(names: port.names)
        let nodes = NodeDecoder(names: port.names)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [port] in
                let reader = ObjectReader<Pod>(read: { r throws(JSONError) in try pods.decode(&r) }, resourceVersion: \.resourceVersion)
                for await event in port.client.follow(Resource.pods.all(), seed: seed, as: reader) { await self.pods(event) }
            }
            group.addTask { [port] in
                let reader = ObjectReader<Claim>(read: { r throws(JSONError) in try ClaimDecoder.decode(&r) }, resourceVersion: \.resourceVersion)
                for await event in port.client.follow(ClusterPort.claims.all(), seed: seed &+ 1, as: reader) { await self.claims(event) }
            }
            group.addTask { [port] in
                let reader = ObjectReader<NodeRecord>(read: { r throws(JSONError) in try nodes.decode(&r) }, resourceVersion: \.resourceVersion)
                for await event in port.client.follow(Resource.nodes.all(), seed: seed &+ 2, as: reader) { await self.nodes(event) }
            }
        }
        await end()
    }

    /// Nothing of a term outlives it.
    private func end() async {
        ended = true
        for alarm in alarms.values { alarm.cancel() }
        for task in tasks.values { task.cancel() }
        for task in tasks.values { await task.value }
        for gauge in [metrics.pods, metrics.claims, metrics.outbox] { gauge[cluster].set(0) }
    }

    private func start(_ work: @escaping @Sendable (ClusterDuties) async -> Void) {
        if ended { return }
        tasksStarted += 1
        let id = tasksStarted
        tasks[id] = Task {
            await work(self)
            tasks[id] = nil
        }
    }

    // MARK: what is seen

    private func pods(_ event: ReflectorEvent<Pod>) {
        switch event {
        case .listed(let pods, _):
            publish(mirror.handle(.podsListed(pods)))
            reap(.podsListed(pods))
        case .changed(.deleted, let pod):
            publish(mirror.handle(.podGone(pod)))
            reap(.podGone(pod))
        case .changed(.added, let pod), .changed(.modified, let pod):
            publish(mirror.handle(.podChanged(pod)))
            reap(.podSeen(pod))
        case .unreadable(_, let object): unreadable("pod", object)
        case .report(let report):
            if case .rewound = report { _ = mirror.handle(.podsDoubted) }
            reported("pods", report)
        }
        observed()
    }

    private func claims(_ event: ReflectorEvent<Claim>) {
        switch event {
        case .listed(let claims, _):
            publish(mirror.handle(.claimsListed(claims)))
            reap(.claimsListed(claims))
        case .changed(.deleted, let claim):
            publish(mirror.handle(.claimGone(claim)))
            reap(.claimGone(claim))
        case .changed(.added, let claim), .changed(.modified, let claim):
            publish(mirror.handle(.claimChanged(claim)))
            reap(.claimSeen(claim))
        case .unreadable(_, let object): unreadable("eipclaim", object)
        case .report(let report):
            if case .rewound = report { _ = mirror.handle(.claimsDoubted) }
            reported("claims", report)
        }
        observed()
    }

    private func nodes(_ event: ReflectorEvent<NodeRecord>) {
        switch event {
        case .listed(let records, _): for record in records { node(record) }
        case .changed(.added, let record), .changed(.modified, let record): node(record)
        case .changed(.deleted, let record): nodes.forget(record.name)
        case .unreadable(_, let object): unreadable("node", object)
        case .report(let report): reported("nodes", report)
        }
    }

    private func unreadable(_ kind: String, _ object: UnreadableObject) {
        log.warning(
            "an object cannot be read",
            [Field("kind", kind), Field("object", "\(object.meta.namespace)/\(object.meta.name)"), Field("problem", object.problem)])
    }

    private func reported(_ what: String, _ report: ReflectorReport) {
        switch report {
        case .synced:
            standing.insert(what)
            log.info("following", [Field("what", what)])
        case .bookmark: break
        case .rewound(let from, let to):
            log.error("the API server's data were rolled back", [Field("what", what), Field("from", from), Field("to", to)])
            metrics.rewound["\(cluster)"].add()
            standing.remove(what)
            reap(.gap)
        case .disconnected(let error):
            standing.remove(what)
            reap(.gap)
            log.warning("not following", [Field("what", what), Field("error", error.description)])
        }
    }

    private func observed() {
        reap(.skew(port.clock.skew))
        if mirror.isComplete, standing.isSuperset(of: ["pods", "claims"]) { reap(.observing) }
        let counts = mirror.counts
        metrics.pods[cluster].set(Double(counts.pods))
        metrics.claims[cluster].set(Double(counts.claims))
    }

    // MARK: publishing

    private func publish(_ changes: [ClusterMirror.Change]) {
        for change in changes { publish(change.key, change.cause, change.snapshot) }
    }

    private func publish(_ key: Key, _ cause: Cause, _ snapshot: String) {
        let now = port.clock.now()
        let trace = StableHash.hex(of: key.description, cause.rawValue, snapshot, "\(now.instant.milliseconds)")
        feed(.changed(KeyChanged(key: key, cause: cause, snapshot: snapshot, term: Int64(term), traceID: trace, at: now.wall)))
    }

    private func feed(_ event: Outbox.Event) {
        for effect in outbox.handle(event, now: BootClock.now()) {
            switch effect {
            case .publish(let change): start { await $0.send(change) }
            case .wake(let at): wake("outbox", at) { await $0.feed(.wake) }
            }
        }
        metrics.outbox[cluster].set(Double(outbox.count))
    }

    private func send(_ change: KeyChanged) async {
        guard !ended, mayAct() else { return }
        do {
            try await publisher.publish(change)
            if ended { return }
            metrics.published[change.cause.rawValue].add()
            feed(.acknowledged(change.key))
        } catch {
            if ended { return }
            log.warning("cannot publish", [Field("key", change.key.description), Field("error", "\(error)")])
            feed(.failed(change.key))
        }
    }

    // MARK: the reaper

    private func reap(_ event: DueList.Event) {
        for effect in due.handle(event, now: port.clock.now()) {
            switch effect {
            case .publishDue(let namespace, let name): publish(Key(cluster: cluster, namespace: namespace, name: name), .due, "")
            case .deleteClaim(let namespace, let name, let uid, let version): start { await $0.expire(namespace, name, uid, version) }
            case .wake(let at): wake("due", at) { await $0.reap(.wake) }
            }
        }
    }

    private func expire(_ namespace: String, _ name: String, _ uid: String, _ version: String) async {
        guard !ended, mayAct() else { return }
        do throws(KubernetesError) {
            _ = try await port.client.delete(ClusterPort.claims.at(namespace, name), DeleteOptions(uid: uid, resourceVersion: version))
            log.info("claim expired", [Field("claim", "\(namespace)/\(name)"), Field("reason", Reason.claimExpired.rawValue)])
            metrics.steps["DeleteExpired", Reason.claimExpired.rawValue].add()
        } catch {
            if error.reason != .conflict, error.reason != .notFound { log.warning("cannot delete an expired claim", [Field("error", error.description)]) }
        }
    }

    private func wake(_ name: String, _ at: Instant, _ body: @escaping @Sendable (ClusterDuties) async -> Void) {
        alarms[name]?.cancel()
        if ended { return }
        alarms[name] = Task {
            guard await BootClock.sleep(until: at) else { return }
            await body(self)
        }
    }

    // MARK: nodes

    private func node(_ record: NodeRecord) {
        guard let count = nodes.wanted(record, names: port.names, log: log) else { return }
        start { await $0.patch(record, count) }
    }

    private func patch(_ record: NodeRecord, _ count: Int) async {
        guard !ended, mayAct() else { return }
        do throws(KubernetesError) {
            _ = try await port.client.mergePatch(
                Resource.nodes.at(nil, record.name, subresource: "status"), PodEncoder.capacity(count, nodeUID: record.uid, names: port.names))
            log.info("node capacity written", [Field("node", record.name), Field("count", count)])
        } catch {
            // The next change of the node, and there is one every few minutes, tries again.
            nodes.forget(record.name)
            log.warning("cannot write a node's capacity", [Field("node", record.name), Field("error", error.description)])
        }
    }
}

/// Which nodes have to be told how many EIPs they may have.
struct NodeDuty {
    private var warned: [String: String] = [:]

    /// The number to be written to the node; nil when it is there already or unknown.
    mutating func wanted(_ record: NodeRecord, names: AnnotationNames, log: Log) -> Int? {
        let (count, problem) = NodeCapacity.eips(of: record, names: names)
        if let problem, warned.updateValue(problem.message, forKey: record.name) != problem.message {
            log.warning("a node's EIP capacity is unknown", [Field("node", record.name), Field("problem", problem.message)])
        }
        guard let count, record.eipCapacity != count else { return nil }
        return count
    }

    mutating func forget(_ name: String) { warned[name] = nil }
}

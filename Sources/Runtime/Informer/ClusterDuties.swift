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

    private var duty: ClusterDuty
    private var nodes = NodeDuty()
    /// the term is over: nothing is published or written any more
    private var ended = false
    /// writes and publications under way
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var tasksStarted = 0
    /// Writes to the API server. The renewal of the Lease goes to the same server and must not wait behind a thousand nodes.
    private var writes = Turns<@Sendable (ClusterDuties) async -> Void>(max: 16)
    /// claims whose deletion is under way, or waits to be
    private var deleting: Set<String> = []
    /// nodes whose capacity is being written, or waits to be, and what came of them since
    private var patching: [String: NodeRecord?] = [:]
    private var alarm: Task<Void, Never>?

    /// - Parameters:
    ///   - expireAfter: how long a claim is kept without a pod whose spec does not say; zero: for ever.
    ///   - mayAct: whether the term is still led, asked before every write.
    init(
        cluster: String, term: Leadership.Term, map: ShardMap, place: AccountRegion, expireAfter: Duration, port: ClusterPort, publisher: any QueuePublisher,
        log: Log, metrics: ControllerMetrics, mayAct: @escaping @Sendable () -> Bool
    ) {
        self.cluster = cluster
        self.term = term
        self.port = port
        self.publisher = publisher
        self.log = log
        self.metrics = metrics
        self.mayAct = mayAct
        var due = DueList.Settings()
        due.expireAfter = expireAfter
        duty = ClusterDuty(cluster: cluster, term: term, map: map, place: place, due: due)
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
        alarm?.cancel()
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

    private func write(_ work: @escaping @Sendable (ClusterDuties) async -> Void) {
        if let work = writes.ask(work) { runInTurn(work) }
    }

    private func runInTurn(_ work: @escaping @Sendable (ClusterDuties) async -> Void) {
        start { duties in
            await work(duties)
            await duties.writeEnded()
        }
    }

    private func writeEnded() {
        if let next = writes.end() { runInTurn(next) }
    }

    // MARK: what is seen

    private func pods(_ event: ReflectorEvent<Pod>) {
        feed(.skew(port.clock.skew))
        if let news = news("pod", event) { feed(.pods(news)) }
    }

    private func claims(_ event: ReflectorEvent<Claim>) {
        feed(.skew(port.clock.skew))
        if let news = news("eipclaim", event) { feed(.claims(news)) }
    }

    private func news<Object>(_ kind: String, _ event: ReflectorEvent<Object>) -> ClusterDuty.News<Object>? {
        switch event {
        case .listed(let objects, _): return .listed(objects)
        case .changed(.deleted, let object): return .gone(object)
        case .changed(.added, let object), .changed(.modified, let object): return .changed(object)
        case .unreadable(_, let object):
            unreadable(kind, object)
            return nil
        case .report(let report):
            reported(kind, report)
            switch report {
            case .synced: return .following
            case .bookmark: return nil
            case .rewound: return .rewound
            case .disconnected: return .lost
            }
        }
    }

    private func nodes(_ event: ReflectorEvent<NodeRecord>) {
        switch event {
        case .listed(let records, _): for record in records { node(record) }
        case .changed(.added, let record), .changed(.modified, let record): node(record)
        case .changed(.deleted, let record): nodes.forget(record.name)
        case .unreadable(_, let object): unreadable("node", object)
        case .report(let report): reported("node", report)
        }
    }

    private func unreadable(_ kind: String, _ object: UnreadableObject) {
        log.warning(
            "an object cannot be read",
            [Field("kind", kind), Field("object", "\(object.meta.namespace)/\(object.meta.name)"), Field("problem", object.problem)])
    }

    private func reported(_ kind: String, _ report: ReflectorReport) {
        switch report {
        case .synced: log.info("following", [Field("kind", kind)])
        case .bookmark: break
        case .rewound(let from, let to):
            log.error("the API server's data were rolled back", [Field("kind", kind), Field("from", from), Field("to", to)])
            metrics.rewound["\(cluster)"].add()
        case .disconnected(let error): log.warning("not following", [Field("kind", kind), Field("error", error.description)])
        }
    }

    // MARK: what follows from it

    private func feed(_ event: ClusterDuty.Event) {
        if ended { return }
        for effect in duty.handle(event, now: port.clock.now()) {
            switch effect {
            case .publish(let change): start { await $0.send(change) }
            case .deleteClaim(let namespace, let name, let uid, let version):
                // One that is asked for again before it had its turn is the same.
                if deleting.insert("\(namespace)/\(name)").inserted { write { await $0.expire(namespace, name, uid, version) } }
            case .wake(let at): wake(at)
            }
        }
        let counts = duty.counts
        metrics.pods[cluster].set(Double(counts.pods))
        metrics.claims[cluster].set(Double(counts.claims))
        metrics.outbox[cluster].set(Double(counts.outbox))
    }

    private func send(_ change: KeyChanged) async {
        if ended { return }
        guard mayAct() else { return feed(.publishFailed(change.key)) }
        do {
            try await publisher.publish(change)
            if ended { return }
            metrics.published[change.cause.rawValue].add()
            feed(.acknowledged(change.key))
        } catch {
            if ended { return }
            log.warning("cannot publish", [Field("key", change.key.description), Field("error", "\(error)")])
            feed(.publishFailed(change.key))
        }
    }

    private func expire(_ namespace: String, _ name: String, _ uid: String, _ version: String) async {
        defer { deleting.remove("\(namespace)/\(name)") }
        let now = port.clock.now()
        guard !ended, mayAct(), duty.mayDelete(namespace: namespace, name: name, uid: uid, resourceVersion: version, now: now) else { return }
        do throws(KubernetesError) {
            _ = try await port.client.delete(ClusterPort.claims.at(namespace, name), DeleteOptions(uid: uid, resourceVersion: version))
            log.info("claim expired", [Field("claim", "\(namespace)/\(name)"), Field("reason", Reason.claimExpired.rawValue)])
            metrics.steps["DeleteExpired", Reason.claimExpired.rawValue].add()
        } catch {
            if error.reason != .conflict, error.reason != .notFound { log.warning("cannot delete an expired claim", [Field("error", error.description)]) }
        }
    }

    private func wake(_ at: Instant) {
        alarm?.cancel()
        alarm = Task {
            guard await BootClock.sleep(until: at) else { return }
            feed(.skew(port.clock.skew))
            feed(.wake)
        }
    }

    // MARK: nodes

    private func node(_ record: NodeRecord) {
        if patching[record.name] != nil {
            patching[record.name] = .some(record)
            return
        }
        guard let count = nodes.wanted(record, names: port.names, log: log) else { return }
        patching[record.name] = .some(nil)
        write { await $0.patch(record, count) }
    }

    private func patch(_ record: NodeRecord, _ count: Int) async {
        defer { if let newer = patching.removeValue(forKey: record.name) ?? nil { node(newer) } }
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

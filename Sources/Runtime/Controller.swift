internal import Admin
internal import Cloud
internal import Contract
internal import Core
internal import HTTPClient
internal import Kafka
internal import Kubernetes
internal import Lifecycle
public import Observe

/// The controller of one cluster and one account-region, as `eip-controller run` runs it. All wiring is in this file.
public struct Controller: Sendable {
    private let configuration: Configuration
    private let log: Log

    public init(_ configuration: Configuration, log: Log) {
        self.configuration = configuration
        self.log = log
    }

    /// Runs until a signal comes or something cannot go on; returns the exit code. A configuration that cannot work ends it
    /// at once, with a sentence; a server that is not there makes it wait, and `/readyz` says so.
    public func run(signals: some AsyncSequence<Int32, Never> & Sendable) async -> Int32 {
        let http = HTTPClient()
        let assembly: Assembly
        do {
            assembly = try Assembly(configuration, http: http, log: log)
        } catch {
            log.error("cannot start", [Field("error", "\(error)")])
            await http.shutdown()
            return 2
        }
        let group = ServiceGroup([assembly.admin, assembly], drain: .seconds(25)) { [log] event in log.lifecycle(event) }
        let outcome = await group.run(signals: signals)
        await http.shutdown()
        return outcome.exitCode
    }
}

/// The parts, and how they hang together.
final class Assembly: Service {
    let name = "controller"
    let admin: AdminServer

    private let configuration: Configuration
    private let http: HTTPClient
    private let log: Log
    let metrics: ControllerMetrics
    private let client: KubernetesClient
    private let clock: ClusterClock
    /// nil without the role worker, which alone calls the cloud
    private let cloud: TencentCloudClient?
    private let place: AccountRegion
    private let map: ShardMap
    let state: Locked<State>
    private let startedAt = StableHash.hex(of: "\(LocalClock.now().wall)")

    /// What `/readyz` looks at.
    struct State: Sendable {
        var trouble: String? = "not started yet"
        /// why the log cannot be used; nil with the queue in memory
        var topics: String?
        var leader: LeaderService?
        var worker: WorkerService?
    }

    init(_ configuration: Configuration, http: HTTPClient, log: Log) throws {
        self.configuration = configuration
        self.http = http
        self.log = log
        let metrics = ControllerMetrics()
        self.metrics = metrics
        client = KubernetesClient(try Self.access(configuration.cluster), http: http)
        clock = ClusterClock(local: LocalClock.now)
        place = AccountRegion(account: "default", region: configuration.cloud.region)
        map = ShardMap(slots: configuration.slots)
        let settings = CloudSettings(
            region: configuration.cloud.region, endpoint: configuration.cloud.endpoint, requestLife: RequestLife(configuration.cloud.requestLife))
        cloud = configuration.cloud.credentials.map { credentials in
            TencentCloudClient(settings, credentials: credentials.source, http: http, now: LocalClock.now, observer: { metrics.record($0) })
        }
        let state = Locked(State())
        self.state = state
        admin = AdminServer(
            configuration.adminAddress,
            AdminSources(
                stuck: { nil }, checks: { await Assembly.checks(state) },
                exposition: {
                    await state.withLock { $0.worker }?.sample()
                    return metrics.registry.exposition()
                }),
            // with port 0 the system picks one, and nobody else knows it
            listening: { address in log.info("serving /livez, /readyz and /metrics", [Field("address", "\(address)")]) })
    }

    private static func access(_ cluster: Configuration.Cluster) throws -> ClusterAccess {
        switch cluster {
        case .inCluster: try ClusterAccess.inCluster()
        case .kubeconfig(let file): try Kubeconfig(file: file).access()
        }
    }

    private static func checks(_ state: Locked<State>) async -> [(name: String, trouble: String?)] {
        let now = state.withLock { $0 }
        var checks: [(name: String, trouble: String?)] = [("kubernetes", now.trouble)]
        if let topics = now.topics { checks.append(("topics", topics)) }
        if let worker = now.worker { checks.append(("worker", await worker.trouble())) }
        if let leader = now.leader { checks.append(("leader", leader.holder() == nil ? "no replica leads yet" : nil)) }
        return checks
    }

    func run(_ life: Life) async throws {
        life.ready()
        guard let cluster = await identify(life) else { return }
        log.info("serving", [Field("cluster", cluster), Field("place", place.description), Field("identity", configuration.instanceID)])
        let port = ClusterPort(client: client, names: AnnotationNames(domain: configuration.annotationDomain), clock: clock)
        guard let services = try await services(cluster, port, life) else { return }
        let stop = AsyncStream<Int32> { continuation in
            Task {
                await life.stopping()
                continuation.yield(15)  // to the inner group it is all one who asks
            }
        }
        let outcome = await ServiceGroup(services, drain: .seconds(20)) { [log] event in log.lifecycle(event) }.run(signals: stop)
        if outcome.exitCode != 0 { throw Ended(outcome: outcome) }
    }

    struct Ended: Error, CustomStringConvertible {
        let outcome: ServiceGroup.Outcome
        var description: String { "\(outcome.cause)" + (outcome.late.isEmpty ? "" : ", late: \(outcome.late.joined(separator: ", "))") }
    }

    /// Waits for the API server and for a CRD that is ours. Nil when it is told to stop meanwhile.
    private func identify(_ life: Life) async -> String? {
        let boot = ClusterBoot(client: client, clock: clock, log: log)
        var said = ""
        while !life.isStopping {
            do throws(ClusterBoot.Refusal) {
                let cluster = try await boot.identify()
                try await boot.checkDefinition()
                state.withLock { $0.trouble = nil }
                return cluster
            } catch {
                let words = error.description
                state.withLock { $0.trouble = words }
                if words != said { log.error("cannot serve the cluster yet", [Field("error", words)]) }
                said = words
            }
            await pause(life)
        }
        return nil
    }

    // MARK: what runs

    /// Nil when it is told to stop before they can be made.
    private func services(_ cluster: String, _ port: ClusterPort, _ life: Life) async throws -> [any Service]? {
        switch configuration.queue {
        case .kafka(let kafka):
            var settings = kafka.clientSettings
            settings.log = { [log] line in log.kafka(line) }
            let topics = Topics(prefix: kafka.topicPrefix)
            guard await ensure(topics, settings, replication: kafka.replication, life) else { return nil }
            return try servicesWithKafka(topics, settings, cluster, port)
        case .memory: return servicesInMemory(cluster, port)
        }
    }

    private func worker(
        _ queue: any QueueConsumer, _ ledger: any Ledger, _ cluster: String, _ port: ClusterPort, limits: Limits
    ) -> WorkerService {
        guard let cloud else { preconditionFailure("the configuration gives the role worker its credentials") }
        let worker = WorkerService(
            queue: queue, port: WorkerPort(clusters: [cluster: port], cloud: cloud, vpcID: configuration.cloud.vpcID, log: log), ledger: ledger, place: place,
            map: map,
            policy: configuration.policy, limits: limits, log: log, metrics: metrics)
        state.withLock { $0.worker = worker }
        return worker
    }

    /// A restart is not the same leader, so the process's start is part of the name.
    private var leaderIdentity: String { "\(configuration.instanceID)_\(startedAt)" }

    private func leader(_ cluster: String, _ port: ClusterPort, duties: @escaping @Sendable (Leadership.Term, LeaderService) async -> Void) -> LeaderService {
        let box = Locked<LeaderService?>(nil)
        let leader = LeaderService(
            client: client, namespace: configuration.namespace, identity: leaderIdentity, clock: clock, limits: configuration.limits().leadership, log: log
        ) { term in
            guard let leader = box.withLock({ $0 }) else { return }
            await duties(term, leader)
        }
        box.withLock { $0 = leader }
        state.withLock { $0.leader = leader }
        return leader
    }

    private func duties(_ cluster: String, _ port: ClusterPort, _ term: Leadership.Term, _ leader: LeaderService, _ publisher: any QueuePublisher)
        -> ClusterDuties
    {
        ClusterDuties(
            cluster: cluster, term: term, map: map, place: place, expireAfter: configuration.policy.expireAfter, port: port, publisher: publisher, log: log,
            metrics: metrics
        ) { leader.term() == term }
    }

    /// Every replica works on the partitions it is given; the leader of the cluster informs.
    private func servicesWithKafka(_ topics: Topics, _ settings: KafkaSettings, _ cluster: String, _ port: ClusterPort) throws -> [any Service] {
        let limits = configuration.limits()
        var services: [any Service] = []
        if configuration.roles.contains(.worker) {
            var membership = KafkaMembership(groupID: topics.group, topic: topics.events, instanceID: configuration.instanceID)
            membership.sessionTimeout = limits.shard.sessionTimeout
            membership.rebalanceMax = max(membership.rebalanceMax, limits.shard.sessionTimeout)
            membership.drainMax = limits.shard.drainMax + .seconds(1)
            let ledger = try KafkaLedger(settings, topic: topics.ledger, place: place, log: log)
            services.append(worker(try KafkaConsumer(settings, membership), ledger, cluster, port, limits: limits))
        }
        // The leader informs and reaps: both need the same mirror of the cluster.
        if configuration.roles.contains(.informer) || configuration.roles.contains(.reaper) {
            let publisher = try KafkaPublisher(settings, topic: topics.events, map: map, place: place)
            services.append(leader(cluster, port) { term, leader in await self.duties(cluster, port, term, leader, publisher).run() })
        }
        return services
    }

    /// At start, too, topics are made if they are missing. Brokers that are not there and topics that are wrong are looked at
    /// again until they are as they have to be, and `/readyz` says so. False when it is told to stop meanwhile.
    private func ensure(_ topics: Topics, _ settings: KafkaSettings, replication: Int, _ life: Life) async -> Bool {
        let brokers = settings.brokers.joined(separator: ",")
        state.withLock { $0.topics = "Kafka at \(brokers) has not answered yet" }
        var said = ""
        while !life.isStopping {
            var trouble: String?
            do throws(KafkaError) {
                let (lines, ok) = try await topics.ensure(settings, replication: replication)
                if ok { for line in lines { log.info("topic", [Field("state", line)]) } } else { trouble = lines.joined(separator: "; ") }
            } catch {
                trouble = "Kafka at \(brokers): \(error.message)"
            }
            state.withLock { $0.topics = trouble }
            guard let trouble else { return true }
            if trouble != said { log.error("cannot use the log yet", [Field("error", trouble)]) }
            said = trouble
            await pause(life)
        }
        return false
    }

    /// Before something that did not work is tried again.
    private func pause(_ life: Life) async {
        let wait = Deadline.latch(after: .seconds(2))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await wait.wait() }
            group.addTask { await life.stopping() }
            await group.next()
            group.cancelAll()
        }
    }

    /// One replica does everything: queue, informer and worker live for one term.
    private func servicesInMemory(_ cluster: String, _ port: ClusterPort) -> [any Service] {
        var limits = configuration.limits()
        // Ownership is the Lease: a proof is the sending of its last renewal, and lasts as long as the term may act on it.
        limits.shard.sessionTimeout = limits.leadership.leaseDuration
        limits.shard.sessionMargin = limits.leadership.leaseDuration - limits.leadership.renewDeadline
        let map = self.map
        let place = self.place
        return [
            leader(cluster, port) { [limits] term, leader in
                let queue = MemoryQueue(map: map, place: place) { try leader.proof(of: term) }
                let worker = self.worker(queue, LogLedger(log: self.log), cluster, port, limits: limits)
                let life = Life()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await self.duties(cluster, port, term, leader, queue).run() }
                    group.addTask {
                        do { try await worker.run(life) } catch { self.log.error("the worker ended", [Field("error", "\(error)")]) }
                    }
                    await withTaskCancellationHandler {
                        await group.next()
                    } onCancel: {
                        life.requestStop()
                    }
                    life.requestStop()
                    group.cancelAll()
                    await group.waitForAll()
                }
                self.state.withLock { if $0.worker === worker { $0.worker = nil } }
            }
        ]
    }
}

extension Log {
    /// librdkafka's own lines: what it calls an error is a warning here, because it goes on by itself.
    func kafka(_ line: KafkaLogLine) {
        if line.level <= 4 {
            warning("kafka", [Field("facility", line.facility), Field("text", line.text)])
        } else {
            debug("kafka", [Field("facility", line.facility), Field("text", line.text)])
        }
    }

    func lifecycle(_ event: ServiceGroup.Event) {
        switch event {
        case .ready(let service): info("service ready", [Field("service", service)])
        case .stopping(let cause): info("stopping", [Field("cause", "\(cause)")])
        case .stopped(let service): info("service stopped", [Field("service", service)])
        case .late(let services): error("services did not stop in time", [Field("services", services.joined(separator: ","))])
        }
    }
}

extension ControllerMetrics {
    func record(_ call: CloudCall) {
        cloudCalls[call.action.rawValue, call.fault?.kind.rawValue ?? "ok"].add()
        cloudSeconds[call.action.rawValue].observe(call.duration)
    }
}

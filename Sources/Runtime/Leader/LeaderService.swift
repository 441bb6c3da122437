internal import Core
internal import Kubernetes
internal import Lifecycle
internal import Observe

/// Keeps the Lease of one cluster and runs that cluster's duties (informer, reaper) while this replica leads. All deciding is
/// `Core.Leadership`'s; here its effects are performed.
actor LeaderService: Service {
    nonisolated let name = "leader"

    /// The Lease's name in the controller's namespace of the cluster it is about.
    static let leaseName = "eip-controller"

    private let client: KubernetesClient
    private let namespace: String
    private let clock: ClusterClock
    private let log: Log
    private let duties: @Sendable (_ term: Leadership.Term) async -> Void
    private var machine: Leadership
    /// the Lease as last read or written: a replace keeps its labels and annotations
    private var lease: Lease?
    private var duty: Task<Void, Never>?
    private var alarm: Task<Void, Never>?
    private let done = Latch()
    private var isStopping = false
    private let renewDeadline: Duration
    /// read by others without waiting for the actor
    nonisolated let shared: Locked<Leadership>

    init(
        client: KubernetesClient, namespace: String, identity: String, clock: ClusterClock, limits: Limits.Leadership, log: Log,
        duties: @escaping @Sendable (_ term: Leadership.Term) async -> Void
    ) {
        self.client = client.with(timeout: limits.requestMax)
        self.namespace = namespace
        self.clock = clock
        self.log = log
        self.duties = duties
        renewDeadline = limits.renewDeadline
        let machine = Leadership(identity: identity, limits: limits, seed: StableHash.of(identity, "\(BootClock.now())"))
        self.machine = machine
        shared = Locked(machine)
    }

    /// The term led at this moment, by the local clock; never cached.
    nonisolated func term() -> Leadership.Term? { shared.withLock { $0.term(now: BootClock.now()) } }
    /// The sending of the last acknowledged renewal of that term: as long as the Lease lasts, it proves who acts.
    /// - Throws: when the term is over.
    nonisolated func proof(of term: Leadership.Term) throws -> Instant {
        guard case .leading(term, let deadline) = shared.withLock({ $0.state }) else { throw NotLeading(term: term) }
        return deadline - renewDeadline
    }
    struct NotLeading: Error {
        let term: Leadership.Term
    }

    nonisolated func holder() -> String? { shared.withLock { $0.holder } }

    func run(_ life: Life) async throws {
        life.ready()
        feed(.start)
        await life.stopping()
        // First the work of the term ends, then the Lease is given up. Another term may be won meanwhile: it gets no work.
        isStopping = true
        duty?.cancel()
        await duty?.value
        feed(.stop)
        // Handing over is one write; an API server that does not answer must not hold up the end.
        await Latch.any(done, Deadline.latch(after: .seconds(2)))
        alarm?.cancel()
    }

    private func feed(_ event: Leadership.Event) {
        let effects = machine.handle(event, now: clock.now())
        let copy = machine
        shared.withLock { $0 = copy }
        for effect in effects { perform(effect) }
    }

    private func perform(_ effect: Leadership.Effect) {
        switch effect {
        case .read: Task { feed(await read()) }
        case .write(let record): Task { feed(await write(record)) }
        case .lead(let term):
            log.info("leading", [Field("term", term)])
            if isStopping { return }
            let before = duty
            duty = Task { [duties] in
                await before?.value
                await duties(term)
            }
        case .yield(let term, let why):
            log.warning("no longer leading", [Field("term", term), Field("reason", why.rawValue)])
            duty?.cancel()
        case .wake(let at):
            alarm?.cancel()
            alarm = Task {
                guard await BootClock.sleep(until: at) else { return }
                feed(.wake)
            }
        case .stopped: done.open()
        }
    }

    private func read() async -> Leadership.Event {
        do throws(KubernetesError) {
            let answer = try await client.lease(namespace, Self.leaseName)
            clock.learn(answer.serverTime)
            lease = answer.value
            return .read(LeaseRecord(answer.value))
        } catch {
            if error.reason == .notFound {
                lease = nil
                return .read(nil)
            }
            log.warning("cannot read the Lease", [Field("error", error.description)])
            return .readFailed
        }
    }

    private func write(_ record: LeaseRecord) async -> Leadership.Event {
        var lease = self.lease ?? Lease(meta: ObjectMeta(namespace: namespace, name: Self.leaseName))
        lease.meta.resourceVersion = record.resourceVersion ?? ""
        lease.holderIdentity = record.holder
        lease.leaseDuration = record.leaseDuration
        lease.acquireTime = record.acquireTime
        lease.renewTime = record.renewTime
        lease.leaseTransitions = record.transitions
        do throws(KubernetesError) {
            let answer = record.resourceVersion == nil ? try await client.create(lease) : try await client.replace(lease)
            clock.learn(answer.serverTime)
            self.lease = answer.value
            return .wrote(LeaseRecord(answer.value))
        } catch {
            switch error.disposition {
            case .reread, .notFound: return .refused
            case .retry, .backOff, .terminal:
                log.warning("cannot write the Lease", [Field("error", error.description)])
                return .writeFailed
            }
        }
    }
}

extension LeaseRecord {
    fileprivate init(_ lease: Lease) {
        self.init(
            holder: lease.holderIdentity, leaseDuration: lease.leaseDuration, acquireTime: lease.acquireTime ?? Timestamp(milliseconds: 0),
            renewTime: lease.renewTime ?? Timestamp(milliseconds: 0), transitions: lease.leaseTransitions,
            resourceVersion: lease.meta.resourceVersion)
    }
}

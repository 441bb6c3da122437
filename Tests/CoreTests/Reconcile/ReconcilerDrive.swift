import Core

/// Many keys through one `Reconciler`, in virtual time: a world of plain dictionaries that answers every effect after a
/// while. It checks nothing; tests look at what was asked of it.
struct ReconcilerDrive {
    enum Asked: Hashable {
        case list
        case describe([AddressID])
        case call(CloudVerb, String)
        /// DescribeNetworkInterfaces, for that pod
        case look(String)
        case finished(String, ReconcileOutcome)
        case drifted(String)
    }

    var reconciler: Reconciler
    private(set) var now = Now.s(1000)
    private(set) var asked: [(at: Instant, what: Asked)] = []
    var pods: [Key: Pod] = [:]
    var claims: [Key: Claim] = [:]
    var addresses: [AddressID: Address] = [:]
    var mayAct = true
    /// lists that fail before one does not
    private var listFailures: Int
    /// what an Allocate is answered with instead of an id
    var allocateFault: CloudFault?
    /// what a look at an interface is answered with instead of one
    var interfaceFault: CloudFault?
    /// what the next look at addresses is answered with instead of them
    var describeFault: CloudErrorClass?
    /// what sits on the private IP of that key's pod
    var addressOnInterface: [Key: AddressID] = [:]
    /// whose pod goes when the next intent is written
    var leavesAtIntent: Set<Key> = []
    /// effects of a key that are not answered by themselves
    var mute: Set<Key> = []
    private(set) var unanswered: [(key: Key, run: Int, effect: ReconcileEffect)] = []
    private var agenda = Agenda<Reconciler.Event>()
    private var timer: Instant?
    private var made = 0

    init(slots: Int = 1, listFailures: Int = 0) {
        self.listFailures = listFailures
        reconciler = Reconciler(policy: Build.policy, seed: 1)
        feed(.start)
        if slots > 0 { feed(.slots(owned: slots, of: 1)) }
    }

    static func key(_ name: String, _ namespace: String = "team") -> Key { Key(cluster: "cluster-1", namespace: namespace, name: name) }

    mutating func createPod(_ name: String, _ namespace: String = "team") {
        let key = Self.key(name, namespace)
        pods[key] = Build.pod {
            $0.name = name
            $0.namespace = namespace
            $0.uid = "uid-\(namespace)-\(name)"
            $0.podIP = "10.0.0.\(pods.count + 5)"
        }
        feed(.run(key))
    }

    /// Claims with their EIPs, which the mirror has listed: all that their pods' runs ask the cloud for at first is the interface.
    mutating func createClaims(_ names: [String]) {
        for name in names {
            let key = Self.key(name)
            made += 1
            let id = AddressID("eip-\(1000 + made)")
            addresses[id] = Build.address {
                $0.id = id
                $0.name = Naming.addressName(key)
            }
            claims[key] = Build.claim {
                $0.name = name
                $0.spec.addressID = id
            }
        }
        pass(.seconds(70))
    }

    mutating func feed(_ event: Reconciler.Event) {
        let mayAct = self.mayAct
        for effect in reconciler.handle(event, now: now, mayAct: { _ in mayAct }) { perform(effect) }
    }

    /// Lets that much time pass.
    mutating func pass(_ duration: Duration) {
        let end = now.instant + duration
        while true {
            let next = agenda.next()
            if let timer, timer <= end, timer <= next?.at ?? end {
                if let next { agenda.add(next.event, at: next.at) }
                advance(to: timer)
                self.timer = nil
                feed(.wake)
            } else if let next, next.at <= end {
                advance(to: next.at)
                feed(next.event)
            } else {
                if let next { agenda.add(next.event, at: next.at) }
                return advance(to: end)
            }
        }
    }
    private mutating func advance(to instant: Instant) {
        let step = max(.zero, instant - now.instant)
        now = Now(instant: now.instant + step, wall: now.wall + step)
    }

    /// Answers what was asked for muted keys until now.
    mutating func answerMuted() {
        for (key, run, effect) in unanswered { agenda.add(.answered(key, run: run, answer(key, effect)), at: now.instant + .milliseconds(5)) }
        unanswered = []
    }

    // MARK: what was asked

    func times(of verb: CloudVerb) -> [(name: String, at: Instant)] {
        asked.compactMap { entry in if case .call(verb, let name) = entry.what { (name, entry.at) } else { nil } }
    }
    var outcomes: [String: ReconcileOutcome] {
        var outcomes: [String: ReconcileOutcome] = [:]
        for entry in asked { if case .finished(let name, let outcome) = entry.what { outcomes[name] = outcome } }
        return outcomes
    }
    var looks: [(name: String, at: Instant)] {
        asked.compactMap { entry in if case .look(let name) = entry.what { (name, entry.at) } else { nil } }
    }
    var lists: [Instant] { asked.compactMap { $0.what == .list ? $0.at : nil } }
    var describes: [[AddressID]] { asked.compactMap { entry in if case .describe(let ids) = entry.what { ids } else { nil } } }
    var drifted: [String] { asked.compactMap { entry in if case .drifted(let name) = entry.what { name } else { nil } } }

    // MARK: effects

    private mutating func perform(_ effect: Reconciler.Effect) {
        switch effect {
        case .perform(let key, let run, let effect): perform(key, run, effect)
        case .list(let offset, _):
            asked.append((now.instant, .list))
            if listFailures > 0 {
                listFailures -= 1
                agenda.add(.mirror(.failed(.list, .transient, sentAt: now.instant)), at: now.instant + .milliseconds(20))
            } else {
                let all = addresses.values.sorted { $0.id < $1.id }
                agenda.add(.mirror(.listed(all, total: all.count, offset: offset, sentAt: now.instant)), at: now.instant + .milliseconds(20))
            }
        case .describe(let ids):
            asked.append((now.instant, .describe(ids)))
            if let kind = describeFault {
                describeFault = nil
                return agenda.add(.mirror(.failed(.describe, kind, sentAt: now.instant)), at: now.instant + .milliseconds(20))
            }
            agenda.add(
                .mirror(.described(asked: ids, found: ids.compactMap { addresses[$0] }, sentAt: now.instant)), at: now.instant + .milliseconds(20))
        case .finished(let key, let outcome): asked.append((now.instant, .finished(key.name, outcome)))
        case .drifted(let key): asked.append((now.instant, .drifted(key.name)))
        case .wake(let at): timer = at
        }
    }

    private mutating func perform(_ key: Key, _ run: Int, _ effect: ReconcileEffect) {
        switch effect {
        case .say, .took, .record: return
        default: break
        }
        if mute.contains(key) {
            unanswered.append((key, run, effect))
            return
        }
        agenda.add(.answered(key, run: run, answer(key, effect)), at: now.instant + .milliseconds(5))
    }

    private mutating func answer(_ key: Key, _ effect: ReconcileEffect) -> ReconcileEvent {
        switch effect {
        case .readClaim: return .claimRead(claims[key])
        case .readPod: return .podRead(pods[key])
        case .readNode: return .nodeRead(Build.node)
        case .readNetworkInterface:
            asked.append((now.instant, .look(key.name)))
            var interface = Build.interface
            interface.addressID = addressOnInterface[key]
            return interfaceFault.map { .failed($0) } ?? .networkInterfaceRead(interface)
        case .readSurroundings: return .surroundingsRead(Surroundings(namespaceTerminating: false, ownerGone: false))
        case .createClaim(let spec):
            claims[key] = Claim(namespace: key.namespace, name: key.name, uid: "claim-\(key.name)", resourceVersion: "1", createdAt: now.wall, spec: spec)
            return .claimWritten(claims[key]!)
        case .replaceSpec(_, let spec): return write(key) { $0.spec = spec }
        case .replaceStatus(_, let status):
            if status.intent != nil, leavesAtIntent.remove(key) != nil { pods[key] = nil }
            return write(key) { $0.status = status }
        case .addFinalizer: return write(key) { $0.hasFinalizer = true }
        case .annotatePod(_, let ip):
            pods[key]?.publicIPAnnotation = ip
            return .podWritten(pods[key]!)
        case .allocate(let request):
            asked.append((now.instant, .call(.allocate, key.name)))
            if let allocateFault { return .failed(allocateFault) }
            made += 1
            let id = AddressID("eip-\(1000 + made)")
            addresses[id] = Address(id: id, name: request.name, status: .unbind, ip: "1.2.3.\(made)", bandwidth: 100, tags: request.tags)
            return .allocated(id)
        case .associate(let id, let interface, let ip):
            asked.append((now.instant, .call(.associate, key.name)))
            addresses[id]?.status = .bind
            addresses[id]?.networkInterfaceID = interface
            addresses[id]?.privateIP = ip
            return .accepted
        case .disassociate(let id):
            addresses[id]?.status = .unbind
            addresses[id]?.networkInterfaceID = nil
            addresses[id]?.privateIP = nil
            return .accepted
        case .release(let id):
            addresses[id] = nil
            return .accepted
        case .deleteClaim: return write(key) { $0.isDeleting = true }
        case .removeFinalizer:
            claims[key] = nil
            return .claimGone
        case .modifyBandwidth, .observe, .listNamed, .acquire, .say, .took, .record, .finish:
            preconditionFailure("these stories do not come to \(effect)")
        }
    }

    private mutating func write(_ key: Key, _ change: (inout Claim) -> Void) -> ReconcileEvent {
        guard var claim = claims[key] else { return .refused(.notFound) }
        change(&claim)
        claim.resourceVersion = "\((Int(claim.resourceVersion) ?? 0) + 1)"
        claims[key] = claim
        return .claimWritten(claim)
    }
}

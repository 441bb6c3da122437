/// Which keys are looked at again though nothing says that they changed.
///
/// Keys that do not rest, as far as pods and claims show: somebody works on them, or everybody has forgotten them. The log may
/// have been emptied, a worker may have died with a key that it had parked in memory; so they are published again, after waits
/// that grow, until they rest. And keys that rest with a claim, much more seldom: what happens at the cloud while no worker
/// remembers whose an address is is noticed by looking. This, and not the log, is what makes sure that nothing is forgotten.
struct Resync: Sendable {
    struct Name: Hashable, Comparable, Sendable {
        var namespace: String
        var name: String
        static func < (a: Name, b: Name) -> Bool { (a.namespace, a.name) < (b.namespace, b.name) }
    }
    private struct PodState {
        var uid: String
        var wants: Bool
        /// has its EIP written on it, and is not going
        var isServed: Bool
        /// has to be let go of
        var isEnding: Bool
    }
    private struct ClaimState {
        var uid: String
        var phase: ClaimPhase
        var isDeleting: Bool
        var boundTo: String?
    }
    private struct Watch {
        var next: Instant
        var wait: Duration
        var rests: Bool
    }
    private struct Alarmed: Comparable {
        var at: Instant
        var name: Name
        static func < (a: Alarmed, b: Alarmed) -> Bool { (a.at, a.name) < (b.at, b.name) }
    }

    /// What does not rest is published after the first, then after waits that double up to the second; what rests, every `resting`.
    private static let first = Duration.seconds(120)
    private static let most = Duration.seconds(600)
    private static let resting = Duration.seconds(600)

    private var pods: [Name: PodState] = [:]
    private var claims: [Name: ClaimState] = [:]
    private var watched: [Name: Watch] = [:]
    private var alarms = Heap<Alarmed>()

    var count: Int { watched.count }
    /// When the next one is due.
    var dueAt: Instant? { alarms.min?.at }

    mutating func saw(_ pods: [Pod], isWhole: Bool, now: Instant) {
        if isWhole {
            let present = Set(pods.map { Name(namespace: $0.namespace, name: $0.name) })
            for name in self.pods.keys.filter({ !present.contains($0) }).sorted() {
                self.pods[name] = nil
                look(at: name, now: now)
            }
        }
        for pod in pods {
            let name = Name(namespace: pod.namespace, name: pod.name)
            let wants =
                switch pod.want {
                case .none, .invalid: false
                case .attributes, .list: true
                }
            // Pods that want nothing are kept as well only while a claim of their name is there.
            guard wants || claims[name] != nil || self.pods[name] != nil else { continue }
            self.pods[name] = PodState(
                uid: pod.uid, wants: wants, isServed: pod.publicIPAnnotation != nil, isEnding: pod.isFinished || pod.isTerminating)
            look(at: name, now: now)
        }
    }

    mutating func gone(_ pod: Pod, now: Instant) {
        let name = Name(namespace: pod.namespace, name: pod.name)
        guard pods[name]?.uid == pod.uid else { return }
        pods[name] = nil
        look(at: name, now: now)
    }

    mutating func saw(_ claims: [Claim], isWhole: Bool, now: Instant) {
        if isWhole {
            let present = Set(claims.map { Name(namespace: $0.namespace, name: $0.name) })
            for name in self.claims.keys.filter({ !present.contains($0) }).sorted() {
                self.claims[name] = nil
                look(at: name, now: now)
            }
        }
        for claim in claims {
            let name = Name(namespace: claim.namespace, name: claim.name)
            self.claims[name] = ClaimState(
                uid: claim.uid, phase: claim.status.phase, isDeleting: claim.isDeleting, boundTo: claim.status.binding?.target.podUID)
            look(at: name, now: now)
        }
    }

    mutating func gone(_ claim: Claim, now: Instant) {
        let name = Name(namespace: claim.namespace, name: claim.name)
        guard claims[name]?.uid == claim.uid else { return }
        claims[name] = nil
        look(at: name, now: now)
    }

    /// What is due, in order; each is due again later.
    mutating func due(now: Instant) -> [Name] {
        var names: [Name] = []
        while let first = alarms.min, first.at <= now {
            _ = alarms.popMin()
            guard var watch = watched[first.name], watch.next == first.at else { continue }
            watch.wait = watch.rests ? Self.resting : min(watch.wait * 2, Self.most)
            watch.next = now + watch.wait
            watched[first.name] = watch
            alarms.insert(Alarmed(at: watch.next, name: first.name))
            names.append(first.name)
        }
        return names
    }

    private mutating func look(at name: Name, now: Instant) {
        let rests = rests(name)
        guard !rests || claims[name] != nil else {
            watched[name] = nil
            return
        }
        guard watched[name]?.rests != rests else { return }
        // All that rest would come at once after a list: their first turns are spread.
        let wait = rests ? Self.resting / 2 + Self.resting * Int(StableHash.of(name.namespace, name.name) % 1024) / 2048 : Self.first
        watched[name] = Watch(next: now + wait, wait: Self.first, rests: rests)
        alarms.insert(Alarmed(at: now + wait, name: name))
    }

    private func rests(_ name: Name) -> Bool {
        let pod = pods[name]
        guard let claim = claims[name] else {
            // Without a claim only a pod that wants one does not rest.
            return pod.map { !$0.wants || $0.isEnding } ?? true
        }
        if claim.isDeleting { return false }
        switch claim.phase {
        case .bound: return pod.map { $0.isServed && !$0.isEnding && $0.uid == claim.boundTo } ?? false
        case .retained: return pod == nil
        case .pending, .allocating, .allocated, .binding, .unbinding, .releasing, .failed: return false
        }
    }
}

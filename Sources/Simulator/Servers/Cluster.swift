internal import Contract
internal import Core
internal import JSON
internal import Models

/// One Kubernetes cluster: the API server's model, what it holds in Core's words, who watches it, its nodes and its users.
final class Cluster {
    unowned let sim: Simulation
    unowned let account: Account
    let uid: String
    let link: Link
    private(set) var api: APIServerModel
    private(set) var pods: [Key: Pod] = [:]
    private(set) var claims: [Key: Claim] = [:]
    /// what watches are fed with, oldest first
    private(set) var podChanges = ChangeLog<Pod>()
    private(set) var claimChanges = ChangeLog<Claim>()
    private(set) var users: Users!
    private(set) var kubelet: Kubelet!
    /// when the Lease was last written; nil after a rollback: who saw it before may have waited since then
    var leasedAt: Instant?
    private var podWatch: Watch!
    private var claimWatch: Watch!
    private let podDecoder = PodDecoder(names: AnnotationNames())
    private var followers: [ObjectIdentifier: any Following] = [:]
    private var followerOrder: [ObjectIdentifier] = []
    let claimResource: Resource
    /// what was made before is in every snapshot
    private var begunAt: UInt64 = 0

    static let namespaces = ["team-a", "team-b"]

    init(_ sim: Simulation, _ account: Account, _ number: Int) {
        self.sim = sim
        self.account = account
        link = Link(sim, "cluster-\(number)", latency: sim.draw.latency)
        var api = APIServerModel(seed: sim.seed &* 31 &+ UInt64(number), now: Simulation.start)
        _ = Cluster.must { try api.create(ClaimDefinition.object, in: .customResourceDefinitions, now: Simulation.start) }
        for name in Cluster.namespaces + ["eip-system"] {
            _ = Cluster.must { try api.create(["metadata": ["name": .string(name)]], in: .namespaces, now: Simulation.start) }
        }
        uid = api.find(ObjectRef(.namespaces, name: "kube-system"))?["metadata"]["uid"].string ?? ""
        guard let resource = api.resource(apiVersion: ClaimResource.apiVersion, kind: ClaimResource.kind) else { preconditionFailure("the CRD is created") }
        claimResource = resource
        self.api = api
        kubelet = Kubelet(self)
        users = Users(self)
        watchAnew()
    }

    func begin() {
        kubelet.begin()
        users.begin()
        begunAt = api.revision
    }
    func heal() {
        kubelet.heal()
        users.heal()
    }

    func podRef(_ key: Key) -> ObjectRef { ObjectRef(.pods, namespace: key.namespace, name: key.name) }
    func claimRef(_ key: Key) -> ObjectRef { ObjectRef(claimResource, namespace: key.namespace, name: key.name) }
    /// Short, for transcripts.
    func label(_ key: Key) -> String { "\(link.name.dropFirst(8))/\(key.namespace)/\(key.name)" }
    func key(_ namespace: String, _ name: String) -> Key { Key(cluster: uid, namespace: namespace, name: name) }

    func asksForNonsense(_ key: Key) -> Bool { if case .invalid? = pods[key]?.want { true } else { false } }
    func has(_ namespace: String) -> Bool { api.find(ObjectRef(.namespaces, name: namespace)) != nil }
    /// Deleted, or being deleted.
    func hasEnded(_ namespace: String) -> Bool { api.find(ObjectRef(.namespaces, name: namespace))?.isTerminating ?? true }

    // MARK: changes

    /// Every request that changes something goes through here: watches and checkers are told what came of it.
    @discardableResult
    func request<T>(_ body: (inout APIServerModel, Timestamp) throws -> T) throws -> T {
        let result = try body(&api, sim.wall)
        absorb()
        return result
    }

    /// A request of people, nodes and controllers, whose refusal is their business: they come again.
    @discardableResult
    func attempt(_ body: (inout APIServerModel, Timestamp) throws(APIStatus) -> Void) -> Bool {
        do throws(APIStatus) {
            try body(&api, sim.wall)
            absorb()
            return true
        } catch {
            return false
        }
    }

    private func absorb() {
        if let events = api.events(for: &podWatch) {
            for event in events {
                let pod = must { try podDecoder.decode(event.object) }
                let key = key(pod.namespace, pod.name)
                let isGone = event.kind == .deleted
                pods[key] = isGone ? nil : pod
                podChanges.append(pod, isGone: isGone)
            }
        }
        if let events = api.events(for: &claimWatch) {
            for event in events {
                let claim = must { try ClaimDecoder.decode(event.object) }
                let key = key(claim.namespace, claim.name)
                let isGone = event.kind == .deleted
                let before = claims[key]
                claims[key] = isGone ? nil : claim
                claimChanges.append(claim, isGone: isGone)
                sim.checks.claimChanged(self, key, before, isGone ? nil : claim)
            }
        }
        for id in followerOrder { followers[id]?.poke() }
    }

    private func watchAnew() {
        podWatch = must { try api.watch(.pods, from: String(api.revision)).watch }
        claimWatch = must { try api.watch(claimResource, from: String(api.revision)).watch }
    }

    /// etcd is restored from a snapshot of a while ago: watches end, revisions are given out anew.
    func rewind(by back: UInt64) {
        let target = max(api.compactedRevision, begunAt, api.revision > back ? api.revision - back : 0)
        guard target < api.revision else { return }
        let claimsBefore = claims
        do { try api.rewind(to: target) } catch { return }
        sim.note { "\(self.link.name): etcd rolled back to revision \(target)" }
        leasedAt = nil
        watchAnew()
        pods = [:]
        claims = [:]
        for object in api.all(.pods) {
            let pod = must { try podDecoder.decode(object) }
            pods[key(pod.namespace, pod.name)] = pod
        }
        for object in api.all(claimResource) {
            let claim = must { try ClaimDecoder.decode(object) }
            claims[key(claim.namespace, claim.name)] = claim
        }
        podChanges.rewrite()
        claimChanges.rewrite()
        kubelet.rewound()
        users.rewound()
        sim.checks.rewound(self, claimsBefore)
        for id in followerOrder { followers[id]?.poke() }
    }

    /// Changes up to now are forgotten: a watch that is behind has to list again.
    func compact() {
        api.compact(to: api.revision)
        podChanges.compact()
        claimChanges.compact()
    }

    // MARK: watches

    func follow(_ follower: any Following) {
        let id = ObjectIdentifier(follower)
        if followers.updateValue(follower, forKey: id) == nil { followerOrder.append(id) }
    }
    func unfollow(_ follower: any Following) {
        let id = ObjectIdentifier(follower)
        followers[id] = nil
        followerOrder.removeAll { $0 == id }
    }

    var sortedPods: [Pod] { pods.sorted { $0.key < $1.key }.map(\.value) }
    var sortedClaims: [Claim] { claims.sorted { $0.key < $1.key }.map(\.value) }

    func must<T>(_ body: () throws -> T) -> T { Cluster.must(body) }
    static func must<T>(_ body: () throws -> T) -> T {
        do { return try body() } catch { preconditionFailure("the model refuses what has to work: \(error)") }
    }
}

/// Who is told of changes.
protocol Following: AnyObject {
    func poke()
}

/// What happened to the objects of one kind, for watches to read at their own pace.
struct ChangeLog<Object> {
    private(set) var entries: [(object: Object, isGone: Bool)] = []
    /// number of the first entry that is kept
    private(set) var first = 0
    /// goes up when history was rewritten
    private(set) var epoch = 0
    var next: Int { first + entries.count }

    mutating func append(_ object: Object, isGone: Bool) {
        entries.append((object, isGone))
        if entries.count > 4096 {
            entries.removeFirst(2048)
            first += 2048
        }
    }
    mutating func compact() {
        first = next
        entries = []
    }
    mutating func rewrite() {
        compact()
        epoch += 1
    }
    /// From that number on; nil when that is not kept.
    func since(_ number: Int) -> ArraySlice<(object: Object, isGone: Bool)>? { number < first ? nil : entries[(number - first)...] }
}

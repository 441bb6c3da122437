/// The informer's memory of one cluster: which pods and claims there are, by fingerprint. It turns what list and watch say
/// into the keys that changed in a way that matters. It keeps no objects: workers read them again.
///
/// It promises that a pod that asks for no EIP and has no claim is never published, that whatever changed or vanished while
/// nothing was watched comes out of the next list, and that nothing is published twice for one state.
public struct ClusterMirror: Sendable {
    public enum Event: Hashable, Sendable {
        /// the complete list
        case podsListed([Pod])
        case claimsListed([Claim])
        case podChanged(Pod)
        case podGone(Pod)
        case claimChanged(Claim)
        case claimGone(Claim)
        /// a new leader, or etcd was rolled back: what was published before may not have been acted on
        case forget
    }

    /// A key to be published.
    public struct Change: Hashable, Sendable {
        public var key: Key
        public var cause: Cause
        /// resourceVersion of what changed
        public var snapshot: String
    }

    private struct Name: Hashable, Comparable {
        var namespace: String
        var name: String
        static func < (a: Name, b: Name) -> Bool { (a.namespace, a.name) < (b.namespace, b.name) }
    }

    private let cluster: String
    private var pods: [Name: PodFingerprint] = [:]
    private var claims: [Name: ClaimFingerprint] = [:]
    /// both lists were complete once since the start
    private var podsListed = false
    private var claimsListed = false

    public init(cluster: String) { self.cluster = cluster }

    public var isComplete: Bool { podsListed && claimsListed }
    /// Pods that want an EIP, and claims; for metrics.
    public var counts: (pods: Int, claims: Int) { (pods.count, claims.count) }

    public mutating func handle(_ event: Event) -> [Change] {
        switch event {
        case .podsListed(let list): return listed(list)
        case .claimsListed(let list): return listed(list)
        case .podChanged(let pod): return changed(pod)
        case .podGone(let pod): return gone(pod)
        case .claimChanged(let claim): return changed(claim)
        case .claimGone(let claim): return gone(claim)
        case .forget:
            pods = [:]
            claims = [:]
            podsListed = false
            claimsListed = false
            return []
        }
    }

    private func change(_ name: Name, _ cause: Cause, _ snapshot: String) -> Change {
        Change(key: Key(cluster: cluster, namespace: name.namespace, name: name.name), cause: cause, snapshot: snapshot)
    }

    // MARK: pods

    /// Asks for an EIP, or may have had one: whoever has a claim is watched whatever his annotations say now.
    private func matters(_ pod: Pod, _ name: Name) -> Bool {
        switch pod.want {
        case .attributes, .list, .invalid: true
        case .none: pods[name] != nil || claims[name] != nil
        }
    }

    private mutating func changed(_ pod: Pod) -> [Change] {
        let name = Name(namespace: pod.namespace, name: pod.name)
        guard matters(pod, name) else { return [] }
        let print = PodFingerprint(pod)
        guard pods.updateValue(print, forKey: name) != print else { return [] }
        return [change(name, .podSeen, pod.resourceVersion)]
    }

    private mutating func gone(_ pod: Pod) -> [Change] {
        let name = Name(namespace: pod.namespace, name: pod.name)
        let known = pods.removeValue(forKey: name) != nil
        return known || claims[name] != nil ? [change(name, .podGone, pod.resourceVersion)] : []
    }

    private mutating func listed(_ list: [Pod]) -> [Change] {
        podsListed = true
        var changes: [Change] = []
        var present: Set<Name> = []
        for pod in list {
            present.insert(Name(namespace: pod.namespace, name: pod.name))
            changes += changed(pod)
        }
        for name in pods.keys.filter({ !present.contains($0) }).sorted() {
            pods[name] = nil
            changes.append(change(name, .podGone, ""))
        }
        return changes
    }

    // MARK: claims

    private mutating func changed(_ claim: Claim) -> [Change] {
        let name = Name(namespace: claim.namespace, name: claim.name)
        let print = ClaimFingerprint(claim)
        guard claims.updateValue(print, forKey: name) != print else { return [] }
        return [change(name, .claimSeen, claim.resourceVersion)]
    }

    private mutating func gone(_ claim: Claim) -> [Change] {
        let name = Name(namespace: claim.namespace, name: claim.name)
        claims[name] = nil
        return [change(name, .claimGone, claim.resourceVersion)]
    }

    private mutating func listed(_ list: [Claim]) -> [Change] {
        claimsListed = true
        var changes: [Change] = []
        var present: Set<Name> = []
        for claim in list {
            present.insert(Name(namespace: claim.namespace, name: claim.name))
            changes += changed(claim)
        }
        for name in claims.keys.filter({ !present.contains($0) }).sorted() {
            claims[name] = nil
            changes.append(change(name, .claimGone, ""))
        }
        return changes
    }
}

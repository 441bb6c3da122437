/// The informer's memory of one cluster: which pods and claims there are, by fingerprint. It turns what list and watch say
/// into the keys that changed in a way that matters. It keeps no objects: workers read them again.
///
/// It promises that a pod that asks for no EIP and has no claim is never published, that whatever changed or vanished while
/// nothing was watched comes out of the next list, and that nothing is published twice for one state.
///
/// Nobody knows what became of what an earlier leader published, so a first list, and one after a rollback of etcd, is
/// published whole. Of that, what looks finished (a pod that has its EIP and is not going, a claim that is not being deleted)
/// is `replayed`: it only looks again, and waits behind what needs something.
public struct ClusterMirror: Sendable {
    public enum Event: Hashable, Sendable {
        /// the complete list
        case podsListed([Pod])
        case claimsListed([Claim])
        case podChanged(Pod)
        case podGone(Pod)
        case claimChanged(Claim)
        case claimGone(Claim)
        /// etcd was rolled back: what was published before may be undone. A list follows, and is published whole
        case podsDoubted
        case claimsDoubted
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
    private var podsTrust = Trust.unlisted
    private var claimsTrust = Trust.unlisted

    private enum Trust {
        /// no list since the start; next: sure
        case unlisted
        /// listed, and then rolled back; next: sure
        case doubted
        /// what is not published has been published before; next: doubted
        case sure
    }

    public init(cluster: String) { self.cluster = cluster }

    /// Both lists were complete since the start and since the last rollback.
    public var isComplete: Bool { podsTrust == .sure && claimsTrust == .sure }
    /// Pods that want an EIP or have a claim, and claims; for metrics.
    public var counts: (pods: Int, claims: Int) { (pods.count, claims.count) }

    public mutating func handle(_ event: Event) -> [Change] {
        switch event {
        case .podsListed(let list): return listed(list)
        case .claimsListed(let list): return listed(list)
        case .podChanged(let pod): return changed(pod, isResync: false)
        case .podGone(let pod): return gone(pod)
        case .claimChanged(let claim): return changed(claim, isResync: false)
        case .claimGone(let claim): return gone(claim)
        case .podsDoubted: if podsTrust == .sure { podsTrust = .doubted }
        case .claimsDoubted: if claimsTrust == .sure { claimsTrust = .doubted }
        }
        return []
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

    private mutating func changed(_ pod: Pod, isResync: Bool) -> [Change] {
        let name = Name(namespace: pod.namespace, name: pod.name)
        guard matters(pod, name) else { return [] }
        let print = PodFingerprint(pod)
        let old = pods.updateValue(print, forKey: name)
        if old == print, !isResync { return [] }
        let isServed = pod.publicIPAnnotation != nil && !pod.isTerminating && !pod.isFinished
        let isNews = !isResync || !isServed || (old != nil && old != print)
        return [change(name, isNews ? .podSeen : .replayed, pod.resourceVersion)]
    }

    private mutating func gone(_ pod: Pod) -> [Change] {
        let name = Name(namespace: pod.namespace, name: pod.name)
        let known = pods[name]
        // A late word about a predecessor does not hide the pod of that name that is there.
        if known?.uid == pod.uid { pods[name] = nil }
        return known != nil || claims[name] != nil ? [change(name, .podGone, pod.resourceVersion)] : []
    }

    private mutating func listed(_ list: [Pod]) -> [Change] {
        let isResync = podsTrust != .sure
        podsTrust = .sure
        var changes: [Change] = []
        var present: Set<Name> = []
        for pod in list {
            present.insert(Name(namespace: pod.namespace, name: pod.name))
            changes += changed(pod, isResync: isResync)
        }
        for name in pods.keys.filter({ !present.contains($0) }).sorted() {
            pods[name] = nil
            changes.append(change(name, .podGone, ""))
        }
        return changes
    }

    // MARK: claims

    private mutating func changed(_ claim: Claim, isResync: Bool) -> [Change] {
        let name = Name(namespace: claim.namespace, name: claim.name)
        let print = ClaimFingerprint(claim)
        let old = claims.updateValue(print, forKey: name)
        if old == print, !isResync { return [] }
        let isNews = !isResync || claim.isDeleting || (old != nil && old != print)
        return [change(name, isNews ? .claimSeen : .replayed, claim.resourceVersion)]
    }

    private mutating func gone(_ claim: Claim) -> [Change] {
        let name = Name(namespace: claim.namespace, name: claim.name)
        if claims[name]?.uid == claim.uid { claims[name] = nil }
        return [change(name, .claimGone, claim.resourceVersion)]
    }

    private mutating func listed(_ list: [Claim]) -> [Change] {
        let isResync = claimsTrust != .sure
        claimsTrust = .sure
        var changes: [Change] = []
        var present: Set<Name> = []
        for claim in list {
            present.insert(Name(namespace: claim.namespace, name: claim.name))
            changes += changed(claim, isResync: isResync)
        }
        for name in claims.keys.filter({ !present.contains($0) }).sorted() {
            claims[name] = nil
            changes.append(change(name, .claimGone, ""))
        }
        return changes
    }
}

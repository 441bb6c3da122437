/// What the leader of one cluster decides in one term: which keys changed, what is due, what was forgotten, what has expired.
/// `ClusterMirror`, `DueList`, `Resync` and `Outbox` together; a new term starts with a new one.
///
/// It promises that what it was told to publish is published until it is acknowledged, in order for each key, and that a
/// partition of the log that takes nothing holds up no other one. Whether the term is still led is asked by the shell before
/// it performs an effect.
public struct ClusterDuty: Sendable {
    /// What a list and a watch say of one collection.
    public enum News<Object: Hashable & Sendable>: Hashable, Sendable {
        /// the complete list
        case listed([Object])
        case changed(Object)
        case gone(Object)
        /// the watch stands
        case following
        /// the watch was lost
        case lost
        /// etcd was rolled back: what was published before may be undone. A list follows
        case rewound
    }
    public enum Event: Hashable, Sendable {
        case pods(News<Pod>)
        case claims(News<Claim>)
        /// between this machine's wall clock and the API server's
        case skew(Duration)
        case acknowledged(Key)
        /// it may or may not have arrived
        case publishFailed(Key)
        case wake
    }
    public enum Effect: Hashable, Sendable {
        /// answered by `acknowledged` or `publishFailed`
        case publish(KeyChanged)
        /// an expired claim; conditional on UID and resourceVersion; nobody waits for the answer
        case deleteClaim(namespace: String, name: String, uid: String, resourceVersion: String)
        /// One timer: a new one replaces the one before it.
        case wake(at: Instant)
    }

    private let cluster: String
    private let term: Leadership.Term
    private let map: ShardMap
    private let place: AccountRegion
    private let outboxLimits: Limits.Outbox
    private var mirror: ClusterMirror
    private var due: DueList
    private var resync = Resync()
    /// of the partitions
    private var outboxes: [Int: Outbox] = [:]
    private var followsPods = false
    private var followsClaims = false
    private var dueWake: Instant?
    private var outboxWakes: [Int: Instant] = [:]
    private var nextWake: Instant?

    /// - Parameter place: whose workers work on the cluster's keys.
    public init(
        cluster: String, term: Leadership.Term, map: ShardMap, place: AccountRegion, due settings: DueList.Settings = DueList.Settings(),
        outbox limits: Limits.Outbox = Limits.Outbox()
    ) {
        (self.cluster, self.term, self.map, self.place) = (cluster, term, map, place)
        mirror = ClusterMirror(cluster: cluster)
        due = DueList(settings: settings)
        outboxLimits = limits
    }

    /// Pods that want an EIP or have a claim, claims, and keys that are not published yet; for metrics.
    public var counts: (pods: Int, claims: Int, outbox: Int) { (mirror.counts.pods, mirror.counts.claims, outboxes.values.reduce(0) { $0 + $1.count }) }

    /// Asked before a `deleteClaim` that has waited for its turn is performed: a pod may have come meanwhile, or a watch be lost.
    public func mayDelete(namespace: String, name: String, uid: String, resourceVersion: String, now: Now) -> Bool {
        due.mayDelete(namespace: namespace, name: name, uid: uid, resourceVersion: resourceVersion, now: now)
    }

    /// - Parameter now: wall is the API server's clock.
    public mutating func handle(_ event: Event, now: Now) -> [Effect] {
        var out: [Effect] = []
        switch event {
        case .pods(let news): pods(news, now, &out)
        case .claims(let news): claims(news, now, &out)
        case .skew(let skew): feed(.skew(skew), now, &out)
        case .acknowledged(let key): feed(.acknowledged(key), partition(of: key), now, &out)
        case .publishFailed(let key): feed(.failed(key), partition(of: key), now, &out)
        case .wake: wake(now, &out)
        }
        if mirror.isComplete, followsPods, followsClaims { feed(.observing, now, &out) }
        if let next = [dueWake, outboxWakes.values.min(), resync.dueAt].compactMap({ $0 }).min(), next != nextWake {
            nextWake = next
            out.append(.wake(at: next))
        }
        return out
    }

    private mutating func wake(_ now: Now, _ out: inout [Effect]) {
        nextWake = nil
        if let at = dueWake, at <= now.instant {
            dueWake = nil
            feed(DueList.Event.wake, now, &out)
        }
        for (partition, _) in outboxWakes.filter({ $0.value <= now.instant }).sorted(by: { $0.key < $1.key }) {
            outboxWakes[partition] = nil
            feed(Outbox.Event.wake, partition, now, &out)
        }
        for name in resync.due(now: now.instant) {
            publish(Key(cluster: cluster, namespace: name.namespace, name: name.name), .due, "", now, &out)
        }
    }

    // MARK: what is seen

    private mutating func pods(_ news: News<Pod>, _ now: Now, _ out: inout [Effect]) {
        switch news {
        case .listed(let pods):
            resync.saw(pods, isWhole: true, now: now.instant)
            publish(mirror.handle(.podsListed(pods)), now, &out)
            feed(.podsListed(pods), now, &out)
        case .changed(let pod):
            resync.saw([pod], isWhole: false, now: now.instant)
            publish(mirror.handle(.podChanged(pod)), now, &out)
            feed(.podSeen(pod), now, &out)
        case .gone(let pod):
            resync.gone(pod, now: now.instant)
            publish(mirror.handle(.podGone(pod)), now, &out)
            feed(.podGone(pod), now, &out)
        case .following: followsPods = true
        case .lost:
            followsPods = false
            feed(.gap, now, &out)
        case .rewound:
            followsPods = false
            publish(mirror.handle(.podsDoubted), now, &out)
            feed(.gap, now, &out)
        }
    }

    private mutating func claims(_ news: News<Claim>, _ now: Now, _ out: inout [Effect]) {
        switch news {
        case .listed(let claims):
            resync.saw(claims, isWhole: true, now: now.instant)
            publish(mirror.handle(.claimsListed(claims)), now, &out)
            feed(.claimsListed(claims), now, &out)
        case .changed(let claim):
            resync.saw([claim], isWhole: false, now: now.instant)
            publish(mirror.handle(.claimChanged(claim)), now, &out)
            feed(.claimSeen(claim), now, &out)
        case .gone(let claim):
            resync.gone(claim, now: now.instant)
            publish(mirror.handle(.claimGone(claim)), now, &out)
            feed(.claimGone(claim), now, &out)
        case .following: followsClaims = true
        case .lost:
            followsClaims = false
            feed(.gap, now, &out)
        case .rewound:
            followsClaims = false
            publish(mirror.handle(.claimsDoubted), now, &out)
            feed(.gap, now, &out)
        }
    }

    // MARK: what follows

    private mutating func publish(_ changes: [ClusterMirror.Change], _ now: Now, _ out: inout [Effect]) {
        for change in changes { publish(change.key, change.cause, change.snapshot, now, &out) }
    }

    private mutating func publish(_ key: Key, _ cause: Cause, _ snapshot: String, _ now: Now, _ out: inout [Effect]) {
        let trace = StableHash.hex(of: key.description, cause.rawValue, snapshot, "\(now.instant.milliseconds)")
        let change = KeyChanged(key: key, cause: cause, snapshot: snapshot, term: Int64(term), traceID: trace, at: now.wall)
        feed(.changed(change), partition(of: key), now, &out)
    }

    private func partition(of key: Key) -> Int { map.partition(of: key, of: place) }

    private mutating func feed(_ event: Outbox.Event, _ partition: Int, _ now: Now, _ out: inout [Effect]) {
        for effect in outboxes[partition, default: Outbox(limits: outboxLimits)].handle(event, now: now.instant) {
            switch effect {
            case .publish(let change): out.append(.publish(change))
            case .wake(let at): outboxWakes[partition] = at
            }
        }
    }

    private mutating func feed(_ event: DueList.Event, _ now: Now, _ out: inout [Effect]) {
        for effect in due.handle(event, now: now) {
            switch effect {
            case .publishDue(let namespace, let name): publish(Key(cluster: cluster, namespace: namespace, name: name), .due, "", now, &out)
            case .deleteClaim(let namespace, let name, let uid, let version):
                out.append(.deleteClaim(namespace: namespace, name: name, uid: uid, resourceVersion: version))
            case .wake(let at): dueWake = at
            }
        }
    }
}

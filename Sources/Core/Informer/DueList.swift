/// The reaper's memory of claims: when a parked one is due, and when a retained one expires.
///
/// It promises: nothing expires before both lists of the cluster were complete and were followed without a gap for
/// `observation`; nothing expires while the clocks are apart by more than `skewMax`; nothing expires for the absence of a pod
/// that is there. It never calls the cloud: expiry is the deletion of the claim, and the worker does the rest.
public struct DueList: Sendable {
    public struct Settings: Hashable, Sendable {
        /// unbroken observation before anything expires, after a start, a change of leader or a gap in the watch
        public var observation: Duration = .seconds(300)
        /// between this machine's clock and the API server's
        public var skewMax: Duration = .seconds(30)
        /// how soon a due key that was published is published again if nothing came of it
        public var repeatAfter: Duration = .seconds(30)
        public init() {}
    }

    public enum Event: Hashable, Sendable {
        case claimSeen(Claim, hasPod: Bool)
        case claimGone(namespace: String, name: String)
        case podSeen(namespace: String, name: String)
        case podGone(namespace: String, name: String)
        /// both lists are complete and both watches stand
        case observing
        /// a watch was lost
        case gap
        /// local minus API server's wall clock
        case skew(Duration)
        case wake
        /// a new leader starts from nothing
        case forget
    }
    public enum Effect: Hashable, Sendable {
        case publishDue(namespace: String, name: String)
        /// conditional on UID and resourceVersion
        case deleteClaim(namespace: String, name: String, uid: String, resourceVersion: String)
        case wake(at: Instant)
    }

    private struct Name: Hashable, Comparable {
        var namespace: String
        var name: String
        static func < (a: Name, b: Name) -> Bool { (a.namespace, a.name) < (b.namespace, b.name) }
    }
    private struct Entry {
        var uid: String
        var resourceVersion: String
        var nextAttemptAt: Timestamp?
        var expiresAt: Timestamp?
        var hasPod: Bool
        var publishedAt: Instant?
    }

    private let settings: Settings
    private var entries: [Name: Entry] = [:]
    private var observingSince: Instant?
    private var skew = Duration.zero
    private var nextWake: Instant?

    public init(settings: Settings = Settings()) { self.settings = settings }

    /// Whether claims may expire at this moment; for metrics and `explain`.
    public func mayExpire(now: Now) -> Bool {
        guard let observingSince else { return false }
        let apart = skew < .zero ? .zero - skew : skew
        return now.instant - observingSince >= settings.observation && apart <= settings.skewMax
    }

    /// - Parameter now: wall is the API server's clock.
    public mutating func handle(_ event: Event, now: Now) -> [Effect] {
        switch event {
        case .claimSeen(let claim, let hasPod): saw(claim, hasPod)
        case .claimGone(let namespace, let name): entries[Name(namespace: namespace, name: name)] = nil
        case .podSeen(let namespace, let name): entries[Name(namespace: namespace, name: name)]?.hasPod = true
        case .podGone(let namespace, let name): entries[Name(namespace: namespace, name: name)]?.hasPod = false
        case .observing: observingSince = observingSince ?? now.instant
        case .gap: observingSince = nil
        case .skew(let skew): self.skew = skew
        case .wake: nextWake = nil
        case .forget:
            entries = [:]
            observingSince = nil
        }
        return due(now) + wake(now)
    }

    private mutating func saw(_ claim: Claim, _ hasPod: Bool) {
        let name = Name(namespace: claim.namespace, name: claim.name)
        guard !claim.isDeleting, claim.status.nextAttemptAt != nil || claim.status.expiresAt != nil else {
            entries[name] = nil
            return
        }
        let old = entries[name]
        entries[name] = Entry(
            uid: claim.uid, resourceVersion: claim.resourceVersion, nextAttemptAt: claim.status.nextAttemptAt, expiresAt: claim.status.expiresAt,
            hasPod: hasPod, publishedAt: old?.nextAttemptAt == claim.status.nextAttemptAt ? old?.publishedAt : nil)
    }

    private mutating func due(_ now: Now) -> [Effect] {
        var effects: [Effect] = []
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            if let expiresAt = entry.expiresAt, !entry.hasPod, expiresAt <= now.wall, mayExpire(now: now) {
                effects.append(
                    .deleteClaim(namespace: name.namespace, name: name.name, uid: entry.uid, resourceVersion: entry.resourceVersion))
                entries[name] = nil  // a refused deletion comes back as a changed claim
                continue
            }
            guard let at = entry.nextAttemptAt, at <= now.wall else { continue }
            if let published = entry.publishedAt, now.instant - published < settings.repeatAfter { continue }
            entries[name]?.publishedAt = now.instant
            effects.append(.publishDue(namespace: name.namespace, name: name.name))
        }
        return effects
    }

    /// The next moment at which anything here can become due.
    private mutating func wake(_ now: Now) -> [Effect] {
        var soonest: Instant?
        func consider(_ instant: Instant) { soonest = min(soonest ?? instant, max(instant, now.instant + .milliseconds(100))) }
        for entry in entries.values {
            if let at = entry.nextAttemptAt {
                let first = now.instant + (at - now.wall)
                consider(entry.publishedAt.map { max(first, $0 + settings.repeatAfter) } ?? first)
            }
            if let at = entry.expiresAt, !entry.hasPod, let observingSince {
                consider(max(now.instant + (at - now.wall), observingSince + settings.observation))
            }
        }
        guard let soonest else { return [] }
        if let nextWake, nextWake > now.instant, nextWake <= soonest { return [] }
        nextWake = soonest
        return [.wake(at: soonest)]
    }
}

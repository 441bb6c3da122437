/// The reaper's memory of claims: when a parked one is due, and when a retained one expires.
///
/// It promises: nothing expires before both lists of the cluster were complete and were followed without a gap for
/// `observation`; nothing expires while the clocks are apart by more than `skewMax`; nothing expires for the absence of a pod
/// that is there. It never calls the cloud: expiry is the deletion of the claim, and the worker does the rest.
public struct DueList: Sendable {
    public struct Settings: Hashable, Sendable {
        /// unbroken observation before anything expires, after a start, a change of leader or a gap in the watch
        public var observation: Duration = .seconds(300)
        /// how long a claim is kept without a pod whose spec does not say; zero: for ever
        public var expireAfter: Duration = .zero
        /// between this machine's clock and the API server's
        public var skewMax: Duration = .seconds(30)
        /// how soon a due key that was published comes again if nothing came of it; a deletion at first, then after waits that double up to
        /// `deleteAgainMax`
        public var repeatAfter: Duration = .seconds(30)
        public var deleteAgainMax: Duration = .seconds(600)
        /// how old a recorded call may be before its key is due: longer than a request can live
        public var intentAgeMax: Duration = .seconds(120)
        /// how long it is remembered when a pod went whose claim is not known to expire; a broken watch is noticed sooner
        public var goneKept: Duration = .seconds(600)
        public init() {}
    }

    public enum Event: Hashable, Sendable {
        /// the complete list: what is not in it is gone
        case claimsListed([Claim])
        case claimSeen(Claim)
        case claimGone(Claim)
        /// the complete list of all pods, whatever they want
        case podsListed([Pod])
        case podSeen(Pod)
        case podGone(Pod)
        /// both lists are complete and both watches stand
        case observing
        /// a watch was lost
        case gap
        /// between this machine's wall clock and the API server's
        case skew(Duration)
        case wake
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
        /// how long it is kept without a pod
        var kept: Duration
        /// how often its deletion was asked for, since it or a pod of its name was last heard of
        var deletions = 0
        /// when a pod of its name was last seen to go: one that came and went before anybody wrote so into the claim
        var podGoneAt: Timestamp?
        /// when it is to be published: `nextAttemptAt`, and once that was published, a repetition
        var publishAt: Timestamp?
        /// what stands for it in `alarms`; others of its name there are outdated
        var alarm: Timestamp?
    }
    private struct Alarmed: Comparable {
        var at: Timestamp
        var name: Name
        static func < (a: Alarmed, b: Alarmed) -> Bool { (a.at, a.name) < (b.at, b.name) }
    }

    private let settings: Settings
    private var entries: [Name: Entry] = [:]
    /// UIDs of all pods there are
    private var pods: [Name: String] = [:]
    /// pods that went lately, and when they were seen to
    private var goneAt: [Name: Now] = [:]
    private var departures: Deque<(at: Instant, name: Name)> = []
    private var alarms = Heap<Alarmed>()
    /// expired, but nothing may expire now
    private var overdue: Set<Name> = []
    private var observingSince: Instant?
    private var skew = Duration.zero
    private var alarm = Alarm()

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
        case .claimsListed(let claims):
            let present = Set(claims.map { Name(namespace: $0.namespace, name: $0.name) })
            for name in entries.keys where !present.contains(name) { entries[name] = nil }
            for claim in claims { saw(claim) }
        case .claimSeen(let claim): saw(claim)
        case .claimGone(let claim):
            let name = Name(namespace: claim.namespace, name: claim.name)
            if entries[name]?.uid == claim.uid { entries[name] = nil }
        case .podsListed(let list):
            let before = pods
            pods = Dictionary(list.map { (Name(namespace: $0.namespace, name: $0.name), $0.uid) }, uniquingKeysWith: { _, last in last })
            for name in before.keys.sorted() where pods[name] == nil { gone(name, now) }
            for name in entries.keys { schedule(name) }
        case .podSeen(let pod): pods[Name(namespace: pod.namespace, name: pod.name)] = pod.uid
        case .podGone(let pod):
            let name = Name(namespace: pod.namespace, name: pod.name)
            // a late word about a predecessor says nothing of the pod that is there
            if pods[name] == pod.uid {
                pods[name] = nil
                gone(name, now)
            }
            schedule(name)
        case .observing: observingSince = observingSince ?? now.instant
        case .gap: observingSince = nil
        case .skew(let skew): self.skew = skew
        case .wake: break
        }
        return due(now) + wake(now)
    }

    /// The time without a pod begins, whether its claim was heard of yet or not: claims and pods come by two watches.
    private mutating func gone(_ name: Name, _ now: Now) {
        while let first = departures.first, now.instant - first.at > settings.goneKept {
            _ = departures.popFirst()
            if let last = goneAt[first.name], last.instant == first.at { goneAt[first.name] = nil }
        }
        goneAt[name] = now
        departures.append((now.instant, name))
        guard let entry = entries[name] else { return }
        // also where the claim is not known to expire yet: what is remembered of the pod before this one is not to count for it
        entries[name]?.podGoneAt = now.wall
        entries[name]?.deletions = 0
        if let end = entry.expiresAt { entries[name]?.expiresAt = max(end, now.wall + entry.kept) }
    }

    private mutating func saw(_ claim: Claim) {
        let name = Name(namespace: claim.namespace, name: claim.name)
        // A recorded call that nobody has come back to: its worker may be gone, and the key with it.
        let forgotten = claim.status.intent.map { $0.at + settings.intentAgeMax }
        let nextAttemptAt = [claim.status.nextAttemptAt, forgotten].compactMap { $0 }.min()
        // What is being deleted does not expire, but its release may have to be tried again; nor does what is not static any more,
        // though its status may still say so.
        let kept = claim.spec.expireAfter ?? settings.expireAfter
        var expiresAt = claim.isDeleting || claim.spec.deletePolicy != .retain || kept == .zero ? nil : claim.status.expiresAt
        guard nextAttemptAt != nil || expiresAt != nil else {
            entries[name] = nil
            return
        }
        let old = entries[name]
        let isSame = old?.uid == claim.uid && old?.nextAttemptAt == nextAttemptAt
        let podGoneAt = (old?.uid == claim.uid ? old?.podGoneAt : nil) ?? goneAt[name]?.wall
        // A pod that came and went may have changed how long it is kept, and nobody have written yet what follows from that.
        if let end = expiresAt { expiresAt = [end, claim.status.retainedSince.map { $0 + kept }, podGoneAt.map { $0 + kept }].compactMap { $0 }.max() }
        entries[name] = Entry(
            uid: claim.uid, resourceVersion: claim.resourceVersion, nextAttemptAt: nextAttemptAt,
            expiresAt: expiresAt, kept: kept, podGoneAt: podGoneAt,
            publishAt: isSame ? old?.publishAt : nextAttemptAt, alarm: old?.alarm)
        schedule(name)
    }

    /// Puts the next moment at which something of that claim can be due into the heap, if it is not there.
    private mutating func schedule(_ name: Name) {
        guard let entry = entries[name] else { return }
        let expiry = pods[name] == nil && !overdue.contains(name) ? entry.expiresAt : nil
        let next = [entry.publishAt, expiry].compactMap { $0 }.min()
        guard next != entry.alarm else { return }
        entries[name]?.alarm = next
        if let next { alarms.insert(Alarmed(at: next, name: name)) }
    }

    private mutating func due(_ now: Now) -> [Effect] {
        var effects: [Effect] = []
        while let first = alarms.min, first.at <= now.wall || entries[first.name]?.alarm != first.at {
            _ = alarms.popMin()
            guard var entry = entries[first.name], entry.alarm == first.at else { continue }
            entry.alarm = nil
            if let expiresAt = entry.expiresAt, expiresAt <= now.wall, pods[first.name] == nil { overdue.insert(first.name) }
            if let at = entry.publishAt, at <= now.wall {
                entry.publishAt = now.wall + settings.repeatAfter
                effects.append(.publishDue(namespace: first.name.namespace, name: first.name.name))
            }
            entries[first.name] = entry
            schedule(first.name)
        }
        return effects + expire(now)
    }

    private mutating func expire(_ now: Now) -> [Effect] {
        guard !overdue.isEmpty, mayExpire(now: now) else { return [] }
        var effects: [Effect] = []
        let names = overdue.sorted()
        overdue = []
        for name in names {
            // It may have been prolonged, or have a pod again.
            guard let entry = entries[name], pods[name] == nil, let expiresAt = entry.expiresAt, expiresAt <= now.wall else {
                schedule(name)
                continue
            }
            effects.append(.deleteClaim(namespace: name.namespace, name: name.name, uid: entry.uid, resourceVersion: entry.resourceVersion))
            // Until the claim is seen to go: a deletion that nobody answered, or that was thrown back, changes nothing that would be heard of.
            entries[name]!.expiresAt = now.wall + min(settings.repeatAfter * (1 << min(entry.deletions, 10)), settings.deleteAgainMax)
            entries[name]?.deletions += 1
            schedule(name)
        }
        return effects
    }

    /// Whether a deletion that was asked for may still be carried out: it may have waited for its turn.
    package func mayDelete(namespace: String, name: String, uid: String, resourceVersion: String, now: Now) -> Bool {
        let name = Name(namespace: namespace, name: name)
        guard let entry = entries[name], entry.uid == uid, entry.resourceVersion == resourceVersion, entry.deletions > 0 else { return false }
        return pods[name] == nil && mayExpire(now: now)
    }

    /// The next moment at which anything here can become due.
    private mutating func wake(_ now: Now) -> [Effect] {
        var next = alarms.min.map { now.instant + ($0.at - now.wall) }
        if !overdue.isEmpty, let observingSince, observingSince + settings.observation > now.instant {
            next = min(next ?? observingSince + settings.observation, observingSince + settings.observation)
        }
        // Two clocks that run apart must not make it spin.
        let soonest = next.map { max($0, now.instant + .milliseconds(100)) }
        return alarm.set(for: soonest, now: now.instant).map { [.wake(at: $0)] } ?? []
    }
}

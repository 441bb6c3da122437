/// One action's bucket: evenly spaced turns, burst 1. What a turn was granted for may leave much later, and together with others: of
/// those never more leave in a second than the documented rate. A throttle reply halves the rate, time without one gives it back;
/// authorisation errors open a breaker, through which one probe at a time goes.
struct ActionPacer: Sendable {
    enum Breaker: Hashable, Sendable {
        /// next: open
        case closed
        /// nothing goes until then; next: probing
        case open(until: Instant)
        /// one call is out to see; next: closed, open. Its answer is waited for until then.
        case probing(until: Instant)
    }
    struct Ticket: Hashable, Sendable {
        var lane: PacingLane
        var cluster: String
        var namespace: String
    }

    private let limits: Limits.Pacing
    private let callsPerSecond: Int
    private var waiting: [Int: Ticket] = [:]
    private var lanes: Lanes<Int>
    /// what has had its turn and leaves as soon as it may, in order
    private var leaving: [Int] = []
    /// when the last ones left
    private var departures: [Instant] = []
    /// of the rate, from `limits.factorMin` to 1
    private(set) var factor = 1.0
    private var factorAt: Instant?
    private var throttledAt: Instant?
    private var throttles = 0
    private var failures = 0
    private var lastGrantAt: Instant?
    private var notBefore: Instant?
    private(set) var breaker = Breaker.closed
    private var openings = 0

    init(_ action: CloudAction, limits: Limits.Pacing) {
        callsPerSecond = action.callsPerSecond
        self.limits = limits
        lanes = Lanes(count: PacingLane.allCases.count, ageMax: limits.laneAgeMax)
    }

    var waitingCount: Int { waiting.count }

    /// Until when calls are refused.
    func refusedUntil(now: Instant) -> Instant? {
        switch breaker {
        case .open(let until): now < until ? until : nil
        case .closed, .probing: nil
        }
    }

    mutating func enqueue(_ id: Int, _ ticket: Ticket, now: Instant) {
        precondition(waiting[id] == nil, "a request has its own number")
        waiting[id] = ticket
        lanes.push(id, lane: ticket.lane.rawValue, cluster: ticket.cluster, namespace: ticket.namespace, now: now)
    }

    /// Whether it was waiting.
    mutating func cancel(_ id: Int) -> Bool {
        if let index = leaving.firstIndex(of: id) {
            leaving.remove(at: index)
            return true
        }
        guard let ticket = waiting.removeValue(forKey: id) else { return false }
        return lanes.remove(id, lane: ticket.lane.rawValue, cluster: ticket.cluster, namespace: ticket.namespace)
    }

    /// Everything that waits, in order, to be refused.
    mutating func takeAll() -> [Int] {
        let ids = leaving + waiting.keys.sorted()
        for id in ids { _ = cancel(id) }
        return ids
    }

    /// Grants what may go now: at most one, because turns are spaced.
    mutating func grant(share: Share, now: Instant) -> Int? {
        guard let due = dueAt(share: share, now: now), due <= now, let id = lanes.popFirst(now: now) else { return nil }
        waiting[id] = nil
        lastGrantAt = now
        switch breaker {
        case .closed: break
        case .open, .probing: breaker = .probing(until: now + limits.probeMax)
        }
        return id
    }

    // MARK: leaving

    mutating func leave(_ id: Int) { leaving.append(id) }

    /// What may leave now, one after the other.
    mutating func depart(share: Share, now: Instant) -> Int? {
        guard let due = departsAt(share: share, now: now), due <= now else { return nil }
        departures.removeAll { now - $0 >= .seconds(1) }
        departures.append(now)
        return leaving.removeFirst()
    }

    /// When the next one may leave; nil when none wants to.
    func departsAt(share: Share, now: Instant) -> Instant? {
        guard !leaving.isEmpty else { return nil }
        let most = max(1, (callsPerSecond * share.owned + share.of - 1) / share.of)
        let recent = departures.filter { now - $0 < .seconds(1) }
        return recent.count < most ? now : recent[recent.count - most] + .seconds(1)
    }

    // MARK: turns

    /// When the next one may go; nil when nothing waits or nothing is ours.
    func dueAt(share: Share, now: Instant) -> Instant? {
        guard !lanes.isEmpty, share.owned > 0 else { return nil }
        let spacing = lastGrantAt.map { $0 + interval(share: share, now: now) }
        let gate: Instant? =
            switch breaker {
            case .closed: nil
            case .open(let until), .probing(let until): until
            }
        return [spacing, notBefore, gate].compactMap { $0 }.max() ?? now
    }

    /// Between two turns, rounded up so that the limit holds.
    private func interval(share: Share, now: Instant) -> Duration {
        let rate = Double(callsPerSecond * share.owned) / Double(share.of) * factor(now: now)
        return .milliseconds(Int64((1000 / rate).rounded(.up)))
    }

    /// Recovers additively: the whole rate in `recoveryTime`.
    private func factor(now: Instant) -> Double {
        guard let factorAt else { return factor }
        return min(1, factor + Double((now - factorAt).milliseconds) / Double(limits.recoveryTime.milliseconds))
    }

    /// Whether the breaker opened: then what waits is refused.
    mutating func finished(_ kind: CloudErrorClass?, now: Instant, generator: inout SeededGenerator) -> Bool {
        switch kind {
        case .authorisation:
            openings += 1
            breaker = .open(until: now + generator.jittered(limits.breaker.wait(afterFailures: openings)))
            return true
        case .throttled: throttled(now: now, generator: &generator)
        case .transient:
            failures += 1
            if failures >= limits.failuresBeforeWait { wait(afterFailures: failures - limits.failuresBeforeWait + 1, now: now, generator: &generator) }
        case nil, .busy, .alreadyThere, .conflict, .podSideChanged, .lost, .quota, .terminal, .newToken:  // the cloud works
            (failures, throttles, openings) = (0, 0, 0)
            breaker = .closed
        }
        return false
    }

    /// Several calls that are thrown back together are one sign, not several.
    private mutating func throttled(now: Instant, generator: inout SeededGenerator) {
        if let throttledAt, now - throttledAt < limits.throttleWindow { return }
        throttledAt = now
        factor = max(limits.factorMin, factor(now: now) / 2)
        factorAt = now
        throttles += 1
        wait(afterFailures: throttles, now: now, generator: &generator)
    }

    private mutating func wait(afterFailures failures: Int, now: Instant, generator: inout SeededGenerator) {
        let until = now + generator.jittered(limits.backoff.wait(afterFailures: failures))
        notBefore = max(notBefore ?? until, until)
    }
}

/// The part of an account-region's limits that this worker may use.
struct Share: Hashable, Sendable {
    var owned: Int
    var of: Int
}

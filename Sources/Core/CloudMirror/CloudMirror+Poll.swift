// Looks by id: shared by all who wait, at most one under way, at most one per `pollEvery`.
extension CloudMirror {
    /// Why and when one id is asked for.
    struct Poll: Sendable {
        var dueAt: Instant
        /// send times that somebody waits for
        var waiters: [Instant] = []
        /// a mutating call or a transient state was seen then, and it does not rest yet
        var restlessSince: Instant?
        var isTracked = false
        /// the list did not have it: the id decides
        var needsConfirming = false
    }

    struct Polling: Sendable {
        var polls: [AddressID: Poll] = [:]
        /// the batch that was asked for
        var underWay: [AddressID]?
        /// halves of a batch that the cloud refused as a whole because of one id
        var halves: Deque<[AddressID]> = []
        /// a batch went before them: now it is their turn
        var owesHalf = false
        /// it did so once: it does not leave out what is not there
        var isRefused = false
        /// when the last batch began, halves not counted
        var lastAskedAt: Instant?
        var failures = 0
        var notBefore: Instant?

        /// Whether somebody waited for a look sent no later than that.
        mutating func satisfy(_ id: AddressID, sentAt: Instant) -> Bool {
            guard let waiters = polls[id]?.waiters else { return false }
            let left = waiters.filter { $0 > sentAt }
            polls[id]?.waiters = left
            return left.count < waiters.count
        }
    }

    // MARK: What is asked for

    mutating func watch(_ id: AddressID, notBefore: Instant, now: Instant, _ effects: inout [Effect]) {
        if let entry = entries[id], entry.observedAt >= notBefore {
            effects.append(.observed(id))
            return
        }
        poll(id, at: max(now, notBefore)) { $0.waiters.append(notBefore) }
    }

    mutating func acted(_ id: AddressID, at: Instant, now: Instant) {
        poll(id, at: now + limits.pollEvery) { $0.restlessSince = max($0.restlessSince ?? at, at) }
    }

    mutating func track(_ id: AddressID, now: Instant) {
        poll(id, at: now) { $0.isTracked = true }
    }

    /// Those who wait for it still get their observation.
    mutating func forget(_ id: AddressID) {
        guard polling.polls[id] != nil else { return }
        polling.polls[id]?.isTracked = false
        if polling.polls[id]?.waiters.isEmpty == true, polling.polls[id]?.restlessSince == nil { polling.polls[id] = nil }
    }

    mutating func confirm(_ id: AddressID, now: Instant) {
        poll(id, at: now) { $0.needsConfirming = true }
    }

    /// It is in a transient state that nobody here caused, perhaps a worker before us.
    mutating func keepPolling(_ id: AddressID, from: Instant, now: Instant) {
        poll(id, at: now + limits.pollEvery) { $0.restlessSince = $0.restlessSince ?? from }
    }

    private mutating func poll(_ id: AddressID, at due: Instant, _ change: (inout Poll) -> Void) {
        var poll = polling.polls[id] ?? Poll(dueAt: due)
        poll.dueAt = min(poll.dueAt, due)
        change(&poll)
        polling.polls[id] = poll
    }

    // MARK: When it is asked for again

    /// After an observation: when the next look at it is due, if any.
    mutating func replan(_ id: AddressID, sentAt: Instant, now: Instant) {
        guard var poll = polling.polls[id], let entry = entries[id] else { return }
        let isTransient = entry.address.map(\.status.isTransient) == true
        if let since = poll.restlessSince, !isTransient, sentAt >= since + limits.restAfter { poll.restlessSince = nil }
        if entry.missing.map({ $0.byIDCount >= limits.missingCountWanted }) != false { poll.needsConfirming = false }
        var due: [Instant] = []
        if let waiter = poll.waiters.min() { due.append(max(now, waiter)) }
        if let since = poll.restlessSince { due.append(now + (now - since < limits.restlessMax ? limits.pollEvery : limits.pollRestlessEvery)) }
        if poll.needsConfirming { due.append(now + limits.confirmEvery) }
        // One that is missing is looked at so often that the looks are a row.
        if poll.isTracked { due.append(now + (entry.address == nil ? min(limits.trackEvery, limits.confirmEvery) : limits.trackEvery)) }
        guard let next = due.min() else {
            polling.polls[id] = nil
            return
        }
        poll.dueAt = next
        polling.polls[id] = poll
    }

    // MARK: Asking

    mutating func pumpDescribe(now: Instant, _ effects: inout [Effect]) {
        guard polling.underWay == nil, (polling.notBefore ?? now) <= now else { return }
        if !polling.owesHalf || polling.halves.isEmpty, let batch = nextBatch(now: now) {
            polling.lastAskedAt = now
            polling.owesHalf = true
            return ask(batch, &effects)
        }
        guard let half = polling.halves.popFirst() else { return }
        polling.owesHalf = false
        ask(half, &effects)
    }

    /// Those that are due, or nil. Where one id that does not exist has the whole batch refused, what was missing when it was last looked
    /// for is asked for by itself: those that are there do not wait for the many calls that find out which ones are not.
    private func nextBatch(now: Instant) -> [AddressID]? {
        guard polling.lastAskedAt.map({ $0 + limits.pollEvery <= now }) ?? true else { return nil }
        let inHalves = Set(polling.halves.joined())
        let due = polling.polls.filter { $0.value.dueAt <= now && !inHalves.contains($0.key) }
            .sorted { ($0.value.dueAt, $0.key) < ($1.value.dueAt, $1.key) }.map(\.key)
        let there = due.filter { !isMissing($0) }
        guard polling.halves.isEmpty else { return there.isEmpty ? nil : Array(there.prefix(limits.batchIDsMax)) }
        guard let first = due.first else { return nil }
        return Array((isMissing(first) ? due.filter(isMissing) : there).prefix(limits.batchIDsMax))
    }

    private func isMissing(_ id: AddressID) -> Bool { polling.isRefused && entries[id].map { $0.address == nil && $0.missing != nil } ?? false }

    /// When `pumpDescribe` will have something to do, if no answer comes before.
    var describeDueAt: Instant? {
        guard polling.underWay == nil else { return nil }
        if let notBefore = polling.notBefore, !polling.halves.isEmpty { return notBefore }
        guard let due = polling.polls.values.map(\.dueAt).min() else { return nil }
        return [due, polling.notBefore, polling.lastAskedAt.map { $0 + limits.pollEvery }].compactMap { $0 }.max()
    }

    mutating func described(_ asked: [AddressID], _ found: [Address], sentAt: Instant, now: Instant, _ effects: inout [Effect]) {
        if polling.underWay == asked { answered() }
        let byID = Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for id in asked {
            if let address = byID[id] {
                observe(address, at: sentAt, now: now, &effects)
            } else {
                observeMissing(id, sentAt: sentAt, now: now, &effects)
            }
        }
    }

    mutating func describeFailed(_ kind: CloudErrorClass, sentAt: Instant, now: Instant, _ effects: inout [Effect]) {
        guard let batch = polling.underWay else { return }
        switch kind {
        case .lost, .terminal:  // one of them does not exist, or is no id at all; the cloud refuses all because of it
            answered()
            polling.isRefused = true
            if batch.count > 1 {
                polling.halves.prepend(Array(batch[(batch.count / 2)...]))
                polling.halves.prepend(Array(batch[..<(batch.count / 2)]))
            } else {
                for id in batch { observeMissing(id, sentAt: sentAt, now: now, &effects) }
            }
        case .throttled, .transient, .busy, .alreadyThere, .conflict, .podSideChanged, .quota, .authorisation, .newToken:
            polling.underWay = nil  // they are still due
            polling.failures += 1
            polling.notBefore = now + limits.backoff.wait(afterFailures: polling.failures)
        }
    }

    private mutating func answered() {
        polling.underWay = nil
        polling.failures = 0
        polling.notBefore = nil
    }

    private mutating func ask(_ ids: [AddressID], _ effects: inout [Effect]) {
        polling.underWay = ids
        effects.append(.describe(ids))
    }
}

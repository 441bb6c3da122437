/// Decides whether this replica may act for one cluster. It reads no clock and does no IO; times in the record, which others'
/// clocks wrote, are never compared with ours: what counts is for how long, on the local clock, the record was not seen to change.
/// It does not fence writers by itself: objects are protected by conditional writes, the cloud by intent and request life.
///
///     A leader acts until `sent + renewDeadline` of its last successful write.
///     A follower takes the lease at `seen + leaseDuration` after the last change it saw, which is later than that write was sent.
public struct Leadership: Sendable {
    /// What a term is called in messages and logs: it only ever grows.
    public typealias Term = Int

    public enum Event: Hashable, Sendable {
        case start
        case wake
        /// nil: there is no such Lease
        case read(LeaseRecord?)
        case readFailed
        /// the Lease as the API server answered the write
        case wrote(LeaseRecord)
        /// the write met another version, an existing or a deleted Lease
        case refused
        /// nobody knows what became of the write
        case writeFailed
        /// Give the lease up. To be sent after the work of the term has ended.
        case stop
    }

    public enum Effect: Hashable, Sendable {
        /// answered by `read` or `readFailed`; at most one read or write is under way
        case read
        /// Replaces the version in the record, creates without one; answered by `wrote`, `refused` or `writeFailed`. The shell
        /// gives a call up after `Limits.Leadership.requestMax`.
        case write(LeaseRecord)
        case lead(Term)
        case yield(Term, End)
        case wake(at: Instant)
        /// after `stop`: nothing more will come
        case stopped
    }

    /// Why a term ended.
    public enum End: String, Hashable, Sendable {
        case renewDeadline = "RenewDeadline"
        case takenOver = "TakenOver"
        case stopped = "Stopped"
    }

    public enum State: Hashable, Sendable {
        /// before `start`; next: following
        case idle
        /// somebody else leads or nobody does; next: leading, stopped
        case following
        /// acts until `deadline`; next: following, stopping
        case leading(Term, deadline: Instant)
        /// the lease is being given up; next: stopped
        case stopping
        case stopped
    }

    private enum Request: Hashable {
        case read
        case take(Term, sentAt: Instant)
        case renew(Term, sentAt: Instant)
        case giveUp
    }

    private let identity: String
    private let limits: Limits.Leadership
    public private(set) var state = State.idle
    private var underWay: Request?
    /// the record as last seen, and when it was first seen like that
    private var seen: LeaseRecord?
    private var seenAt: Instant?
    /// the version in `seen` is known to be old
    private var isStale = true
    private var nextTryAt: Instant?
    private var generator: SeededGenerator
    private var alarm = Alarm()

    /// `identity` differs between processes, also between those of one pod name: a restart is not the same leader.
    public init(identity: String, limits: Limits.Leadership = Limits.Leadership(), seed: UInt64) {
        precondition(!identity.isEmpty, "an empty holder means nobody")
        self.identity = identity
        self.limits = limits
        generator = SeededGenerator(seed: seed)
    }

    /// Asked before every effect, never kept.
    public func mayAct(in term: Term, now: Instant) -> Bool {
        switch state {
        case .leading(let current, let deadline): current == term && now < deadline
        case .idle, .following, .stopping, .stopped: false
        }
    }

    /// The term that may act now.
    public func term(now: Instant) -> Term? {
        switch state {
        case .leading(let term, let deadline): now < deadline ? term : nil
        case .idle, .following, .stopping, .stopped: nil
        }
    }

    /// Who holds the lease as far as was seen; nil for nobody.
    public var holder: String? { seen.flatMap { $0.holder.isEmpty ? nil : $0.holder } }

    public mutating func handle(_ event: Event, now: Now) -> [Effect] {
        var effects: [Effect] = []
        endLateTerm(now: now.instant, &effects)
        switch event {
        case .start:
            if state == .idle { state = .following }
        case .wake: break
        case .read(let record): answeredRead(record, now: now.instant, &effects)
        case .wrote(let record): answeredWrite(record, now: now.instant, &effects)
        case .refused: answeredRefusal(now: now.instant)
        case .readFailed, .writeFailed: answeredFailure(now: now.instant)
        case .stop: stop(&effects)
        }
        act(now: now, &effects)
        let deadline = nextDeadline
        if let at = alarm.set(for: deadline, now: now.instant) { effects.append(.wake(at: at)) }
        return effects
    }

    private var nextDeadline: Instant? {
        switch state {
        case .idle, .stopped: nil
        case .following, .stopping: underWay == nil ? nextTryAt : nil
        case .leading(_, let deadline): underWay == nil ? nextTryAt.map { min($0, deadline) } ?? deadline : deadline
        }
    }

    // MARK: Answers

    private mutating func endLateTerm(now: Instant, _ effects: inout [Effect]) {
        guard case .leading(let term, let deadline) = state, deadline <= now else { return }
        state = .following
        effects.append(.yield(term, .renewDeadline))
    }

    private mutating func answeredRead(_ record: LeaseRecord?, now: Instant, _ effects: inout [Effect]) {
        guard underWay == .read else { return }
        underWay = nil
        see(record, now: now)
        if case .leading(let term, _) = state, let record, record.holder != identity {
            state = .following
            effects.append(.yield(term, .takenOver))
        }
        nextTryAt = isMine || mayTake(now: now) ? now : now + retryWait()
    }

    private mutating func answeredWrite(_ record: LeaseRecord, now: Instant, _ effects: inout [Effect]) {
        guard let request = underWay, request != .read else { return }
        underWay = nil
        see(record, now: now)
        nextTryAt = now + limits.retryPeriod
        switch request {
        case .read: break
        case .take(let term, let sentAt):
            guard state == .following, sentAt + limits.renewDeadline > now else { break }  // answered too late to be of use
            state = .leading(term, deadline: sentAt + limits.renewDeadline)
            effects.append(.lead(term))
        case .renew(let term, let sentAt):
            guard case .leading(term, let deadline) = state else { break }
            state = .leading(term, deadline: max(deadline, sentAt + limits.renewDeadline))
        case .giveUp:
            state = .stopped
            effects.append(.stopped)
        }
    }

    /// Somebody wrote since we read: whoever it was, the record has to be read again, at once.
    private mutating func answeredRefusal(now: Instant) {
        guard underWay != nil, underWay != .read else { return }
        underWay = nil
        isStale = true
        nextTryAt = now
    }

    private mutating func answeredFailure(now: Instant) {
        guard let request = underWay else { return }
        underWay = nil
        if request != .read { isStale = true }  // it may have been written
        nextTryAt = now + retryWait()
    }

    private mutating func see(_ record: LeaseRecord?, now: Instant) {
        isStale = false
        // A Lease that vanished is treated as one that did not change: its holder may still act.
        if record == nil, let old = seen, old.resourceVersion == nil || !old.holder.isEmpty {
            seen?.resourceVersion = nil
            return
        }
        if record != seen || seenAt == nil { seenAt = now }
        seen = record
    }

    // MARK: Acting

    private mutating func stop(_ effects: inout [Effect]) {
        switch state {
        case .idle, .following:
            state = isMine ? .stopping : .stopped  // a write that was answered too late may have made it ours
            if state == .stopped, underWay == nil || underWay == .read { effects.append(.stopped) } else { state = .stopping }
        case .leading(let term, _):
            state = .stopping
            effects.append(.yield(term, .stopped))
        case .stopping, .stopped: break
        }
        if state == .stopping { nextTryAt = nil }
    }

    private mutating func act(now: Now, _ effects: inout [Effect]) {
        guard underWay == nil, (nextTryAt ?? now.instant) <= now.instant else { return }
        switch state {
        case .idle, .stopped: return
        case .following:
            guard !isStale, isMine || mayTake(now: now.instant) else { return request(.read, .read, &effects) }
            let term = (seen?.transitions ?? -1) + 1
            var record = record(transitions: term, acquiredAt: now.wall, now: now)
            record.resourceVersion = seen?.resourceVersion
            request(.take(term, sentAt: now.instant), .write(record), &effects)
        case .leading(let term, _):
            guard !isStale, let seen else { return request(.read, .read, &effects) }
            request(.renew(term, sentAt: now.instant), .write(record(transitions: term, acquiredAt: seen.acquireTime, now: now)), &effects)
        case .stopping:
            guard !isStale else { return request(.read, .read, &effects) }
            guard isMine, seen?.resourceVersion != nil else {
                state = .stopped
                effects.append(.stopped)
                return
            }
            var empty = record(transitions: seen?.transitions ?? 0, acquiredAt: now.wall, now: now)
            empty.holder = ""
            empty.leaseDuration = .seconds(1)  // as client-go writes it
            request(.giveUp, .write(empty), &effects)
        }
    }

    private mutating func request(_ request: Request, _ effect: Effect, _ effects: inout [Effect]) {
        underWay = request
        effects.append(effect)
    }

    private func record(transitions: Int, acquiredAt: Timestamp, now: Now) -> LeaseRecord {
        LeaseRecord(
            holder: identity, leaseDuration: limits.leaseDuration, acquireTime: acquiredAt, renewTime: now.wall, transitions: transitions,
            resourceVersion: seen?.resourceVersion)
    }

    private var isMine: Bool { seen?.holder == identity }

    /// Whether nobody can be acting: nobody holds it, or it was not seen to change for as long as its holder said.
    private func mayTake(now: Instant) -> Bool {
        guard let seen, !seen.holder.isEmpty, let seenAt else { return true }
        let promised = seen.leaseDuration > .zero ? seen.leaseDuration : limits.leaseDuration
        return now >= seenAt + promised
    }

    /// Followers spread out, so that they do not all write at once.
    private mutating func retryWait() -> Duration {
        switch state {
        case .leading: limits.retryPeriod
        case .idle, .following, .stopping, .stopped: generator.jittered(limits.retryPeriod)
        }
    }
}

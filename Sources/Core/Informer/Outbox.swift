/// What is to be published to one partition and is not acknowledged yet: the newest change of every key, in the order in which keys first
/// changed. Kafka may be away for as long as it likes: it is bounded by the number of keys, not by the number of changes.
///
/// One key has one publication in flight at a time, so its changes arrive in order.
public struct Outbox: Sendable {
    public enum Event: Hashable, Sendable {
        case changed(KeyChanged)
        case acknowledged(Key)
        /// it may or may not have arrived: it is sent again
        case failed(Key)
        case wake
    }
    public enum Effect: Hashable, Sendable {
        case publish(KeyChanged)
        case wake(at: Instant)
    }

    private let limits: Limits.Outbox
    private var waiting: [Key: KeyChanged] = [:]
    /// keys in `waiting` that are not in flight, in order; the front may hold keys that are in flight by now
    private var order: [Key] = []
    private var head = 0
    private var inFlight: [Key: KeyChanged] = [:]
    private var heldUntil: Instant?
    /// in a row, those that come while nothing is sent counted as one
    private var failures = 0

    public init(limits: Limits.Outbox = Limits.Outbox()) { self.limits = limits }

    /// Keys that wait or are on their way; for metrics and back-pressure.
    public var count: Int { waiting.count + inFlight.count }

    public mutating func handle(_ event: Event, now: Instant) -> [Effect] {
        switch event {
        case .changed(let change): enqueue(change)
        case .acknowledged(let key):
            inFlight[key] = nil
            if waiting[key] != nil { order.append(key) }
            failures = 0
            // It works again: a long wait is not sat out.
            if let held = heldUntil, held > now + limits.backoff.first {
                heldUntil = now + limits.backoff.first
                return [.wake(at: now + limits.backoff.first)]
            }
        case .failed(let key):
            guard let change = inFlight.removeValue(forKey: key) else { break }
            // What has come since is newer and says all that this one said.
            waiting[key] = waiting[key].map { merged($0, after: change) } ?? change
            order.append(key)
            // What was sent together fails together, and is one sign.
            if let heldUntil, now < heldUntil { break }
            failures += 1
            let until = now + limits.backoff.wait(afterFailures: failures)
            heldUntil = until
            return [.wake(at: until)]
        case .wake: break
        }
        return publish(now)
    }

    private mutating func enqueue(_ change: KeyChanged) {
        let change = waiting[change.key].map { merged(change, after: $0) } ?? change
        if waiting.updateValue(change, forKey: change.key) == nil, inFlight[change.key] == nil { order.append(change.key) }
    }

    /// The newest says all; what it replaces may have been more urgent, and that a claim is gone is to be heard of (`KeyQueue` holds such
    /// a key) unless it is there again.
    private func merged(_ newer: KeyChanged, after old: KeyChanged) -> KeyChanged {
        let wasChange = KeyQueue.lane(of: old.cause) == .changed
        var newer = newer
        if wasChange && KeyQueue.lane(of: newer.cause) == .resync || old.cause == .claimGone && newer.cause != .claimSeen { newer.cause = old.cause }
        return newer
    }

    private mutating func publish(_ now: Instant) -> [Effect] {
        if let heldUntil, now < heldUntil { return [] }
        heldUntil = nil
        var effects: [Effect] = []
        while inFlight.count < limits.inFlightMax, head < order.count {
            let key = order[head]
            head += 1
            guard inFlight[key] == nil, let change = waiting.removeValue(forKey: key) else { continue }
            inFlight[key] = change
            effects.append(.publish(change))
        }
        if head > 1024, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
        return effects
    }
}

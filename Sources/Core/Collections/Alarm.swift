/// Keeps a machine's `wake` effects few: a new one is asked for only when it is earlier than the one that is already set.
/// The shell keeps one timer per machine and replaces it; waking too early is harmless.
struct Alarm: Hashable, Sendable {
    private var at: Instant?

    /// When a wake has to be asked for, given the machine's next deadline; nil when the one that is set will do.
    mutating func set(for next: Instant?, now: Instant) -> Instant? {
        if let at, at <= now { self.at = nil }
        guard let next else { return nil }
        if let at, at <= next { return nil }
        at = next
        return next
    }

    /// The wake to be kept of two that a machine has asked for, in whatever order they are heard of. A machine that is fed while its
    /// effects are performed asks for the second one first, and asks for an earlier one only. One whose time has come is over, though the
    /// shell may be late with it: the machine trusts the new one.
    static func earlier(_ set: Instant?, _ asked: Instant, now: Instant) -> Instant { set.map { $0 > now ? min($0, asked) : asked } ?? asked }
}

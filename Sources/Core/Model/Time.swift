/// A point on this machine's clock that keeps counting in suspend (CLOCK_BOOTTIME), in milliseconds.
/// Deadlines and pacing use it; it means nothing on another machine or after a reboot.
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The start of the clock: nothing was observed before it.
    public static let anyTime = Instant(milliseconds: 0)

    public static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }
    public static func + (a: Instant, b: Duration) -> Instant { Instant(milliseconds: a.milliseconds + b.milliseconds) }
    public static func - (a: Instant, b: Duration) -> Instant { Instant(milliseconds: a.milliseconds - b.milliseconds) }
    public static func - (a: Instant, b: Instant) -> Duration { .milliseconds(a.milliseconds - b.milliseconds) }
    public var description: String { "+\(milliseconds)ms" }
}

/// A wall-clock time, in milliseconds since 1970-01-01T00:00:00Z. What is written into claims is of this kind.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
    public static func + (a: Timestamp, b: Duration) -> Timestamp { Timestamp(milliseconds: a.milliseconds + b.milliseconds) }
    public static func - (a: Timestamp, b: Timestamp) -> Duration { .milliseconds(a.milliseconds - b.milliseconds) }
    public var description: String { "\(milliseconds)" }
    /// Cut to whole seconds, which is what `metav1.Time` keeps: written and read back it compares equal.
    public var wholeSeconds: Timestamp { Timestamp(milliseconds: milliseconds / 1000 * 1000) }
}

/// Both clocks at one moment; every decision gets it from outside.
public struct Now: Hashable, Sendable {
    public var instant: Instant
    public var wall: Timestamp
    public init(instant: Instant, wall: Timestamp) {
        self.instant = instant
        self.wall = wall
    }
}

extension Duration {
    /// Whole milliseconds, cut towards zero.
    public var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

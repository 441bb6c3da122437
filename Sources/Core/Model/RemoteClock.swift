/// What another machine's wall clock shows, told from our own clock and the `Date` of its answers.
///
/// Kept as an interval of "theirs minus our instant" in milliseconds: each answer narrows it, and one that contradicts it
/// (a clock was set, or drifted) replaces it. It hangs on the clock that counts in suspend, so setting this machine's wall
/// clock changes nothing once an answer has come.
public struct RemoteClock: Hashable, Sendable {
    public private(set) var offset: ClosedRange<Int64>?

    public init() {}

    /// - Parameters:
    ///   - date: the header's value; the clock was in that second when the answer was made.
    ///   - sent, received: bounds of when it was made, on our clock.
    public mutating func learn(date: Timestamp, sent: Instant, received: Instant) {
        let low = date.milliseconds - received.milliseconds
        let sample = low...max(low, date.milliseconds + 999 - sent.milliseconds)
        offset = offset.flatMap { $0.overlaps(sample) ? $0.clamped(to: sample) : nil } ?? sample
    }

    /// Their time at that instant; by this machine's wall clock as long as no answer has come.
    public func at(_ instant: Instant, now: Now) -> Timestamp {
        guard let offset else { return now.wall + (instant - now.instant) }
        return Timestamp(milliseconds: instant.milliseconds + offset.lowerBound + (offset.upperBound - offset.lowerBound) / 2)
    }
}

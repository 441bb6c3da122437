public import Core

/// How long after its proof of ownership a mutating request may still be accepted by the cloud.
///
/// The cloud refuses a request whose `X-TC-Timestamp` is more than 300 s away from its own clock (AuthFailure.SignatureExpire).
/// A request is therefore signed with a time set back, so that those 300 s end when its life does:
///
///     signed at             proof            refused from here on
///        |<--- 300 - life --->|<---- life ---->|
///        |<------------ window, 300 s -------->|
///
/// A worker that was paused and lost its shard meanwhile may wake and send: nobody executes it. It is as exact as the cloud's
/// clock is known (`RemoteClock`), which is about a second.
public struct RequestLife: Hashable, Sendable {
    /// What the cloud allows between the signed time and its own.
    public static let window: Duration = .seconds(300)
    /// Below 5 s a slow reply would already be too late; above 290 s nothing is left to set back.
    public static let range: ClosedRange<Duration> = .seconds(5) ... .seconds(290)

    public let duration: Duration

    /// - Precondition: inside `range`; the configuration checks it first.
    public init(_ duration: Duration = .seconds(60)) {
        precondition(Self.range.contains(duration), "a request's life is \(Self.range), not \(duration)")
        self.duration = duration
    }

    /// The value of `X-TC-Timestamp`: whole seconds, cut, so the life is at most `duration`.
    ///
    /// - Parameter proof: the moment of the proof on the cloud's clock.
    public func signingTime(proof: Timestamp) -> Int64 {
        let milliseconds = proof.milliseconds - (Self.window - duration).milliseconds
        return (milliseconds - ((milliseconds % 1000) + 1000) % 1000) / 1000
    }

    /// What is left of the life; zero or less: the request must not be sent.
    public func remaining(proof: Instant, now: Instant) -> Duration { duration - (now - proof) }
}

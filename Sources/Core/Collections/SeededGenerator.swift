/// Chance that comes from outside, once, as a seed (SplitMix64, prng.di.unimi.it/splitmix64.c). The same seed gives the same run.
public struct SeededGenerator: Hashable, Sendable, RandomNumberGenerator {
    private var state: UInt64
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A whole number from 0 to `bound` − 1. The bias is below 2^-32 for the bounds that occur here.
    public mutating func next(below bound: Int) -> Int {
        precondition(bound > 0, "a bound is positive")
        return Int(next() % UInt64(bound))
    }

    /// Between the whole duration and `1 + part` times it, in milliseconds: waits spread out, and never get shorter.
    public mutating func jittered(_ duration: Duration, part: Double = 0.2) -> Duration {
        let spread = Int(Double(duration.milliseconds) * part)
        return spread > 0 ? duration + .milliseconds(next(below: spread + 1)) : duration
    }
}

/// Waits that double from failure to failure.
struct Backoff: Hashable, Sendable {
    var first: Duration
    var most: Duration

    /// The wait after that many failures in a row, from 1.
    func wait(afterFailures failures: Int) -> Duration {
        let doublings = min(max(failures - 1, 0), 20)  // more would only overflow
        return min(first * (1 << doublings), most)
    }
}

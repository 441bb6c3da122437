extension Limits {
    /// The calls of a worker to an account-region.
    public struct Pacing: Hashable, Sendable {
        /// A lane that was not served for this long gets the next turn, at most every second one.
        public var laneAgeMax = Duration.seconds(1)
        /// The rate never falls below this part of the documented one, however much others use the account.
        public var factorMin = 1.0 / 16
        /// Throttle replies this close together halve the rate once.
        public var throttleWindow = Duration.seconds(1)
        /// From nothing to the whole rate, without a throttle reply.
        public var recoveryTime = Duration.seconds(20)
        /// After a throttle reply, and from the fifth failure in a row: doubles from the first to the second, jittered.
        public var backoffFirst = Duration.milliseconds(500)
        public var backoffMax = Duration.seconds(30)
        public var failuresBeforeWait = 5
        /// After an authorisation error: doubles from the first to the second. Calls are refused until then; one goes to see.
        public var breakerFirst = Duration.seconds(15)
        public var breakerMax = Duration.seconds(300)
        /// How long the answer of the one call is waited for before another goes.
        public var probeMax = Duration.seconds(60)

        public init() {}

        var backoff: Backoff { Backoff(first: backoffFirst, most: backoffMax) }
        var breaker: Backoff { Backoff(first: breakerFirst, most: breakerMax) }

        func check() -> [String] {
            var problems: [String] = []
            if factorMin <= 0 || factorMin > 1 { problems.append("pacing.factorMin is \(factorMin); it has to be above 0 and at most 1") }
            if recoveryTime <= throttleWindow { problems.append("pacing.recoveryTime \(recoveryTime) has to be longer than throttleWindow \(throttleWindow)") }
            if backoffFirst > backoffMax { problems.append("pacing.backoffFirst \(backoffFirst) is longer than backoffMax \(backoffMax)") }
            if breakerFirst > breakerMax { problems.append("pacing.breakerFirst \(breakerFirst) is longer than breakerMax \(breakerMax)") }
            return problems
        }
    }
}

extension Limits {
    /// What a leader publishes.
    public struct Outbox: Hashable, Sendable {
        /// Publications to one partition on their way at once; more wait their turn.
        public var inFlightMax = 256
        /// After a failure nothing is sent to that partition for a while: doubles from the first to the second, starts over with the first success.
        public var backoffFirst = Duration.milliseconds(500)
        public var backoffMax = Duration.seconds(30)

        public init() {}

        var backoff: Backoff { Backoff(first: backoffFirst, most: backoffMax) }

        func check() -> [String] {
            var problems: [String] = []
            if inFlightMax < 1 { problems.append("outbox.inFlightMax is \(inFlightMax); it has to be at least 1") }
            if backoffFirst > backoffMax { problems.append("outbox.backoffFirst \(backoffFirst) is longer than backoffMax \(backoffMax)") }
            return problems
        }
    }
}

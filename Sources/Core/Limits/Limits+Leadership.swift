extension Limits {
    /// The Lease that says who acts for a cluster. Defaults are client-go's.
    public struct Leadership: Hashable, Sendable {
        /// A record that does not change for this long is anybody's.
        public var leaseDuration = Duration.seconds(15)
        /// A leader that could not renew for this long stops acting.
        public var renewDeadline = Duration.seconds(10)
        /// Between renewals, and between looks of a follower.
        public var retryPeriod = Duration.seconds(2)
        /// A call to the API server about the Lease is given up after this, and counts as failed.
        public var requestMax = Duration.seconds(5)

        public init() {}

        func check() -> [String] {
            var problems: [String] = []
            if leaseDuration < renewDeadline + .seconds(1) {
                problems.append(
                    "leadership.leaseDuration \(leaseDuration) has to be longer than renewDeadline \(renewDeadline), by clocks that differ in speed")
            }
            if renewDeadline <= retryPeriod * 2 || renewDeadline < requestMax + retryPeriod {
                problems.append("leadership.renewDeadline \(renewDeadline) has to leave room for a failed renewal and another")
            }
            if retryPeriod <= .zero { problems.append("leadership.retryPeriod \(retryPeriod) has to be positive") }
            return problems
        }
    }
}

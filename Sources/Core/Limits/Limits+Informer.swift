extension Limits {
    /// The publisher's outbox and the reaper's list of what is due.
    public struct Informer: Hashable, Sendable {
        /// Keys in the outbox. At the limit new keys are turned away, and the informer goes through all objects again once there is room.
        public var outboxKeysMax = 100_000
        /// Publications under way at once; more wait.
        public var publishingMax = 1_000
        /// After a failed publication: doubles from the first to the second.
        public var publishBackoffFirst = Duration.milliseconds(200)
        public var publishBackoffMax = Duration.seconds(10)

        /// Nothing expires before pods and claims were observed without a gap for this long.
        public var observedMin = Duration.seconds(300)
        /// Nothing expires while the API server's clock and ours differ by more.
        public var skewMax = Duration.seconds(30)
        /// Nothing expires when the API server's time was last heard longer ago.
        public var serverTimeAgeMax = Duration.seconds(300)
        /// A claim that stays as it was although its time was told is told again after this.
        public var dueRepeat = Duration.seconds(60)

        public init() {}

        var publishBackoff: Backoff { Backoff(first: publishBackoffFirst, most: publishBackoffMax) }

        func check() -> [String] {
            var problems: [String] = []
            if publishingMax < 1 || publishingMax > outboxKeysMax {
                problems.append("informer.publishingMax is \(publishingMax); it has to be from 1 to outboxKeysMax, \(outboxKeysMax)")
            }
            if publishBackoffFirst > publishBackoffMax { problems.append("informer.publishBackoffFirst is longer than publishBackoffMax") }
            if dueRepeat < .seconds(1) { problems.append("informer.dueRepeat \(dueRepeat) has to be at least a second") }
            return problems
        }
    }
}

extension Limits {
    /// The worker's queue of keys and its ownership of partitions.
    public struct Shard: Hashable, Sendable {
        /// Keys that hold offsets back. At the limit the consumer is paused until half of them are done; messages that were
        /// prefetched are still taken. Parked keys do not count, due or not: what they wait for may be in the log.
        public var keysMax = 10_000
        /// Keys that run at once; more wait. Far above what the cloud's 10 calls a second need.
        public var runsMax = 256
        /// A key that only looks again waits this long behind those that changed, then gets every second turn.
        public var resyncAgeMax = Duration.seconds(5)
        /// After a failed run: doubles from the first to the second, jittered.
        public var backoffFirst = Duration.seconds(1)
        public var backoffMax = Duration.seconds(60)
        /// After a run that may not act any more, if the key is still ours by then.
        public var abandonedWait = Duration.seconds(1)
        /// How long a key that is not finished holds back its partition's commit. Then it is parked: settled for the log, looked
        /// at again from memory, and after a crash by the reaper. A key whose claim is gone, of which the reaper knows nothing,
        /// holds it back ten times as long.
        public var heldMax = Duration.seconds(60)

        /// `session.timeout.ms` of the consumer.
        public var sessionTimeout = Duration.seconds(30)
        /// What clocks of different speed and a slow broker may take from it: acting ends that much before the session.
        public var sessionMargin = Duration.seconds(5)
        /// Between commits while offsets move; without movement one comes every quarter of the session.
        public var commitEvery = Duration.milliseconds(250)
        public var commitRetry = Duration.milliseconds(500)
        /// How long runs may take to end after a revocation. Then the partitions are given up, whatever still runs.
        public var drainMax = Duration.seconds(5)

        public init() {}

        var backoff: Backoff { Backoff(first: backoffFirst, most: backoffMax) }

        func check() -> [String] {
            var problems: [String] = []
            if keysMax < 2 * runsMax { problems.append("shard.keysMax is \(keysMax); it has to be at least twice runsMax, \(runsMax)") }
            if runsMax < 1 { problems.append("shard.runsMax is \(runsMax); it has to be at least 1") }
            if sessionMargin + sessionTimeout / 4 >= sessionTimeout / 2 {
                problems.append("shard.sessionMargin \(sessionMargin) is too long: one lost commit in a session \(sessionTimeout) must not end ownership")
            }
            if commitEvery > sessionTimeout / 4 { problems.append("shard.commitEvery \(commitEvery) is longer than a quarter of the session") }
            if drainMax >= sessionTimeout - sessionMargin { problems.append("shard.drainMax \(drainMax) is longer than ownership lasts without a commit") }
            if backoffFirst > backoffMax { problems.append("shard.backoffFirst \(backoffFirst) is longer than backoffMax \(backoffMax)") }
            return problems
        }
    }
}

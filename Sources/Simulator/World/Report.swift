internal import Core

/// How one run ended.
public struct Report: Sendable {
    public enum Phase: String, Sendable {
        case safety
        case liveness
    }
    public struct Violation: Sendable {
        public var phase: Phase
        /// which promise or rule, in a few words that are the same for the same fault
        public var rule: String
        public var words: String
    }
    public var seed: UInt64
    public var steps: Int
    /// virtual time that went by
    public var virtual: Duration
    /// how long after the last fault all was as it should be
    public var healed: Duration?
    public var violation: Violation?
    /// of everything that was done; the same seed gives the same
    public var hash: String
    public var counts: Counts

    /// What happened, so that a run that tests nothing is seen.
    public struct Counts: Sendable {
        public var calls = 0
        public var claimWrites = 0
        public var confirmations = 0
        public var allocations = 0
        public var releases = 0
        public var crashes = 0
        public var pauses = 0
        public var rebalances = 0
        public var expirations = 0
        /// addresses that nobody names because a user or a rollback took the claim away: a sweep lists them
        public var orphans = 0
        /// how often each kind of fault came
        public var faults: [FaultKind: Int] = [:]
        public init() {}

        public static func += (a: inout Counts, b: Counts) {
            a.calls += b.calls
            a.claimWrites += b.claimWrites
            a.confirmations += b.confirmations
            a.allocations += b.allocations
            a.releases += b.releases
            a.crashes += b.crashes
            a.pauses += b.pauses
            a.rebalances += b.rebalances
            a.expirations += b.expirations
            a.orphans += b.orphans
            a.faults.merge(b.faults, uniquingKeysWith: +)
        }
    }
}

/// Every bound of the decision machines. One value, so that the simulator can draw it from a seed; the defaults are for production.
/// Each comment says what happens at the limit. `check` names relations that do not hold; a start with any is refused.
public struct Limits: Hashable, Sendable {
    public var mirror = Mirror()
    public var shard = Shard()
    public var leadership = Leadership()
    public var pacing = Pacing()
    public var outbox = Outbox()

    public init() {}

    /// What is wrong with the values together: each line says what to change. Empty when all is well.
    public func check() -> [String] {
        mirror.check() + shard.check() + leadership.check() + pacing.check() + outbox.check()
    }
}

extension Limits {
    /// The mirror of the cloud's addresses.
    public struct Mirror: Hashable, Sendable {
        /// Addresses per page of the list: the cloud's own bound for Limit (product/215/16702). A longer list takes more pages.
        public var pageCountMax = 100
        /// Addresses that a page shares with the one before. A list that moves by more while it is read is read again.
        public var pageOverlap = 10
        /// Restarts of one list that moves too fast. From then on the union of what was seen has to do, with waits in between.
        public var listRestartsMax = 8
        /// Ids per look: the cloud's own bound (product/215/16702). More of them take turns.
        public var batchIDsMax = 100
        /// Between two looks by id, whoever waits. Less would spend the account's 20 calls a second on waiting.
        public var pollEvery = Duration.milliseconds(250)
        /// An address rests when a look sent this long after the last call shows a state that stays.
        public var restAfter = Duration.seconds(1)
        /// Restless for longer than this, it is polled only every `pollRestlessEvery`.
        public var restlessMax = Duration.seconds(60)
        public var pollRestlessEvery = Duration.seconds(5)
        /// Between looks at the user's own addresses; a change made by hand is seen that late.
        public var trackEvery = Duration.seconds(60)
        /// Between two lists, or `relistPerPage` for every page if that is more: drift is seen that late.
        public var relistEvery = Duration.seconds(60)
        public var relistPerPage = Duration.seconds(2)
        /// Looks by id that did not find an address count as two only when they are this far apart.
        public var missingCountGap = Duration.seconds(5)
        /// Looks that are made by the mirror itself when a list does not have an address.
        public var missingCountWanted = 2
        public var confirmEvery = Duration.seconds(30)
        /// An address that was missed for less than this is not lost: the cloud documents no bound, and a lost static address is for ever.
        public var lostAfter = Duration.seconds(120)
        /// Looks at a user's own address that are further apart are no row, and say nothing of the time between; it is in no list of ours.
        /// Of others a list has to be as near to the first look.
        public var missingGapMax = Duration.seconds(45)
        /// How long after the last look it is remembered that an address is gone. After that it is unknown, as if never seen.
        public var missingKept = Duration.seconds(600)
        /// After a failed call: doubles from the first to the second.
        public var backoffFirst = Duration.milliseconds(500)
        public var backoffMax = Duration.seconds(30)

        public init() {}

        var backoff: Backoff { Backoff(first: backoffFirst, most: backoffMax) }

        func check() -> [String] {
            var problems: [String] = []
            if !(1...100).contains(batchIDsMax) { problems.append("mirror.batchIDsMax is \(batchIDsMax); the cloud takes 1 to 100") }
            if !(1...100).contains(pageCountMax) { problems.append("mirror.pageCountMax is \(pageCountMax); the cloud takes 1 to 100") }
            if pageOverlap < 1 || pageOverlap * 2 > pageCountMax {
                problems.append("mirror.pageOverlap is \(pageOverlap); it has to be from 1 to half of pageCountMax, \(pageCountMax)")
            }
            if missingKept < confirmEvery * missingCountWanted {
                problems.append("mirror.missingKept \(missingKept) is shorter than the looks that confirm a loss")
            }
            if missingGapMax <= confirmEvery {
                problems.append("mirror.missingGapMax \(missingGapMax) has to be longer than confirmEvery \(confirmEvery), or no loss is confirmed")
            }
            if pollEvery > pollRestlessEvery { problems.append("mirror.pollEvery \(pollEvery) is longer than pollRestlessEvery \(pollRestlessEvery)") }
            return problems
        }
    }
}

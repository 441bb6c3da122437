internal import Core
internal import Models

/// What one seed draws before anything happens: how many of everything, which settings, which faults and how often.
public struct Draw: Sendable, CustomStringConvertible {
    /// per mille of messages, or of the steps of a replica in tens of thousands where it says so
    struct Faults: Sendable {
        var loseRequest = 0
        var loseReply = 0
        var duplicate = 0
        /// executed long after it was sent, or answered long after it was executed
        var late = 0
        /// in ten thousand steps of a replica
        var crash = 0
        var pause = 0
        /// mean time between such events; nil: never
        var cutEvery: Duration?
        var rewindEvery: Duration?
        var compactEvery: Duration?
        var emptyLogEvery: Duration?
        /// per mille of the deletions of expired claims that an API server with too much to do throws back
        var throwBack = 0
        /// one partition of the log is without a leader for a while
        var offlineEvery: Duration?
        var throttleEvery: Duration?
        var quotaEvery: Duration?
        var deliveryFailedEvery: Duration?
        var consoleEvery: Duration?
        var nodeLossEvery: Duration?
        var restartEvery: Duration?
        /// per mille of answers of the cloud that say "throttled" although it was done
        var throttledAfterAll = 0
        var interfaceMoveEvery: Duration?
        var namespaceEndEvery: Duration?
        var handEditEvery: Duration?
        var clockJumpEvery: Duration?
        var overlookEvery: Duration?
        /// for a while the account may not do one of the actions
        var unauthorisedEvery: Duration?
        /// per mille of the calls that the cloud fails to serve, and says so
        var internalError = 0
        /// per mille of the deliveries of a watch after which nothing comes for a while, and then all of it
        var stall = 0
        /// per cent of the pods that are created, and of the annotations that are changed
        var mistype = 0
        /// per mille of the lists that are not read to their end
        var listFailure = 0
        /// per mille of the deliveries of a watch that break it instead
        var watchBreak = 0
        /// the most that a timer comes too late, after what arrived meanwhile
        var timerLateness = Duration.zero
        /// in ten thousand steps of a replica: the coordinator has all members join anew
        var rebalance = 0
    }

    var usesKafka = true
    var replicas = 2
    var clusters = 1
    var slots = 1
    var nodes = 2
    var privateIPs = 3
    var names = 4
    var hasOtherAccount = false
    /// pods of two names, and of every cluster, list the same EIP of the user's
    var listsTwice = false
    var listsAcross = false
    var limits = Limits()
    var expireAfter = Duration.zero
    var observation = Duration.seconds(300)
    var requestLife = Duration.seconds(60)
    var replacesLostStatic = false
    var cloud = CloudModel.Settings()
    /// one way, milliseconds
    var latency = 1...20
    var cloudLatency = 20...200
    /// per mille a local clock is fast; slow if negative
    var clockRates: [Int] = []
    /// how far each replica's idea of the wall clock is off
    var clockErrors: [Duration] = []
    var churnEvery = Duration.seconds(15)
    /// in ten times that a name is away and thought of, how often it comes back
    var returns = 8
    /// some of the static ones stay away for minutes
    var staysAway = false
    /// per cent of the pods that go as soon as they have come
    var fleeting = 0
    var faults = Faults()

    init(_ chance: Chance) {
        usesKafka = chance.below(4) > 0
        replicas = 1 + chance.below(3)
        clusters = usesKafka ? chance.pick(1, 1, 2) : 1
        slots = chance.pick(1, 1, 4)
        nodes = 2 + chance.below(2)
        privateIPs = 2 + chance.below(3)
        names = 3 + chance.below(4)
        hasOtherAccount = chance.below(5) == 0
        listsTwice = chance.below(3) == 0
        listsAcross = chance.below(2) == 0
        drawLimits(chance)
        expireAfter = chance.pick(.zero, .seconds(300), .seconds(60), .seconds(15))
        observation = chance.pick(.seconds(300), .seconds(60), .seconds(10), .seconds(10))
        replacesLostStatic = chance.pick(false, true)
        requestLife = .seconds(chance.pick(60, 60, 20, 100))
        drawCloud(chance)
        latency = chance.pick(1...5, 1...20, 5...200, 1...1500)
        cloudLatency = chance.pick(20...100, 20...200, 50...1500)
        for _ in 0..<8 {
            clockRates.append(chance.pick(0, 0, 1, -1, 8, -8))
            clockErrors.append(Draw.clockError(chance))
        }
        churnEvery = .seconds(chance.pick(4, 10, 20, 45))
        returns = chance.pick(8, 8, 3)
        fleeting = chance.pick(0, 5, 30)
        drawFaults(chance)
        if cloud.seed % 2 == 0 { faults.throwBack = 300 }
        // terms so long that claims expire in them, and are asked to go more than once
        if cloud.seed % 8 == 0 {
            (staysAway, expireAfter, observation) = (true, .seconds(15), .seconds(10))
            (faults.crash, faults.pause, faults.restartEvery, faults.clockJumpEvery) = (0, 0, nil, nil)
        }
        if usesKafka, cloud.seed % 3 == 2 { faults.offlineEvery = .seconds(120) }
        if cloud.seed % 3 == 1 { faults.timerLateness = .milliseconds(cloud.seed % 2 == 0 ? 50 : 800) }
        // so many that the account's rates are felt; one at a time they would take longer than the time to heal
        if cloud.seed % 12 == 0 {
            (names, privateIPs, limits.shard.runsMax) = (20, 8, max(limits.shard.runsMax, 4))
            limits.shard.keysMax = max(limits.shard.keysMax, 2 * limits.shard.runsMax)
        }
    }

    /// What the learnt difference to the API server's clock leaves: its replies have whole seconds.
    static func clockError(_ chance: Chance) -> Duration { .milliseconds(chance.below(2400) - 1200) }

    private mutating func drawFaults(_ chance: Chance) {
        func perhaps(_ part: Int, _ first: Int, _ last: Int) -> Int { chance.below(100) < part ? first + chance.below(last - first + 1) : 0 }
        func every(_ part: Int, _ first: Int, _ last: Int) -> Duration? {
            chance.below(100) < part ? .seconds(first + chance.below(last - first + 1)) : nil
        }
        faults.loseRequest = perhaps(50, 1, 30)
        faults.loseReply = perhaps(50, 1, 30)
        faults.duplicate = perhaps(40, 1, 20)
        faults.late = perhaps(50, 1, 20)
        faults.crash = perhaps(60, 1, 30)
        faults.pause = perhaps(60, 1, 30)
        faults.cutEvery = every(40, 20, 200)
        faults.rewindEvery = every(25, 40, 400)
        faults.compactEvery = every(40, 20, 200)
        faults.emptyLogEvery = every(25, 60, 400)
        faults.throttleEvery = every(40, 30, 200)
        faults.quotaEvery = every(30, 60, 300)
        faults.deliveryFailedEvery = every(30, 20, 100)
        faults.consoleEvery = every(40, 20, 120)
        faults.nodeLossEvery = every(30, 40, 200)
        faults.restartEvery = every(30, 30, 200)
        faults.throttledAfterAll = perhaps(30, 1, 30)
        faults.interfaceMoveEvery = every(40, 15, 100)
        faults.namespaceEndEvery = every(15, 60, 300)
        faults.handEditEvery = every(40, 20, 120)
        faults.clockJumpEvery = every(30, 20, 120)
        faults.overlookEvery = every(30, 10, 100)
        faults.stall = perhaps(40, 1, chance.pick(30, 150))
        faults.mistype = perhaps(30, 1, chance.pick(30, 70))
        faults.listFailure = perhaps(60, 10, 300)
        faults.watchBreak = perhaps(60, 1, 20)
        faults.rebalance = perhaps(50, 1, 20)
        faults.unauthorisedEvery = every(25, 60, 300)
        faults.internalError = perhaps(40, 1, 30)
    }

    private mutating func drawLimits(_ chance: Chance) {
        limits.shard.runsMax = chance.pick(256, 4, 1)
        limits.shard.keysMax = chance.pick(10_000, 4, 2) * limits.shard.runsMax
        limits.shard.heldMax = .seconds(chance.pick(60, 10))
        limits.shard.backoffMax = .seconds(chance.pick(60, 15))
        limits.shard.commitEvery = .milliseconds(chance.pick(250, 1000))
        if chance.below(3) == 0 {
            limits.leadership.leaseDuration = .seconds(30)
            limits.leadership.renewDeadline = .seconds(20)
            limits.leadership.retryPeriod = .seconds(4)
        }
        if chance.below(2) == 0 {
            limits.shard.sessionTimeout = .seconds(6)
            limits.shard.sessionMargin = .seconds(1)
            limits.shard.drainMax = .seconds(2)
        }
        limits.mirror.pageCountMax = chance.pick(100, 20, 4)
        limits.mirror.pageOverlap = chance.pick(2, 1, 2)
        limits.mirror.batchIDsMax = chance.pick(100, 10, 2)
        limits.mirror.pollEvery = .milliseconds(chance.pick(250, 1000))
        limits.mirror.trackEvery = .seconds(chance.pick(60, 20, 5))
        limits.mirror.relistEvery = .seconds(chance.pick(60, 20, 180))
        limits.mirror.lostAfter = .seconds(chance.pick(120, 120, 180))
        limits.mirror.missingGapMax = .seconds(chance.pick(45, 45, 60))
        limits.pacing.laneAgeMax = .seconds(chance.pick(1, 5))
        limits.pacing.backoffFirst = .milliseconds(chance.pick(500, 100, 2000))
        limits.pacing.backoffMax = .seconds(chance.pick(30, 5))
        limits.pacing.recoveryTime = .seconds(chance.pick(20, 5, 60))
        limits.pacing.breakerFirst = .seconds(chance.pick(15, 5))
        limits.pacing.breakerMax = .seconds(chance.pick(300, 30))
        limits.outbox.inFlightMax = chance.pick(256, 8, 2)
        let problems = limits.check()
        precondition(problems.isEmpty, "no start would take such limits: \(problems)")
        // as the controller does it
        if !usesKafka {
            limits.shard.sessionTimeout = limits.leadership.leaseDuration
            limits.shard.sessionMargin = limits.leadership.leaseDuration - limits.leadership.renewDeadline
        }
    }

    private mutating func drawCloud(_ chance: Chance) {
        func change() -> Duration { .milliseconds(chance.pick(50, 500, 3000)) }
        cloud = CloudModel.Settings(
            seed: UInt64(chance.below(1 << 40)),
            latency: .init(create: change(), bind: change(), unbind: change(), release: change()))
        cloud.listingLag = .milliseconds(chance.pick(0, 1000, 20_000))
        cloud.describeLag = .milliseconds(chance.pick(0, 0, 1500))
        cloud.tokenRetention = .seconds(chance.pick(86_400, 3600, 600))
        cloud.totalQuota = 200
        cloud.dailyQuota = 1_000_000
        cloud.unknownID = chance.pick(.absent, .error, .invalidValue)
        cloud.failedDeliveriesArrive = cloud.seed % 2 == 0
        cloud.limitsRequests = true
        cloud.journalMax = 64
    }

    public var description: String {
        """
        queue \(usesKafka ? "kafka" : "memory"), replicas \(replicas), clusters \(clusters), slots \(slots), nodes \(nodes) x \(privateIPs) IPs, \
        names \(names), one EIP listed twice \(listsTwice), in all clusters \(listsAcross), \
        other account \(hasOtherAccount), expiry \(expireAfter), runsMax \(limits.shard.runsMax), keysMax \(limits.shard.keysMax), \
        session \(limits.shard.sessionTimeout), request life \(requestLife), lost after \(limits.mirror.lostAfter), \
        pages \(limits.mirror.pageCountMax) and \(limits.mirror.pageOverlap), \(limits.mirror.batchIDsMax) in a look, lists each \(limits.mirror.relistEvery), \
        Lease \(limits.leadership.leaseDuration), backoff \(limits.pacing.backoffFirst), published at once \(limits.outbox.inFlightMax), \
        clocks \(clockRates) per mille, \(clockErrors), observation \(observation), lost static replaced \(replacesLostStatic), \
        unknown ids \(cloud.unknownID), tokens \(cloud.tokenRetention), failed deliveries arrive \(cloud.failedDeliveriesArrive), \
        latency \(latency) ms, cloud \(cloudLatency) ms, \(cloud.latency.bind) to bind, listing lag \(cloud.listingLag), describe lag \(cloud.describeLag), \
        churn \(churnEvery), \(returns) of 10 come back, some stay away \(staysAway), \(fleeting) of 100 go at once, \(faults)
        """
    }
}

import Core
import Testing

@Suite struct `Intake of a worker` {
    static func key(_ name: String, _ namespace: String = "n") -> Key { Key(cluster: "c", namespace: namespace, name: name) }

    /// Partition 0 from offset 10, proven at 0.
    static func ready(_ limits: Limits.Shard = Limits.Shard(), partitions: [Int] = [0]) -> Intake {
        var intake = Intake(limits: limits, seed: 1)
        let effects = intake.handle(.assigned(partitions.map { PartitionOffset(partition: $0, offset: 10) }), now: .ms(0))
        #expect(effects.first == .commit(1, partitions.map { PartitionOffset(partition: $0, offset: 10) }), "the proof comes first")
        _ = intake.handle(.committed(1, sentAt: .ms(0)), now: .ms(5))
        return intake
    }
    static func starts(_ effects: [Intake.Effect]) -> [Key] {
        effects.compactMap { effect in if case .start(let key, _, _) = effect { key } else { nil } }
    }
    static func commits(_ effects: [Intake.Effect]) -> [[PartitionOffset]] {
        effects.compactMap { effect in if case .commit(_, let offsets) = effect { offsets } else { nil } }
    }
    static func message(_ offset: Int64, _ name: String, partition: Int = 0, cause: Cause = .podSeen, namespace: String = "n") -> Intake.Event {
        .message(partition: partition, offset: offset, key: key(name, namespace), cause: cause)
    }

    @Test func `nothing starts before ownership is proven`() {
        var intake = Intake(seed: 1)
        _ = intake.handle(.assigned([PartitionOffset(partition: 0, offset: 0)]), now: .ms(0))
        #expect(Self.starts(intake.handle(Self.message(0, "a"), now: .ms(1))) == [])
        #expect(intake.handle(.committed(1, sentAt: .ms(0)), now: .ms(3)).contains(.start(Self.key("a"), .podSeen, attempt: 1)))
        #expect(intake.mayAct(on: Self.key("a"), now: .ms(4)))
        #expect(!intake.mayAct(on: Self.key("b"), now: .ms(4)))
    }

    @Test func `a key runs once at a time, and hints meanwhile make it run once more`() {
        var intake = Self.ready()
        #expect(Self.starts(intake.handle(Self.message(10, "a"), now: .ms(10))) == [Self.key("a")])
        for offset in 11...15 as ClosedRange<Int64> { #expect(Self.starts(intake.handle(Self.message(offset, "a"), now: .ms(11))) == []) }
        #expect(Self.starts(intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(20))) == [Self.key("a")])
        #expect(Self.starts(intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(30))) == [])
        #expect(intake.keyCount == 0)
    }

    @Test func `what is committed stops before the first key that is not settled`() {
        var intake = Self.ready()
        for (offset, name) in [(10, "a"), (11, "b"), (12, "a"), (13, "c")] as [(Int64, String)] { _ = intake.handle(Self.message(offset, name), now: .ms(10)) }
        _ = intake.handle(.finished(Self.key("b"), .settled(.settled)), now: .ms(20))
        _ = intake.handle(.finished(Self.key("c"), .settled(.settled)), now: .ms(20))
        #expect(Self.commits(intake.handle(.wake, now: .ms(300))) == [], "nothing moved")
        let effects = intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(400))
        #expect(Self.commits(effects) == [[PartitionOffset(partition: 0, offset: 12)]], "the second run of a holds 12")
        _ = intake.handle(.committed(2, sentAt: .ms(400)), now: .ms(410))
        _ = intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(420))
        #expect(Self.commits(intake.handle(.wake, now: .ms(700))) == [[PartitionOffset(partition: 0, offset: 14)]])
    }

    @Test func `new partitions come unpaused: if there is still too much, all are paused anew`() {
        var limits = Limits.Shard()
        limits.keysMax = 2
        var intake = Self.ready(limits)
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        #expect(intake.handle(Self.message(11, "b"), now: .ms(10)).contains(.pause))
        let effects = intake.handle(.assigned([PartitionOffset(partition: 1, offset: 0)]), now: .ms(20))
        #expect(effects.filter { $0 == .pause || $0 == .resume } == [.resume, .pause])
    }

    @Test func `a message without a readable key is settled`() {
        var intake = Self.ready()
        _ = intake.handle(.message(partition: 0, offset: 10, key: nil, cause: .podSeen), now: .ms(10))
        #expect(Self.commits(intake.handle(.wake, now: .ms(300))) == [[PartitionOffset(partition: 0, offset: 11)]])
    }

    @Test func `an unchanged offset is committed every quarter of the session, as a proof`() {
        var intake = Self.ready()
        #expect(Self.commits(intake.handle(.wake, now: .ms(7_499))) == [])
        #expect(Self.commits(intake.handle(.wake, now: .ms(7_500))) == [[PartitionOffset(partition: 0, offset: 10)]])
        #expect(intake.deadline == .s(25))
        _ = intake.handle(.committed(2, sentAt: .ms(7_600)), now: .s(9))
        #expect(intake.deadline == .ms(32_600), "from the sending, not from the answer")
    }

    @Test func `a commit that proves too little is repeated after a pause, not in a circle`() {
        var intake = Intake(seed: 1)
        #expect(Self.commits(intake.handle(.assigned([PartitionOffset(partition: 0, offset: 10)]), now: .ms(1000))).count == 1)
        let effects = intake.handle(.committed(1, sentAt: .ms(900)), now: .ms(1000))
        #expect(effects == [.wake(at: .ms(1250))], "a Lease that was renewed before the assignment")
        #expect(Self.commits(intake.handle(Self.message(10, "a"), now: .ms(1100))) == [])
        #expect(Self.commits(intake.handle(.wake, now: .ms(1250))).count == 1)
        #expect(Self.starts(intake.handle(.committed(2, sentAt: .ms(1200)), now: .ms(1260))) == [Self.key("a")])
    }

    @Test func `a worker that cannot prove its ownership stops acting, and starts nothing, until it can`() {
        var intake = Self.ready()
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        _ = intake.handle(.wake, now: .ms(7_500))
        _ = intake.handle(.commitFailed(2), now: .ms(8_000))
        #expect(Self.commits(intake.handle(.wake, now: .ms(8_500))) != [], "tried again soon")
        #expect(intake.mayAct(on: Self.key("a"), now: .ms(24_999)) && !intake.mayAct(on: Self.key("a"), now: .ms(25_000)))
        #expect(Self.starts(intake.handle(Self.message(11, "b"), now: .s(26))) == [])
        _ = intake.handle(.finished(Self.key("a"), .abandoned(.ownershipLost)), now: .s(26))
        #expect(Self.starts(intake.handle(.committed(3, sentAt: .s(26)), now: .s(28))).sorted() == [Self.key("a"), Self.key("b")])
    }

    @Test func `a revocation lets what runs finish, then commits, then gives up`() {
        var intake = Self.ready(partitions: [0, 1])
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        _ = intake.handle(Self.message(10, "b", partition: 1), now: .ms(10))
        #expect(intake.handle(.revoked([0]), now: .ms(100)).contains(.stop(Self.key("a"))))
        #expect(intake.mayAct(on: Self.key("a"), now: .ms(101)), "the step under way may end")
        #expect(intake.partitions == [1])
        let effects = intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(200))
        #expect(effects.prefix(2) == [.commit(2, [PartitionOffset(partition: 0, offset: 11)]), .relinquish([0])])
        #expect(intake.mayAct(on: Self.key("b"), now: .ms(201)))
    }

    @Test func `a drain ends in time, and what has not ended is left to the next`() {
        var intake = Self.ready()
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        #expect(intake.handle(.revoked([0]), now: .ms(100)).contains(.wake(at: .ms(5_100))))
        let effects = intake.handle(.wake, now: .ms(5_100))
        #expect(effects == [.commit(2, [PartitionOffset(partition: 0, offset: 10)]), .relinquish([0])])
        #expect(!intake.mayAct(on: Self.key("a"), now: .ms(5_101)))
        #expect(intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(6_000)) == [])
        #expect(intake.keyCount == 0)
    }

    @Test func `partitions that were lost are not acted on, and not committed`() {
        var intake = Self.ready()
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        let effects = intake.handle(.lost([0]), now: .ms(100))
        #expect(effects.contains(.stop(Self.key("a"))) && Self.commits(effects) == [])
        #expect(!intake.mayAct(on: Self.key("a"), now: .ms(101)))
        #expect(Self.starts(intake.handle(Self.message(11, "b"), now: .ms(110))) == [], "prefetched")
    }

    @Test func `a run from before a loss may not act after the partition came back, and the key runs again after it`() {
        var intake = Self.ready()
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        _ = intake.handle(.lost([0]), now: .ms(100))
        _ = intake.handle(.assigned([PartitionOffset(partition: 0, offset: 10)]), now: .ms(200))
        _ = intake.handle(.committed(2, sentAt: .ms(200)), now: .ms(210))
        #expect(Self.starts(intake.handle(Self.message(10, "a"), now: .ms(220))) == [])
        #expect(!intake.mayAct(on: Self.key("a"), now: .ms(230)))
        #expect(Self.starts(intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(240))) == [Self.key("a")])
        #expect(intake.mayAct(on: Self.key("a"), now: .ms(250)))
        #expect(Self.commits(intake.handle(.wake, now: .ms(600))) == [], "the stale run settled nothing")
    }

    @Test func `a proof from before the assignment proves nothing`() {
        var intake = Self.ready()
        _ = intake.handle(.wake, now: .ms(7_500))
        _ = intake.handle(.lost([0]), now: .ms(7_600))
        _ = intake.handle(.assigned([PartitionOffset(partition: 0, offset: 10)]), now: .ms(7_700))
        _ = intake.handle(Self.message(10, "a"), now: .ms(7_710))
        #expect(Self.starts(intake.handle(.committed(2, sentAt: .ms(7_550)), now: .ms(7_800))) == [])
    }

    @Test func `a key comes again after the time it asked for, or at a new hint`() {
        var intake = Self.ready()
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        _ = intake.handle(.finished(Self.key("a"), .again(.seconds(2), .waitingForCloud)), now: .ms(20))
        #expect(Self.starts(intake.handle(.wake, now: .ms(2_019))) == [])
        #expect(Self.starts(intake.handle(.wake, now: .ms(2_020))) == [Self.key("a")])
        _ = intake.handle(.finished(Self.key("a"), .again(.seconds(2), .waitingForCloud)), now: .ms(2_030))
        #expect(Self.starts(intake.handle(Self.message(11, "a"), now: .ms(2_040))) == [Self.key("a")])
        _ = intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(2_050))
        #expect(Self.starts(intake.handle(.wake, now: .ms(9_000))) == [], "the old time is forgotten")
    }

    @Test func `a key that fails waits longer each time, and after a while no longer holds the commit`() {
        var intake = Self.ready()
        var effects = intake.handle(Self.message(10, "a"), now: .ms(10))
        var now = Instant.ms(10)
        var attempts: [Int] = []
        var committed: Int64 = 10
        while now < .s(100) {
            now = now + .milliseconds(100)
            while !effects.isEmpty {
                switch effects.removeFirst() {
                case .start(let key, _, let attempt):
                    attempts.append(attempt)
                    effects += intake.handle(.finished(key, .retry(.apiServerUnreachable, "no route")), now: now)
                case .commit(let id, let offsets):
                    committed = max(committed, offsets[0].offset)
                    effects += intake.handle(.committed(id, sentAt: now), now: now)
                case .stop, .pause, .resume, .relinquish, .wake: break
                }
            }
            if now < .s(30) { #expect(committed == 10) }
            effects = intake.handle(.wake, now: now)
        }
        #expect(attempts == Array(1...attempts.count) && (5...7).contains(attempts.count))
        #expect(committed == 11, "it is parked: others' offsets go on")
        #expect(intake.keyCount == 1, "and still looked at")
    }

    @Test func `at its bound it pauses, and goes on when half is done`() {
        var limits = Limits.Shard()
        limits.keysMax = 8
        limits.runsMax = 2
        var intake = Self.ready(limits)
        var effects: [Intake.Effect] = []
        for offset in 10..<18 as Range<Int64> { effects += intake.handle(Self.message(offset, "k\(offset)"), now: .ms(10)) }
        #expect(effects.filter { $0 == .pause }.count == 1 && intake.runningCount == 2)
        var done = 0
        var running = Self.starts(effects)
        var resumedAt: Int?
        while let key = running.popLast() {
            done += 1
            let effects = intake.handle(.finished(key, .settled(.settled)), now: .ms(20))
            running += Self.starts(effects)
            if effects.contains(.resume) { resumedAt = done }
        }
        #expect(resumedAt == 4 && done == 8)
    }

    // Of a quota that is used up every key waits, and what would free it is the end of other pods, which comes by the log.
    @Test func `keys that are parked do not pause it`() {
        var limits = Limits.Shard()
        limits.keysMax = 8
        limits.runsMax = 2
        var intake = Self.ready(limits)
        for offset in 10..<40 as Range<Int64> {
            let effects = intake.handle(Self.message(offset, "k\(offset)"), now: .ms(10))
            #expect(!effects.contains(.pause))
            for key in Self.starts(effects) {
                #expect(!intake.handle(.finished(key, .again(.seconds(3600), .settled)), now: .ms(10)).contains(.pause))
            }
        }
        #expect(intake.keyCount == 30 && intake.holdingCount == 0)
        let due = intake.handle(.wake, now: .s(3601))
        #expect(!due.contains(.pause) && intake.readyCount == 30, "nor when all of them are due at once")
    }

    @Test func `new pods go before those that only look again`() {
        var limits = Limits.Shard()
        limits.runsMax = 1
        limits.keysMax = 100
        var intake = Self.ready(limits)
        _ = intake.handle(Self.message(10, "first"), now: .ms(10))
        _ = intake.handle(Self.message(11, "again", cause: .due), now: .ms(10))
        _ = intake.handle(Self.message(12, "new"), now: .ms(10))
        #expect(Self.starts(intake.handle(.finished(Self.key("first"), .settled(.settled)), now: .ms(20))) == [Self.key("new")])
        #expect(Self.starts(intake.handle(.finished(Self.key("new"), .settled(.settled)), now: .ms(30))) == [Self.key("again")])
    }

    // Found by simulation.

    @Test func `a key that was abandoned holds its offset for as long as nobody has looked at it`() {  // seed 6
        var intake = Self.ready()
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        var now = Instant.ms(10)
        for second in 1...200 {
            now = .s(Double(second))
            let ended = intake.handle(.finished(Self.key("a"), .abandoned(.ownershipLost)), now: now)
            for case .commit(let id, let offsets) in ended + intake.handle(.wake, now: now + .milliseconds(999)) {
                #expect(offsets == [PartitionOffset(partition: 0, offset: 10)])
                _ = intake.handle(.committed(id, sentAt: now), now: now)
            }
            _ = intake.handle(.wake, now: now + .milliseconds(999))
        }
    }

    @Test func `a log that was made anew is committed from its beginning`() {  // seed 12
        var intake = Self.ready()
        _ = intake.handle(Self.message(10, "a"), now: .ms(10))
        _ = intake.handle(Self.message(11, "b"), now: .ms(10))
        _ = intake.handle(.finished(Self.key("a"), .settled(.settled)), now: .ms(20))
        _ = intake.handle(Self.message(0, "c"), now: .ms(30))
        _ = intake.handle(.finished(Self.key("c"), .settled(.settled)), now: .ms(40))
        let commits = Self.commits(intake.handle(.wake, now: .ms(400))) + Self.commits(intake.handle(.wake, now: .ms(900)))
        #expect(commits.last == [PartitionOffset(partition: 0, offset: 1)], "\(commits)")
    }

    /// A log, deliveries, runs that end in every way, rebalances, commits that fail: no hint is ever behind the commit unsettled,
    /// no key runs twice at once, and in the end everything is settled.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func `no offset is committed before its key was looked at`(seed: UInt64) {
        var world = IntakeWorld(seed: seed)
        for step in 0..<1500 { world.step(isCalm: step > 1000) }
        world.settle()
        #expect(world.violations == [])
        #expect(world.committed == world.ends)
        #expect(world.intake.keyCount == 0)
    }
}

struct IntakeWorld {
    var intake: Intake
    private var chance: SeededGenerator
    private var now = Instant.ms(0)
    private var log: [[Key]] = [[], []]
    /// next offset to deliver; nil while the partition is not ours
    private var position: [Int?] = [nil, nil]
    private(set) var committed = [0, 0]
    /// for every offset: a run of its key began after it was delivered and ended settled (or parked)
    private var isLookedAt: [[Bool]] = [[], []]
    private var running: [Key: [Int: Int]] = [:]
    private var commits: [(Int, [PartitionOffset])] = []
    private var draining: Set<Int> = []
    private(set) var violations: [String] = []
    var ends: [Int] { log.map(\.count) }

    init(seed: UInt64) {
        chance = SeededGenerator(seed: seed)
        var limits = Limits.Shard()
        limits.heldMax = .seconds(100_000)  // parking settles on purpose; here nothing parks
        limits.runsMax = 4
        intake = Intake(limits: limits, seed: seed)
        for partition in 0...1 {
            for _ in 0..<150 {
                log[partition].append(Key(cluster: "c", namespace: "\(partition)", name: "\(chance.next(below: 6))"))
                isLookedAt[partition].append(false)
            }
        }
    }

    mutating func step(isCalm: Bool) {
        now = now + .milliseconds(chance.next(below: 300))
        let partition = chance.next(below: 2)
        switch chance.next(below: isCalm ? 8 : 10) {
        case 0...2:
            guard let offset = position[partition], offset < log[partition].count else {
                if position[partition] == nil { assign(partition) }
                return
            }
            position[partition] = offset + 1
            perform(intake.handle(.message(partition: partition, offset: Int64(offset), key: log[partition][offset], cause: .podSeen), now: now))
        case 3...5: finishOne(isCalm: isCalm)
        case 6: answerCommit(fails: !isCalm && chance.next(below: 4) == 0)
        case 7: perform(intake.handle(.wake, now: now))
        case 8:
            guard position[partition] != nil else { return }
            position[partition] = nil
            perform(intake.handle(.lost([partition]), now: now))
        default:
            guard position[partition] != nil else { return }
            position[partition] = nil
            draining.insert(partition)
            perform(intake.handle(.revoked([partition]), now: now))
        }
    }

    mutating func settle() {
        for _ in 0..<3000 {
            step(isCalm: true)
            if committed == ends, intake.keyCount == 0 { return }
        }
    }

    private mutating func assign(_ partition: Int) {
        guard !draining.contains(partition) else { return }
        position[partition] = committed[partition]
        perform(intake.handle(.assigned([PartitionOffset(partition: partition, offset: Int64(committed[partition]))]), now: now))
    }

    private mutating func finishOne(isCalm: Bool) {
        let keys = running.keys.sorted()
        guard !keys.isEmpty else { return }
        let key = keys[chance.next(below: keys.count)]
        let partition = Int(key.namespace) ?? 0
        let seen = running.removeValue(forKey: key)?[partition] ?? 0
        let outcome: ReconcileOutcome
        switch chance.next(below: isCalm ? 1 : 4) {
        case 0:
            outcome = .settled(.settled)
            for offset in 0..<seen where log[partition][offset] == key { isLookedAt[partition][offset] = true }
        case 1: outcome = .again(.milliseconds(chance.next(below: 3000)), .waitingForCloud)
        case 2: outcome = .retry(.conflict, "")
        default: outcome = .abandoned(.ownershipLost)
        }
        perform(intake.handle(.finished(key, outcome), now: now))
    }

    private mutating func answerCommit(fails: Bool) {
        guard !commits.isEmpty else { return }
        let (id, offsets) = commits.removeFirst()
        if fails { return perform(intake.handle(.commitFailed(id), now: now)) }
        for offset in offsets {
            let until = Int(offset.offset)
            if !isLookedAt[offset.partition][..<until].allSatisfy({ $0 }) { violations.append("\(offset) is committed, but not all before it was looked at") }
            committed[offset.partition] = max(committed[offset.partition], until)
        }
        perform(intake.handle(.committed(id, sentAt: now), now: now))
    }

    private mutating func perform(_ effects: [Intake.Effect]) {
        for effect in effects {
            switch effect {
            case .start(let key, _, _):
                if running[key] != nil { violations.append("\(key) runs twice at once") }
                if !intake.mayAct(on: key, now: now) { violations.append("\(key) was started without ownership") }
                let partition = Int(key.namespace) ?? 0
                running[key] = [partition: position[partition] ?? 0]
            case .commit(let id, let offsets): commits.append((id, offsets))
            case .relinquish(let partitions): for partition in partitions { draining.remove(partition) }
            case .stop, .pause, .resume, .wake: break
            }
        }
        if intake.runningCount != running.count { violations.append("it counts \(intake.runningCount) runs of \(running.count)") }
    }
}

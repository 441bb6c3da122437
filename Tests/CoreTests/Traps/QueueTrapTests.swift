import Core
import Models
import Testing

/// Traps that other controllers fell into, as their issues tell: keys that were hammered, starved, skipped or lost.
@Suite struct `Traps of the queue` {
    private static func proven(_ limits: Limits.Shard = Limits.Shard(), from offset: Int64 = 0) -> Intake {
        var intake = Intake(limits: limits, seed: 1)
        _ = intake.handle(.assigned([PartitionOffset(partition: 0, offset: offset)]), now: .ms(0))
        _ = intake.handle(.committed(1, sentAt: .ms(0)), now: .ms(0))
        return intake
    }

    // Trap 9 (APEC gives up after 3 retries, VRC after 5; a crossplane provider hammers for ever).

    @Test func `a key that fails for a day is tried all day, ever less often, up to once a minute`() {
        var intake = Self.proven()
        let key = Key(cluster: "c", namespace: "n", name: "web-0")
        var now = Instant.ms(0)
        var tries: [Instant] = []
        var pending = intake.handle(.message(partition: 0, offset: 0, key: key, cause: .podSeen), now: now)
        while now < .s(86_400) {
            var wake = Instant.s(90_000)
            while !pending.isEmpty {
                switch pending.removeFirst() {
                case .start(_, _, let attempt):
                    tries.append(now)
                    #expect(attempt == tries.count)
                    pending += intake.handle(.finished(key, .retry(.apiServerUnreachable, "no route")), now: now)
                case .commit(let id, _): pending += intake.handle(.committed(id, sentAt: now), now: now)
                case .wake(let at): wake = at
                case .stop, .pause, .resume, .relinquish: break
                }
            }
            now = wake
            pending = intake.handle(.wake, now: now)
        }
        let waits = zip(tries, tries.dropFirst()).map { $1 - $0 }
        #expect(tries.count > 1100 && intake.keyCount == 1, "never given up")
        #expect(waits.prefix(5).enumerated().allSatisfy { $1 >= .seconds(1 << $0) }, "\(waits.prefix(5))")
        #expect(waits.dropFirst(10).allSatisfy { $0 >= .seconds(60) && $0 <= .seconds(73) })
    }

    // Trap 13 (controller-runtime): the list at the start goes before what is new, or what is new before the list for ever.

    @Test func `the first list goes behind a pod that needs something, and new pods do not hold it up for ever`() {
        var limits = Limits.Shard()
        limits.runsMax = 1
        var intake = Self.proven(limits)
        var mirror = ClusterMirror(cluster: "c")
        let served = (0..<2000).map { n in
            Build.pod {
                $0.name = "old-\(n)"
                $0.publicIPAnnotation = "1.2.3.4"
            }
        }
        var offset: Int64 = 0
        var now = Instant.ms(0)
        var running: [Key] = []
        func take(_ key: Key, _ cause: Cause) {
            for effect in intake.handle(.message(partition: 0, offset: offset, key: key, cause: cause), now: now) {
                if case .start(let key, _, _) = effect { running.append(key) }
            }
            offset += 1
        }
        for change in mirror.handle(.podsListed(served + [Build.pod { $0.name = "needy" }])) { take(change.key, change.cause) }
        /// What runs ends; what starts then.
        func next() -> Key? {
            now = now + .milliseconds(10)
            guard let key = running.popLast() else { return nil }
            for effect in intake.handle(.finished(key, .settled(.settled)), now: now) {
                if case .start(let key, _, _) = effect { running.append(key) }
                if case .commit(let id, _) = effect { _ = intake.handle(.committed(id, sentAt: now), now: now) }
            }
            return running.last
        }
        #expect(next()?.name == "needy", "the first of the list ran already, then it is this one's turn")
        var old = 0
        for n in 0..<2000 {
            // there is always somebody new
            take(Key(cluster: "c", namespace: "team", name: "new-\(n)"), .podSeen)
            if next()?.name.hasPrefix("old") == true { old += 1 }
        }
        #expect(old > 500 && old <= 1000, "after five seconds every second turn is the list's: \(old)")
    }

    // Trap 14 (OSAC): the offset is committed before the work is done, and a crash in between loses it.

    @Test func `a worker that dies with work in hand leaves it to the next, whatever it had finished besides`() {
        let keys = (0..<20).map { Key(cluster: "c", namespace: "n", name: "web-\($0)") }
        var chance = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            var intake = Self.proven()
            var committed: Int64 = 0
            for (offset, key) in keys.enumerated() {
                _ = intake.handle(.message(partition: 0, offset: Int64(offset), key: key, cause: .podSeen), now: .ms(10))
            }
            var done: Set<Key> = []
            for key in keys where chance.next(below: 3) > 0 {
                done.insert(key)
                for effect in intake.handle(.finished(key, .settled(.settled)), now: .ms(500)) {
                    guard case .commit(let id, let offsets) = effect else { continue }
                    committed = offsets[0].offset
                    _ = intake.handle(.committed(id, sentAt: .ms(500)), now: .ms(500))
                }
            }
            for effect in intake.handle(.wake, now: .ms(9_000)) { if case .commit(_, let offsets) = effect { committed = offsets[0].offset } }
            // The process dies. The next begins where that one's commit was.
            var next = Self.proven(from: committed)
            var started: Set<Key> = []
            for offset in Int(committed)..<keys.count {
                for effect in next.handle(.message(partition: 0, offset: Int64(offset), key: keys[offset], cause: .podSeen), now: .ms(10)) {
                    if case .start(let key, _, _) = effect { started.insert(key) }
                }
            }
            #expect(Set(keys).subtracting(done).subtracting(started).isEmpty)
            #expect(committed == keys.firstIndex { !done.contains($0) }.map(Int64.init) ?? 20, "and no further back than it must")
        }
    }

    // The other half: a consumer that was away for longer than the log is kept begins after what is gone, and is not told.

    @Test func `what retention took from the log before anybody read it is published again`() {
        let lost = Build.key
        var duty = ClusterDuty(cluster: lost.cluster, term: 1, map: Build.map, place: Build.place)
        var log = LogModel(sessionTimeout: .seconds(30), rebalanceTimeout: .seconds(60))
        /// Publishes what is due, and says when.
        func publish(_ event: ClusterDuty.Event, at seconds: Double) -> Int {
            var count = 0
            for effect in duty.handle(event, now: .s(seconds)) {
                guard case .publish(let change) = effect else { continue }
                count += 1
                _ = log.append(change, to: 0)
                _ = duty.handle(.acknowledged(change.key), now: .s(seconds))
            }
            return count
        }
        for event in [.pods(.listed([Build.pod()])), .claims(.listed([])), .pods(.following), .claims(.following)] as [ClusterDuty.Event] {
            _ = publish(event, at: 0)
        }
        log.expireAll()
        guard case .outOfRange(let first) = log.fetch(0, from: 0, max: 10) else {
            Issue.record("the log still has it")
            return
        }
        #expect(log.fetch(0, from: first, max: 10) == .records([]), "and nothing says that there was something")
        var again = 0
        for second in 1...120 { again += publish(.wake, at: Double(second)) }
        #expect(again == 1)
        guard case .records(let records) = log.fetch(0, from: first, max: 10), let record = records.first else {
            Issue.record("nothing to read")
            return
        }
        var intake = Self.proven(from: first)
        let effects = intake.handle(
            .message(partition: 0, offset: record.offset, key: record.change?.key, cause: record.change?.cause ?? .replayed), now: .ms(10))
        #expect(effects.contains { if case .start(lost, _, _) = $0 { true } else { false } })
    }

    // Trap 15 (argo): scaling the shards in loses the keys of those that go.

    @Test(arguments: 1...30 as ClosedRange<UInt64>) func `no change of the workers loses a key, nor gives it to two at once`(seed: UInt64) {
        var fleet = Fleet(seed: seed)
        for _ in 0..<1200 { fleet.step(isCalm: false) }
        fleet.settle()
        #expect(fleet.violations.first == nil)
        #expect(fleet.committed == fleet.ends && fleet.changes > 10)
    }

    // Found by simulation (promise 6): every hint sent a waiting key to the end of its line.

    // Seed 14: a key of which there was news lost its place in line each time, and waited for minutes.
    @Test func `a key of which there is always news keeps its place`() {
        var limits = Limits.Shard()
        limits.runsMax = 1
        var intake = Self.proven(limits)
        func key(_ name: String) -> Key { Key(cluster: "c", namespace: "n", name: name) }
        var offset: Int64 = 0
        func tell(_ name: String, _ cause: Cause = .podSeen) {
            _ = intake.handle(.message(partition: 0, offset: offset, key: key(name), cause: cause), now: .ms(offset))
            offset += 1
        }
        for name in ["runs", "busy", "calm"] { tell(name) }
        var order: [String] = []
        var running = "runs"
        for _ in 0..<4 {
            tell("busy")
            tell("busy", .due)
            let effects = intake.handle(.finished(key(running), .settled(.settled)), now: .ms(offset))
            for case .start(let key, _, _) in effects {
                order.append(key.name)
                running = key.name
            }
            tell(running)
        }
        #expect(order == ["busy", "calm", "busy", "calm"])
    }
}

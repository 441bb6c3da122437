import Core

/// Workers over one log that come, go, die and are paused, while keys are published all the time. The broker's part is played
/// here: who has which partition, who may commit. What is checked: no offset is committed before its key was worked on, and no
/// key is worked on by two who may.
struct Fleet {
    private enum Answer {
        case commit(Int, [PartitionOffset], sentAt: Instant)
        case relinquish([Int])
    }
    private struct Worker {
        var intake: Intake
        /// the key, and how much of its partition was delivered when it was started
        var running: [Key: Int] = [:]
        /// next offset to deliver, of the partitions that it has
        var position: [Int: Int] = [:]
        /// what its shell does one after the other
        var answers: [Answer] = []
        /// taken from it by the broker, and not told yet: it was paused
        var lost: Set<Int> = []
        var revoking: Set<Int> = []
        var isLeaving = false
    }

    private static let map = ShardMap(slots: 8, partitions: 8)
    private static let place = AccountRegion(account: "default", region: "r")
    private var workers: [Int: Worker] = [:]
    private var lastWorker = 0
    private var owner: [Int?] = Array(repeating: nil, count: 8)
    private var log: [[Key]] = Array(repeating: [], count: 8)
    private var isWorkedOn: [[Bool]] = Array(repeating: [], count: 8)
    private(set) var committed = Array(repeating: 0, count: 8)
    private(set) var violations: [String] = []
    /// of who is there
    private(set) var changes = 0
    private var chance: SeededGenerator
    private var now = Instant.ms(0)

    init(seed: UInt64) {
        chance = SeededGenerator(seed: seed)
        scale(to: 2)
    }

    var ends: [Int] { log.map(\.count) }

    mutating func step(isCalm: Bool) {
        now = now + .milliseconds(chance.next(below: 100))
        switch chance.next(below: isCalm ? 14 : 64) {
        case 14: scale(to: 1 + chance.next(below: 5))
        case 15: die()
        case 16: pause()
        case 17: tellLost()
        case let dice:
            switch dice % 14 {
            case 0...2: if !isCalm { publish() }
            case 3...6: deliver()
            case 7...9: finishOne(isCalm: isCalm)
            case 10...12: answerOne()
            default: for id in workers.keys.sorted() { feed(id, .wake) }
            }
        }
        rebalance()
    }

    /// Nothing more is published, nobody comes or goes: all that was published is worked on.
    mutating func settle() {
        while !workers.values.allSatisfy(\.lost.isEmpty) { tellLost() }
        for _ in 0..<20_000 {
            step(isCalm: true)
            if committed == ends, workers.values.allSatisfy({ $0.intake.keyCount == 0 }) { return }
        }
        violations.append("never settled: \(committed) of \(ends)")
    }

    // MARK: what happens

    private mutating func publish() {
        let key = Key(cluster: "c", namespace: "n", name: "web-\(chance.next(below: 40))")
        let partition = Self.map.partition(of: key, of: Self.place)
        log[partition].append(key)
        isWorkedOn[partition].append(false)
    }

    private mutating func deliver() {
        guard let id = any(), let partition = workers[id]!.position.keys.sorted().filter({ workers[id]!.position[$0]! < log[$0].count }).first else { return }
        let offset = workers[id]!.position[partition]!
        workers[id]!.position[partition] = offset + 1
        feed(id, .message(partition: partition, offset: Int64(offset), key: log[partition][offset], cause: .podSeen))
    }

    private mutating func finishOne(isCalm: Bool) {
        guard let id = any(), !workers[id]!.running.isEmpty else { return }
        let keys = workers[id]!.running.keys.sorted()
        let key = keys[chance.next(below: keys.count)]
        let seen = workers[id]!.running.removeValue(forKey: key)!
        // Who may not act can finish nothing.
        guard workers[id]!.intake.mayAct(on: key, now: now) else { return feed(id, .finished(key, .abandoned(.ownershipLost))) }
        switch chance.next(below: isCalm ? 1 : 4) {
        case 0, 3:
            let partition = Self.map.partition(of: key, of: Self.place)
            for offset in 0..<seen where log[partition][offset] == key { isWorkedOn[partition][offset] = true }
            feed(id, .finished(key, .settled(.settled)))
        case 1: feed(id, .finished(key, .again(.milliseconds(chance.next(below: 3000)), .waitingForCloud)))
        default: feed(id, .finished(key, .retry(.conflict, "")))
        }
    }

    private mutating func answerOne() {
        guard let id = any(), !workers[id]!.answers.isEmpty else { return }
        switch workers[id]!.answers.removeFirst() {
        case .commit(let number, let offsets, let sentAt):
            // The broker takes no commit of a generation that is over.
            guard workers[id]!.lost.isEmpty, offsets.allSatisfy({ owner[$0.partition] == id }) else { return feed(id, .commitFailed(number)) }
            for offset in offsets {
                let until = Int(offset.offset)
                if !isWorkedOn[offset.partition][..<until].allSatisfy({ $0 }) {
                    violations.append("\(offset) is committed by \(id), not all before it worked on")
                }
                committed[offset.partition] = max(committed[offset.partition], until)
            }
            feed(id, .committed(number, sentAt: sentAt))
        case .relinquish(let partitions):
            for partition in partitions where owner[partition] == id { owner[partition] = nil }
            workers[id]!.revoking.subtract(partitions)
            if workers[id]!.isLeaving, !owner.contains(id) { workers[id] = nil }
        }
    }

    // MARK: who is there

    private mutating func scale(to count: Int) {
        let staying = workers.keys.sorted().filter { !workers[$0]!.isLeaving }
        guard staying.count != count else { return }
        changes += 1
        for id in staying.dropFirst(count) { workers[id]!.isLeaving = true }
        for _ in staying.count..<max(count, staying.count) { join() }
    }

    private mutating func join() {
        lastWorker += 1
        var limits = Limits.Shard()
        limits.backoffMax = .seconds(2)
        limits.heldMax = .seconds(1_000_000)  // parking lets offsets go with work undone, on purpose
        workers[lastWorker] = Worker(intake: Intake(limits: limits, seed: UInt64(lastWorker)))
    }

    /// After a session without a word from it, the broker gives its partitions away.
    private mutating func die() {
        guard workers.count > 1, let id = any() else { return }
        changes += 1
        workers[id] = nil
        now = now + .seconds(30)
        for partition in owner.indices where owner[partition] == id { owner[partition] = nil }
    }

    /// As `die`, but it comes back and believes for a while that all is as it was.
    private mutating func pause() {
        guard workers.count > 1, let id = any(), workers[id]!.lost.isEmpty, owner.contains(id) else { return }
        changes += 1
        now = now + .seconds(30)
        for partition in owner.indices where owner[partition] == id {
            owner[partition] = nil
            workers[id]!.lost.insert(partition)
        }
    }

    private mutating func tellLost() {
        for id in workers.keys.sorted() where !workers[id]!.lost.isEmpty {
            let lost = workers[id]!.lost.sorted()
            workers[id]!.lost = []
            workers[id]!.revoking = []
            for partition in lost { workers[id]!.position[partition] = nil }
            feed(id, .lost(lost))
            if workers[id]!.isLeaving { workers[id] = nil }
        }
    }

    /// The partitions are cut into ranges over those that stay; what is another's is taken back, what is nobody's is given.
    private mutating func rebalance() {
        for (id, worker) in workers where worker.isLeaving && !owner.contains(id) && worker.lost.isEmpty { workers[id] = nil }
        let members = workers.keys.sorted().filter { !workers[$0]!.isLeaving && workers[$0]!.lost.isEmpty }
        guard !members.isEmpty else { return join() }
        var given: [Int: [Int]] = [:]
        for partition in owner.indices {
            let member = members[partition * members.count / owner.count]
            if let holder = owner[partition] {
                guard holder != member, workers[holder]!.revoking.insert(partition).inserted else { continue }
                workers[holder]!.position[partition] = nil
                feed(holder, .revoked([partition]))
            } else {
                owner[partition] = member
                given[member, default: []].append(partition)
            }
        }
        for (member, partitions) in given.sorted(by: { $0.key < $1.key }) {
            for partition in partitions { workers[member]!.position[partition] = committed[partition] }
            feed(member, .assigned(partitions.map { PartitionOffset(partition: $0, offset: Int64(committed[$0])) }))
        }
    }

    // MARK: effects

    private mutating func any() -> Int? {
        let ids = workers.keys.sorted()
        return ids.isEmpty ? nil : ids[chance.next(below: ids.count)]
    }

    private mutating func feed(_ id: Int, _ event: Intake.Event) {
        guard workers[id] != nil else { return }
        for effect in workers[id]!.intake.handle(event, now: now) {
            switch effect {
            case .start(let key, _, _): start(key, id)
            case .commit(let number, let offsets): workers[id]!.answers.append(.commit(number, offsets, sentAt: now))
            case .relinquish(let partitions): workers[id]!.answers.append(.relinquish(partitions))
            case .stop, .pause, .resume, .wake: break
            }
        }
    }

    private mutating func start(_ key: Key, _ id: Int) {
        for (other, worker) in workers where other != id && worker.running[key] != nil && worker.intake.mayAct(on: key, now: now) {
            violations.append("\(key) runs at \(other) and \(id)")
        }
        if workers[id]!.running[key] != nil { violations.append("\(key) runs twice at \(id)") }
        workers[id]!.running[key] = workers[id]!.position[Self.map.partition(of: key, of: Self.place)] ?? 0
    }
}

import Core
import Testing

@Suite struct `Leadership by lease` {
    private static func record(_ holder: String, transitions: Int = 0, renewed: Double = 0, version: String = "1", duration: Duration = .seconds(15))
        -> LeaseRecord
    {
        LeaseRecord(
            holder: holder, leaseDuration: duration, acquireTime: Now.s(0).wall, renewTime: Now.s(renewed).wall, transitions: transitions,
            resourceVersion: version)
    }
    private static func replica(_ identity: String = "a") -> Leadership { Leadership(identity: identity, seed: 1) }
    private static func written(_ effects: [Leadership.Effect]) -> LeaseRecord? {
        effects.compactMap { effect -> LeaseRecord? in if case .write(let record) = effect { record } else { nil } }.first
    }

    /// A replica that leads since 0 in term 0, its record at version 1.
    private static func leader() -> Leadership {
        var replica = replica()
        _ = replica.handle(.start, now: .s(0))
        var record = written(replica.handle(.read(nil), now: .s(0)))!
        record.resourceVersion = "1"
        #expect(replica.handle(.wrote(record), now: .s(0.1)).contains(.lead(0)))
        return replica
    }

    @Test func `without a lease it creates one and leads from the sending on`() {
        var replica = Self.replica()
        #expect(replica.handle(.start, now: .s(0)) == [.read])
        var record = Self.record("a")
        record.resourceVersion = nil
        #expect(replica.handle(.read(nil), now: .s(0)) == [.write(record)])
        record.resourceVersion = "1"
        #expect(replica.handle(.wrote(record), now: .s(3)) == [.lead(0), .wake(at: .s(5))])
        #expect(replica.mayAct(in: 0, now: .s(9.999)) && !replica.mayAct(in: 0, now: .s(10)))
        #expect(!replica.mayAct(in: 1, now: .s(4)))
    }

    @Test func `a living leader is left alone, whatever its clock says`() {
        var replica = Self.replica("b")
        _ = replica.handle(.start, now: .s(0))
        for second in stride(from: 0.0, to: 100, by: 2) {
            // renew times from a clock that is a day behind
            let effects = replica.handle(.read(Self.record("a", renewed: second - 86_400, version: "\(second)")), now: .s(second))
            #expect(Self.written(effects) == nil)
            _ = replica.handle(.wake, now: .s(second + 2))
        }
    }

    @Test func `a dead leader's lease is taken after its duration of silence, with the next term`() {
        var replica = Self.replica("b")
        _ = replica.handle(.start, now: .s(0))
        let dead = Self.record("a", transitions: 4, renewed: 3600)  // from a clock that is an hour ahead
        var effects = replica.handle(.read(dead), now: .s(1))
        var second = 1.0
        while Self.written(effects) == nil, second < 60 {
            second += 0.5
            effects = replica.handle(.wake, now: .s(second))
            if effects.contains(.read) { effects = replica.handle(.read(dead), now: .s(second)) }
        }
        #expect(second >= 16 && second <= 19)
        #expect(Self.written(effects)?.transitions == 5 && Self.written(effects)?.resourceVersion == "1")
    }

    @Test func `a paused leader does not act when it wakes`() {
        var replica = Self.leader()
        #expect(!replica.mayAct(in: 0, now: .s(40)), "before any event tells it")
        #expect(replica.handle(.wake, now: .s(40)).first == .yield(0, .renewDeadline))
        #expect(replica.state == .following)
    }

    @Test func `an unreachable API server ends the term at the renew deadline, even with a call under way`() {
        var replica = Self.leader()
        #expect(Self.written(replica.handle(.wake, now: .s(2.1))) != nil)
        _ = replica.handle(.writeFailed, now: .s(7.1))
        #expect(replica.handle(.wake, now: .s(9.1)).first == .read, "it may have been written")
        #expect(replica.handle(.wake, now: .s(10)).first == .yield(0, .renewDeadline))
        #expect(replica.handle(.readFailed, now: .s(14)).contains { if case .lead = $0 { true } else { false } } == false)
        // reachable again, and nobody took it: a new term
        _ = replica.handle(.wake, now: .s(17))
        var next = Self.written(replica.handle(.read(Self.record("a")), now: .s(17)))
        #expect(next?.transitions == 1)
        next?.resourceVersion = "2"
        #expect(replica.handle(.wrote(next!), now: .s(17.1)).contains(.lead(1)))
    }

    @Test func `a renewal that was answered after the deadline does not revive the term`() {
        var replica = Self.leader()
        var renewal = Self.written(replica.handle(.wake, now: .s(2.1)))!
        renewal.resourceVersion = "2"
        #expect(replica.handle(.wrote(renewal), now: .s(10.5)).first == .yield(0, .renewDeadline))
        #expect(!replica.mayAct(in: 0, now: .s(10.6)))
    }

    @Test func `a conflict is read again, and the term goes on if the lease is still ours`() {
        var replica = Self.leader()
        _ = replica.handle(.wake, now: .s(2.1))
        #expect(replica.handle(.refused, now: .s(2.2)).first == .read)
        let effects = replica.handle(.read(Self.record("a", version: "7")), now: .s(2.3))
        #expect(Self.written(effects)?.resourceVersion == "7" && replica.mayAct(in: 0, now: .s(2.4)))
    }

    @Test func `a lease that another took ends the term at once`() {
        var replica = Self.leader()
        _ = replica.handle(.wake, now: .s(2.1))
        _ = replica.handle(.refused, now: .s(2.2))
        #expect(replica.handle(.read(Self.record("b", transitions: 1, version: "7")), now: .s(2.3)).first == .yield(0, .takenOver))
        #expect(!replica.mayAct(in: 0, now: .s(2.4)))
    }

    @Test func `a graceful stop gives the lease up, and the next takes it at its next look`() {
        var replica = Self.leader()
        let effects = replica.handle(.stop, now: .s(1))
        #expect(effects.first == .yield(0, .stopped))
        var released = Self.written(effects)!
        #expect(released.holder == "" && released.resourceVersion == "1")
        released.resourceVersion = "2"
        #expect(replica.handle(.wrote(released), now: .s(1.1)) == [.stopped])
        var next = Self.replica("b")
        _ = next.handle(.start, now: .s(0))
        _ = next.handle(.read(Self.record("a")), now: .s(0.1))
        _ = next.handle(.wake, now: .s(3))
        #expect(Self.written(next.handle(.read(released), now: .s(3)))?.transitions == 1)
    }

    @Test func `a follower stops without a word`() {
        var replica = Self.replica("b")
        _ = replica.handle(.start, now: .s(0))
        _ = replica.handle(.read(Self.record("a")), now: .s(0))
        #expect(replica.handle(.stop, now: .s(1)) == [.stopped])
    }

    @Test func `a lease that vanishes is not taken before its holder's time is over`() {
        var replica = Self.replica("b")
        _ = replica.handle(.start, now: .s(0))
        _ = replica.handle(.read(Self.record("a")), now: .s(0))
        _ = replica.handle(.wake, now: .s(3))
        #expect(Self.written(replica.handle(.read(nil), now: .s(3))) == nil)
        let effects = replica.handle(.wake, now: .s(15))
        #expect(Self.written(effects) != nil && Self.written(effects)?.resourceVersion == nil)
    }

    /// Replicas with clocks of their own, an API server that loses requests and answers, pauses and stops.
    @Test(arguments: 1...60 as ClosedRange<UInt64>) func `no two ever act at once, and in the end one does`(seed: UInt64) {
        var world = LeaseWorld(seed: seed, replicas: 3)
        world.run(until: .s(240), faults: true)
        world.run(until: .s(300), faults: false)
        #expect(world.overlaps == [])
        #expect(world.leaders(at: .s(300)).count == 1)
        #expect(world.termsSeen == world.termsSeen.sorted(), "terms only grow")
        #expect(Set(world.termsSeen).count == world.termsSeen.count)
    }
}

/// The Lease of an API server, and replicas that reach it or do not.
struct LeaseWorld {
    enum Happening {
        case event(Int, Leadership.Event)
        case wake(Int)
        case arrives(Int, Leadership.Effect)
    }
    private var chance: SeededGenerator
    private var replicas: [Leadership]
    private var offsets: [Duration]
    private var pausedUntil: [Instant]
    private var agenda = Agenda<Happening>()
    private var lease: LeaseRecord?
    private var version = 0
    private(set) var overlaps: [String] = []
    private(set) var termsSeen: [Int] = []

    init(seed: UInt64, replicas count: Int) {
        chance = SeededGenerator(seed: seed)
        replicas = (0..<count).map { Leadership(identity: "replica-\($0)", seed: seed &+ UInt64($0)) }
        offsets = (0..<count).map { _ in .zero }
        pausedUntil = Array(repeating: .ms(0), count: count)
        for replica in 0..<count {
            offsets[replica] = .seconds(chance.next(below: 7200) - 3600)
            agenda.add(.event(replica, .start), at: .ms(Int64(chance.next(below: 3000))))
        }
    }

    func leaders(at now: Instant) -> [Int] { replicas.indices.filter { replicas[$0].term(now: now) != nil } }

    mutating func run(until end: Instant, faults: Bool) {
        while let (at, happening) = agenda.next() {
            if at > end {
                agenda.add(happening, at: at)
                return
            }
            switch happening {
            case .event(let replica, let event): deliver(event, to: replica, at: at, faults: faults) { .event(replica, event) }
            case .wake(let replica): deliver(.wake, to: replica, at: at, faults: faults) { .wake(replica) }
            case .arrives(let replica, let effect): serve(effect, of: replica, at: at, faults: faults)
            }
            if leaders(at: at).count > 1 { overlaps.append("\(at): \(leaders(at: at))") }
        }
    }

    private mutating func deliver(_ event: Leadership.Event, to replica: Int, at: Instant, faults: Bool, _ again: () -> Happening) {
        if pausedUntil[replica] > at {
            agenda.add(again(), at: pausedUntil[replica])
            return
        }
        if faults, chance.next(below: 60) == 0 { pausedUntil[replica] = at + .seconds(chance.next(below: 40)) }
        let now = Now(instant: at, wall: Timestamp(milliseconds: 1_700_000_000_000 + at.milliseconds) + offsets[replica])
        for effect in replicas[replica].handle(event, now: now) {
            switch effect {
            case .wake(let time): agenda.add(.wake(replica), at: max(time, at + .milliseconds(1)))
            case .lead(let term): termsSeen.append(term)
            case .yield, .stopped: break
            case .read, .write: agenda.add(.arrives(replica, effect), at: at + .milliseconds(chance.next(below: faults ? 2000 : 20)))
            }
        }
    }

    /// A lost request does nothing; a lost answer did.
    private mutating func serve(_ effect: Leadership.Effect, of replica: Int, at: Instant, faults: Bool) {
        let lost = faults ? chance.next(below: 10) : 9
        let isWrite: Bool
        var answer: Leadership.Event
        switch effect {
        case .write(var record):
            isWrite = true
            answer = .refused
            if lost != 0, record.resourceVersion == lease?.resourceVersion {
                version += 1
                record.resourceVersion = "\(version)"
                lease = record
                answer = .wrote(record)
            }
        case .read, .lead, .yield, .wake, .stopped:
            isWrite = false
            answer = .read(lease)
        }
        if lost <= 1 { answer = isWrite ? .writeFailed : .readFailed }
        agenda.add(.event(replica, answer), at: at + .milliseconds(lost <= 1 ? 5000 : chance.next(below: faults ? 2000 : 20)))
    }
}

import Core
import Testing

@Suite struct `Pacing of calls` {
    private static func request(
        _ id: Int, _ action: CloudAction = .associateAddress, _ lane: PacingLane = .bind, cluster: String = "c", namespace: String = "n"
    )
        -> Pacing.Event
    {
        .request(id: id, action, lane, cluster: cluster, namespace: namespace)
    }

    /// Runs the wakes that it asks for, until then. Grants with their times.
    private static func drain(_ pacing: inout Pacing, _ first: [Pacing.Effect], from: Instant, until end: Instant) -> [(id: Int, at: Instant)] {
        var grants: [(Int, Instant)] = []
        var effects = first
        var now = from
        while true {
            var next: Instant?
            for effect in effects {
                switch effect {
                case .grant(let id): grants.append((id, now))
                case .wake(let at): next = at
                case .refuse: break
                }
            }
            guard let next, next <= end else { return grants }
            now = next
            effects = pacing.handle(.wake, now: now)
        }
    }

    @Test func `turns are evenly spaced, without a burst after a silence`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        var effects: [Pacing.Effect] = []
        for id in 1...4 { effects += pacing.handle(Self.request(id), now: .s(100)) }
        let grants = Self.drain(&pacing, effects, from: .s(100), until: .s(110))
        #expect(grants.map(\.id) == [1, 2, 3, 4])
        #expect(grants.map(\.at) == [.ms(100_000), .ms(100_100), .ms(100_200), .ms(100_300)])
    }

    @Test(arguments: [(1, 4, 400), (2, 4, 200), (3, 4, 134), (4, 4, 100)]) func `the rate is the owned part of the limit`(owned: Int, of: Int, spacing: Int64) {
        var pacing = Pacing(slotsOwned: owned, of: of, seed: 1)
        #expect(pacing.handle(Self.request(1), now: .ms(0)) == [.grant(id: 1)])
        #expect(pacing.handle(Self.request(2), now: .ms(0)) == [.wake(at: .ms(spacing))])
    }

    @Test func `without a slot nothing is granted, and with one it goes on`() {
        var pacing = Pacing(slotsOwned: 0, of: 4, seed: 1)
        #expect(pacing.handle(Self.request(1), now: .ms(0)) == [])
        #expect(pacing.handle(.slots(owned: 1, of: 4), now: .ms(5)) == [.grant(id: 1)])
    }

    // Found by simulation (promise 7): turns that were granted one by one, and calls that left together.

    // Seed 1231: twelve calls in a second, of turns granted one by one.
    @Test func `what had its turn long ago leaves no faster than the rate`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        var effects: [Pacing.Effect] = []
        for id in 1...25 { effects += pacing.handle(.depart(id: id, .associateAddress), now: .s(100)) }
        #expect(effects.filter { if case .grant = $0 { true } else { false } }.count == 10)
        let grants = Self.drain(&pacing, effects, from: .s(100), until: .s(110))
        #expect(grants.map(\.id) == Array(1...25))
        let seconds: [Instant] = [.s(100), .s(101), .s(102)]
        #expect(grants.map(\.at) == grants.map { seconds[($0.id - 1) / 10] })
        #expect(pacing.handle(.depart(id: 26, .associateAddress), now: .s(111)) == [.grant(id: 26)], "and else at once")
    }

    @Test func `what is not sent after all leaves its place to the next`() {
        var pacing = Pacing(slotsOwned: 1, of: 10, seed: 1)
        #expect(pacing.handle(.depart(id: 1, .associateAddress), now: .s(0)) == [.grant(id: 1)])
        #expect(pacing.handle(.depart(id: 2, .associateAddress), now: .s(0)) == [.wake(at: .s(1))])
        _ = pacing.handle(.depart(id: 3, .associateAddress), now: .s(0))
        _ = pacing.handle(.cancelled(id: 2), now: .ms(500))
        #expect(pacing.handle(.wake, now: .s(1)) == [.grant(id: 3)])
    }

    @Test func `actions do not wait for each other`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        for (id, action) in CloudAction.allCases.enumerated() {
            #expect(pacing.handle(Self.request(id, action), now: .ms(0)) == [.grant(id: id)])
        }
    }

    @Test func `binds go first, and nothing starves`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        var effects = pacing.handle(Self.request(0), now: .ms(0))
        for id in 1...40 { effects += pacing.handle(Self.request(id, .associateAddress, .bind), now: .ms(0)) }
        for (offset, lane) in PacingLane.allCases.enumerated().dropFirst() {
            effects += pacing.handle(Self.request(100 + offset, .associateAddress, lane), now: .ms(0))
        }
        let grants = Self.drain(&pacing, effects, from: .ms(0), until: .s(5))
        #expect(grants.prefix(5).allSatisfy { $0.id < 100 })
        #expect(grants.filter { $0.id >= 100 }.count == 3)
        #expect(grants.filter { $0.id >= 100 }.allSatisfy { $0.at <= .s(3) })
    }

    @Test func `a large namespace does not hold up a small one`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        var effects: [Pacing.Effect] = []
        for id in 1...100 { effects += pacing.handle(Self.request(id, namespace: "big"), now: .ms(0)) }
        effects += pacing.handle(Self.request(500, namespace: "small"), now: .ms(0))
        let grants = Self.drain(&pacing, effects, from: .ms(0), until: .s(20))
        #expect((grants.firstIndex { $0.id == 500 } ?? 99) <= 2)
        #expect(grants.count == 101)
    }

    @Test func `a cancelled request gets no turn and costs none`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        _ = pacing.handle(Self.request(1), now: .ms(0))
        _ = pacing.handle(Self.request(2), now: .ms(0))
        _ = pacing.handle(Self.request(3), now: .ms(0))
        _ = pacing.handle(.cancelled(id: 2), now: .ms(50))
        #expect(pacing.handle(.wake, now: .ms(100)) == [.grant(id: 3)])
        #expect(pacing.waitingCount(.associateAddress) == 0)
    }

    @Test func `a throttle reply halves the rate once, waits, and the rate comes back`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        _ = pacing.handle(Self.request(0), now: .ms(0))
        for _ in 0..<3 { _ = pacing.handle(.finished(.associateAddress, .throttled), now: .ms(10)) }
        #expect(pacing.factor(.associateAddress) == 0.5)
        var effects: [Pacing.Effect] = []
        for id in 1...400 { effects += pacing.handle(Self.request(id), now: .ms(20)) }
        let grants = Self.drain(&pacing, effects, from: .ms(20), until: .s(40))
        #expect(grants[0].at >= .ms(510))
        #expect(grants.filter { $0.at < .s(2) }.count <= 9)
        #expect(grants.filter { $0.at > .s(30) && $0.at <= .s(31) }.count == 10)
    }

    @Test func `want of permission refuses what waits and what comes, then one goes to see`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        for id in 1...3 { _ = pacing.handle(Self.request(id), now: .ms(0)) }
        let refused = pacing.handle(.finished(.associateAddress, .authorisation), now: .ms(10))
        guard case .refuse(2, let until)? = refused.first else {
            Issue.record("what waits is refused")
            return
        }
        #expect(refused == [.refuse(id: 2, until: until), .refuse(id: 3, until: until)])
        #expect(until >= .s(15) && until <= .s(19))
        #expect(pacing.handle(Self.request(4), now: .s(1)) == [.refuse(id: 4, until: until)])
        #expect(pacing.handle(Self.request(5, .releaseAddresses), now: .s(1)) == [.grant(id: 5)], "other actions go on")
        #expect(pacing.handle(Self.request(6), now: until) == [.grant(id: 6)])
        #expect(pacing.handle(Self.request(7), now: until + .seconds(1)).contains(.grant(id: 7)) == false, "only one")
        #expect(pacing.handle(.finished(.associateAddress, nil), now: until + .seconds(2)) == [.grant(id: 7)])
    }

    @Test func `a probe that fails opens it for longer`() {
        var pacing = Pacing(slotsOwned: 1, seed: 1)
        _ = pacing.handle(Self.request(1), now: .ms(0))
        _ = pacing.handle(.finished(.associateAddress, .authorisation), now: .ms(0))
        #expect(pacing.handle(Self.request(2), now: .s(20)) == [.grant(id: 2)])
        _ = pacing.handle(.finished(.associateAddress, .authorisation), now: .s(21))
        #expect(pacing.isOpen(.associateAddress, now: .s(50)) && !pacing.isOpen(.associateAddress, now: .s(58)))
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>) func `never more than the rate and one in any second, and everything gets its turn`(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        let slots = [1, 2, 4][chance.next(below: 3)]
        let owned = 1 + chance.next(below: slots)
        var pacing = Pacing(slotsOwned: owned, of: slots, seed: seed)
        var now = Instant.ms(0)
        var wakeAt: Instant?
        var grants: [CloudAction: [Instant]] = [:]
        var actions: [Int: CloudAction] = [:]
        var asked = 0
        while now < .s(400) {
            var effects: [Pacing.Effect] = []
            if now < .s(20), chance.next(below: 3) > 0 {
                asked += 1
                let action = CloudAction.allCases[chance.next(below: 3)]
                actions[asked] = action
                let lane = PacingLane.allCases[chance.next(below: 4)]
                effects += pacing.handle(
                    Self.request(asked, action, lane, cluster: "\(chance.next(below: 3))", namespace: "\(chance.next(below: 3))"), now: now)
            } else if now < .s(20), chance.next(below: 10) == 0 {
                effects += pacing.handle(
                    .finished(CloudAction.allCases[chance.next(below: 3)], [.throttled, .transient, nil][chance.next(below: 3)]), now: now)
            } else {
                effects += pacing.handle(.wake, now: now)
            }
            for effect in effects {
                switch effect {
                case .grant(let id): if let action = actions.removeValue(forKey: id) { grants[action, default: []].append(now) }
                case .wake(let at): wakeAt = at
                case .refuse: Issue.record("nothing is refused without an authorisation error")
                }
            }
            if now < .s(20) { now = now + .milliseconds(chance.next(below: 60)) } else if let at = wakeAt, at > now { now = at } else { break }
        }
        #expect(actions.isEmpty, "\(actions.count) never had their turn")
        for (action, times) in grants {
            let rate = Double(action.callsPerSecond * owned) / Double(slots)
            for (place, time) in times.enumerated() {
                let inSecond = times[place...].prefix { $0 - time < .seconds(1) }.count
                #expect(Double(inSecond) <= rate + 1)
            }
        }
    }

    @Test func `every verb has its action and its lane`() {
        #expect(
            CloudVerb.allCases.map { CloudAction($0).rawValue } == [
                "AllocateAddresses", "AssociateAddress", "DisassociateAddress", "ReleaseAddresses", "ModifyAddressesBandwidth",
            ])
        #expect(CloudVerb.allCases.map { PacingLane($0) } == [.allocate, .bind, .bind, .release, .allocate])
    }
}

import Core
import Testing

@Suite struct `List of what is due` {
    private static func wall(_ seconds: Double) -> Timestamp { Now.s(seconds).wall }
    private static func claim(_ name: String = "web-0", attempt: Double? = nil, expires: Double? = nil, since: Double? = nil, version: String = "7") -> Claim {
        Build.claim { claim in
            claim.name = name
            claim.resourceVersion = version
            claim.spec.deletePolicy = .retain
            claim.status.nextAttemptAt = attempt.map(wall)
            claim.status.expiresAt = expires.map(wall)
            claim.status.retainedSince = since.map(wall)
            claim.spec.expireAfter = expires.map { end in since.map { .seconds(Int(end - $0)) } ?? .milliseconds(1) }
        }
    }
    private static func pod(_ name: String = "web-0", uid: String = "uid-1") -> Pod {
        Build.pod { pod in
            pod.name = name
            pod.uid = uid
        }
    }
    private static func due(_ effects: [DueList.Effect]) -> [String] {
        effects.compactMap { effect in if case .publishDue(_, let name) = effect { name } else { nil } }
    }
    private static func deleted(_ effects: [DueList.Effect]) -> [String] {
        effects.compactMap { effect in if case .deleteClaim(_, let name, _, _) = effect { name } else { nil } }
    }
    private static func wakes(_ effects: [DueList.Effect]) -> [Instant] {
        effects.compactMap { effect in if case .wake(let at) = effect { at } else { nil } }
    }

    /// Both lists complete and followed since 0.
    private static func following(_ claims: [Claim], pods: [Pod] = []) -> DueList {
        var list = DueList()
        _ = list.handle(.podsListed(pods), now: .s(0))
        _ = list.handle(.claimsListed(claims), now: .s(0))
        _ = list.handle(.observing, now: .s(0))
        return list
    }

    @Test func `a parked claim is published when it is due, and again while nothing comes of it`() {
        var list = DueList()
        #expect(list.handle(.claimSeen(Self.claim(attempt: 10)), now: .s(0)) == [.wake(at: .s(10))])
        #expect(Self.due(list.handle(.wake, now: .s(9.9))) == [])
        let effects = list.handle(.wake, now: .s(10))
        #expect(effects == [.publishDue(namespace: "team", name: "web-0"), .wake(at: .s(40))])
        #expect(Self.due(list.handle(.wake, now: .s(39))) == [])
        #expect(Self.due(list.handle(.wake, now: .s(40))) == ["web-0"])
        #expect(Self.due(list.handle(.claimSeen(Self.claim(attempt: 10, version: "8")), now: .s(41))) == [], "the same time is no news")
        #expect(Self.due(list.handle(.claimSeen(Self.claim(attempt: 42)), now: .s(41))) == [])
        #expect(Self.due(list.handle(.wake, now: .s(42))) == ["web-0"], "a new one is")
        _ = list.handle(.claimSeen(Self.claim()), now: .s(43))
        #expect(Self.due(list.handle(.wake, now: .s(500))) == [], "no longer parked")
    }

    @Test func `what is due comes in the order of its times`() {
        var list = Self.following([Self.claim("c", attempt: 30), Self.claim("a", attempt: 20), Self.claim("b", attempt: 10), Self.claim("d", attempt: 99)])
        #expect(Self.due(list.handle(.wake, now: .s(30))) == ["b", "a", "c"])
    }

    // Seed 2: the time without a pod went on counting over a pod that came and went before its claim said so.
    @Test func `the time without a pod begins anew when one has come and gone`() {
        var list = Self.following([Self.claim(expires: 400, since: 0)])
        _ = list.handle(.podSeen(Self.pod()), now: .s(340))
        _ = list.handle(.podGone(Self.pod()), now: .s(350))
        for second in stride(from: 351.0, to: 750, by: 1) { #expect(Self.deleted(list.handle(.wake, now: .s(second))) == []) }
        #expect(Self.deleted(list.handle(.wake, now: .s(751))) == ["web-0"])
    }

    // Seed 1211: a pod that asked for more time came and went before anybody had written that into its claim's status.
    @Test func `how long a claim is kept is what its spec says, whatever its status has been told`() {
        var list = Self.following([Self.claim(expires: 400, since: 0)])
        _ = list.handle(.podSeen(Self.pod()), now: .s(340))
        _ = list.handle(.claimSeen(Self.claim(expires: 400, since: 0).with { $0.spec.expireAfter = .seconds(1000) }), now: .s(345))
        _ = list.handle(.podGone(Self.pod()), now: .s(350))
        for second in stride(from: 351.0, to: 1350, by: 1) { #expect(Self.deleted(list.handle(.wake, now: .s(second))) == []) }
        #expect(Self.deleted(list.handle(.wake, now: .s(1350))) == ["web-0"])

        var forEver = Self.following([Self.claim(expires: 400, since: 0).with { $0.spec.expireAfter = .zero }])
        #expect(Self.deleted(forEver.handle(.wake, now: .s(100_000))) == [])
    }

    @Test func `a claim that does not say how long it is kept is kept as long as the controller was told`() {
        let claim = Self.claim(expires: 400, since: 0).with { $0.spec.expireAfter = nil }
        for (told, end) in [(Duration.seconds(900), 900.0), (.seconds(100), 400), (.zero, nil)] as [(Duration, Double?)] {
            var settings = DueList.Settings()
            settings.expireAfter = told
            var list = DueList(settings: settings)
            _ = list.handle(.podsListed([]), now: .s(0))
            _ = list.handle(.claimsListed([claim]), now: .s(0))
            _ = list.handle(.observing, now: .s(0))
            #expect(Self.deleted(list.handle(.wake, now: .s((end ?? 100_000) - 1))) == [])
            if let end { #expect(Self.deleted(list.handle(.wake, now: .s(end))) == ["web-0"]) }
        }
    }

    @Test func `a claim that went in a gap is not published for ever`() {
        var list = Self.following([Self.claim("a", attempt: 10), Self.claim("b", attempt: 10)])
        _ = list.handle(.claimsListed([Self.claim("b", attempt: 10)]), now: .s(5))
        #expect(Self.due(list.handle(.wake, now: .s(10))) == ["b"])
        _ = list.handle(.claimGone(Self.claim("b")), now: .s(11))
        #expect(Self.due(list.handle(.wake, now: .s(100))) == [])
    }

    @Test func `an expired claim is deleted under its UID and version, after five minutes of observation`() {
        var list = Self.following([Self.claim(expires: 20)])
        #expect(Self.wakes(list.handle(.wake, now: .s(20))) == [.s(300)])
        #expect(Self.deleted(list.handle(.wake, now: .s(299.9))) == [])
        #expect(
            list.handle(.wake, now: .s(300)) == [
                .deleteClaim(namespace: "team", name: "web-0", uid: "claim-1", resourceVersion: "7"), .wake(at: Now.s(330).instant),
            ])
        #expect(Self.deleted(list.handle(.wake, now: .s(301))) == [])
    }

    private static func mayDelete(_ list: DueList, at seconds: Double, version: String = "7") -> Bool {
        list.mayDelete(namespace: "team", name: "web-0", uid: "claim-1", resourceVersion: version, now: .s(seconds))
    }

    @Test func `a deletion of which nothing came is asked for again, until the claim is seen to go`() {
        var list = Self.following([Self.claim(expires: 400, since: 0)])
        #expect(Self.deleted(list.handle(.wake, now: .s(400))) == ["web-0"])
        #expect(Self.deleted(list.handle(.wake, now: .s(429.9))) == [])
        #expect(Self.deleted(list.handle(.wake, now: .s(430))) == ["web-0"])
        _ = list.handle(.podSeen(Self.pod()), now: .s(431))
        #expect(Self.deleted(list.handle(.wake, now: .s(460))) == [], "its pod is back")
        _ = list.handle(.podGone(Self.pod()), now: .s(461))
        #expect(Self.deleted(list.handle(.wake, now: .s(860))) == [])
        #expect(!Self.mayDelete(list, at: 861), "the deletion of before")
        #expect(Self.deleted(list.handle(.wake, now: .s(861))) == ["web-0"])
        #expect(Self.mayDelete(list, at: 862) && !Self.mayDelete(list, at: 862, version: "8"))
        var other = list
        _ = other.handle(.gap, now: .s(863))
        #expect(!Self.mayDelete(other, at: 864), "a watch was lost while it waited for its turn")
        #expect(Self.deleted(list.handle(.wake, now: .s(890.9))) == [] && Self.deleted(list.handle(.wake, now: .s(891))) == ["web-0"])
        #expect(Self.deleted(list.handle(.wake, now: .s(950.9))) == [] && Self.deleted(list.handle(.wake, now: .s(951))) == ["web-0"], "waits double")
        _ = list.handle(.claimSeen(Self.claim(expires: 400, since: 0).with { $0.isDeleting = true }), now: .s(952))
        #expect(Self.deleted(list.handle(.wake, now: .s(2000))) == [])
    }

    @Test func `nothing expires before its time`() {
        var list = Self.following([Self.claim(expires: 1000)])
        #expect(Self.deleted(list.handle(.wake, now: .s(999.9))) == [])
        #expect(Self.deleted(list.handle(.wake, now: .s(1000))) == ["web-0"])
    }

    @Test func `a gap starts the observation over`() {
        var list = Self.following([Self.claim(expires: 20)])
        _ = list.handle(.gap, now: .s(299))
        #expect(Self.deleted(list.handle(.wake, now: .s(400))) == [])
        _ = list.handle(.observing, now: .s(400))
        _ = list.handle(.observing, now: .s(500))
        #expect(Self.deleted(list.handle(.wake, now: .s(699))) == [])
        #expect(Self.deleted(list.handle(.wake, now: .s(700))) == ["web-0"])
    }

    @Test(arguments: [Duration.seconds(31), .seconds(-31)]) func `clocks that are apart stop expiry`(skew: Duration) {
        var list = Self.following([Self.claim(expires: 20)])
        _ = list.handle(.skew(skew), now: .s(100))
        #expect(Self.deleted(list.handle(.wake, now: .s(400))) == [])
        #expect(!list.mayExpire(now: .s(400)))
        #expect(Self.deleted(list.handle(.skew(.seconds(30)), now: .s(401))) == ["web-0"])
    }

    @Test func `a pod that is there never lets its claim expire, however it was seen`() {
        let events: [DueList.Event] = [.podSeen(Self.pod()), .podsListed([Self.pod()])]
        for event in events {
            var list = Self.following([Self.claim(expires: 20)])
            _ = list.handle(event, now: .s(100))
            #expect(Self.deleted(list.handle(.wake, now: .s(400))) == [])
            _ = list.handle(.podGone(Self.pod(uid: "uid-0")), now: .s(401))
            #expect(Self.deleted(list.handle(.wake, now: .s(402))) == [], "a late word about a predecessor")
            _ = list.handle(.podGone(Self.pod()), now: .s(403))
            #expect(Self.deleted(list.handle(.wake, now: .s(404))) == ["web-0"])
        }
        var relisted = Self.following([Self.claim(expires: 20)], pods: [Self.pod()])
        _ = relisted.handle(.podsListed([]), now: .s(400))
        #expect(Self.deleted(relisted.handle(.wake, now: .s(401))) == ["web-0"], "gone in a gap")
        var before = DueList()
        _ = before.handle(.claimsListed([Self.claim(expires: 20)]), now: .s(0))
        _ = before.handle(.podsListed([Self.pod()]), now: .s(0))
        _ = before.handle(.observing, now: .s(0))
        #expect(Self.deleted(before.handle(.wake, now: .s(400))) == [], "claims listed before pods")
    }

    @Test func `what is not static any more does not expire, though its status says so`() {
        var claim = Self.claim(expires: 20)
        claim.spec.deletePolicy = .delete
        var list = Self.following([claim])
        #expect(Self.deleted(list.handle(.wake, now: .s(400))) == [])
    }

    // Found by simulation: pods and claims come by two watches, and one of them may be behind.

    // Seeds 409, 1689: the end of a pod forgotten because its claim was heard of later.
    @Test func `the time without a pod counts from when it was seen to go, whenever its claim is heard of`() {
        func retained(_ version: String) -> Claim { Self.claim(expires: 400, since: 0, version: version) }
        for isListed in [true, false] {
            var list = Self.following([], pods: [Self.pod()])
            _ = isListed ? list.handle(.podsListed([]), now: .s(350)) : list.handle(.podGone(Self.pod()), now: .s(350))
            _ = list.handle(.claimSeen(retained("7")), now: .s(360))
            _ = list.handle(.claimSeen(retained("8")), now: .s(361))
            #expect(Self.deleted(list.handle(.wake, now: .s(749))) == [])
            #expect(Self.deleted(list.handle(.wake, now: .s(750))) == ["web-0"])
        }
        var late = Self.following([], pods: [Self.pod()])
        _ = late.handle(.podGone(Self.pod()), now: .s(350))
        _ = late.handle(.podGone(Self.pod(uid: "uid-9")), now: .s(352))
        _ = late.handle(.podSeen(Self.pod("web-1")), now: .s(1000))
        _ = late.handle(.podGone(Self.pod("web-1")), now: .s(1001))
        #expect(Self.deleted(late.handle(.claimSeen(retained("7")), now: .s(1002))) == ["web-0"], "remembered for ten minutes")
    }

    // Seed 314: the end of a pod that was forgotten for that of the pod before it, the watch of claims being behind.
    @Test func `a pod that went counts, not the one before it, also while its claim is not known to expire`() {
        var list = Self.following([], pods: [Self.pod(uid: "uid-0")])
        _ = list.handle(.podGone(Self.pod(uid: "uid-0")), now: .s(100))
        _ = list.handle(.podSeen(Self.pod()), now: .s(101))
        _ = list.handle(.claimSeen(Self.claim(attempt: 900)), now: .s(102))
        _ = list.handle(.podGone(Self.pod()), now: .s(400))
        // written while the pod was there, ended, and heard of when it was gone
        _ = list.handle(.claimSeen(Self.claim(expires: 420, since: 395)), now: .s(410))
        #expect(Self.deleted(list.handle(.wake, now: .s(424))) == [])
        #expect(Self.deleted(list.handle(.wake, now: .s(425))) == ["web-0"])
    }

    @Test func `a claim that was prolonged while nothing could expire stays`() {
        var list = Self.following([Self.claim(expires: 20)])
        _ = list.handle(.wake, now: .s(21))
        _ = list.handle(.claimSeen(Self.claim(expires: 500)), now: .s(22))
        #expect(Self.deleted(list.handle(.wake, now: .s(300))) == [])
        #expect(Self.deleted(list.handle(.wake, now: .s(500))) == ["web-0"])
    }

    @Test func `an event costs little however many claims wait`() {
        var list = Self.following((0..<20_000).map { Self.claim("k\($0)", attempt: 1_000 + Double($0)) })
        let clock = ContinuousClock()
        let time = clock.measure { for n in 0..<2_000 { _ = list.handle(.observing, now: .s(Double(n) / 10)) } }
        #expect(time < .seconds(2), "2000 events took \(time): sorting 20000 claims each time takes far longer")
    }
}

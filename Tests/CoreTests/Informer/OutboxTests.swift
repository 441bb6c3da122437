import Core
import Testing

@Suite struct `Outbox of an informer` {
    private static func key(_ name: String) -> Key { Key(cluster: "c", namespace: "n", name: name) }
    private static func change(_ name: String, _ snapshot: String = "1", _ cause: Cause = .podSeen) -> KeyChanged {
        KeyChanged(key: key(name), cause: cause, snapshot: snapshot, at: Build.wall)
    }
    private static func published(_ effects: [Outbox.Effect]) -> [String] {
        effects.compactMap { effect in if case .publish(let change) = effect { "\(change.key.name)@\(change.snapshot)" } else { nil } }
    }

    @Test func `keys go out in the order in which they first changed`() {
        var outbox = Outbox()
        #expect(["b", "a", "c"].flatMap { Self.published(outbox.handle(.changed(Self.change($0)), now: .s(0))) } == ["b@1", "a@1", "c@1"])
        #expect(outbox.count == 3)
        for name in ["a", "b", "c"] { #expect(outbox.handle(.acknowledged(Self.key(name)), now: .s(1)) == []) }
        #expect(outbox.count == 0)
    }

    @Test func `one publication of a key is in flight, and after it the newest change alone`() {
        var outbox = Outbox()
        #expect(Self.published(outbox.handle(.changed(Self.change("a", "1")), now: .s(0))) == ["a@1"])
        for snapshot in ["2", "3", "4"] { #expect(outbox.handle(.changed(Self.change("a", snapshot)), now: .s(0)) == []) }
        #expect(outbox.count == 2)
        #expect(Self.published(outbox.handle(.acknowledged(Self.key("a")), now: .s(1))) == ["a@4"])
    }

    @Test func `the newest change keeps the urgency of the one it replaces`() {
        var outbox = Outbox()
        _ = outbox.handle(.changed(Self.change("a", "1")), now: .s(0))
        _ = outbox.handle(.changed(Self.change("a", "2", .podGone)), now: .s(0))
        _ = outbox.handle(.changed(Self.change("a", "3", .replayed)), now: .s(0))
        #expect(outbox.handle(.acknowledged(Self.key("a")), now: .s(0)) == [.publish(Self.change("a", "3", .podGone))])
    }

    @Test func `that a claim is gone is heard of, whatever comes after it but another claim`() {
        func causes(_ waiting: [Cause], failed: Cause? = nil) -> [Cause] {
            var outbox = Outbox()
            _ = outbox.handle(.changed(Self.change("a", "1", failed ?? .podSeen)), now: .s(0))
            for cause in waiting { _ = outbox.handle(.changed(Self.change("a", "2", cause)), now: .s(0)) }
            let effects = outbox.handle(failed == nil ? .acknowledged(Self.key("a")) : .failed(Self.key("a")), now: .s(0)) + outbox.handle(.wake, now: .s(1))
            return effects.compactMap { effect in if case .publish(let change) = effect { change.cause } else { nil } }
        }
        #expect(causes([.claimGone, .podGone]) == [.claimGone])
        #expect(causes([.claimGone, .podSeen, .due]) == [.claimGone])
        #expect(causes([.claimGone, .claimSeen, .podGone]) == [.podGone])
        #expect(causes([.podGone], failed: .claimGone) == [.claimGone])
        #expect(causes([.claimSeen], failed: .claimGone) == [.claimSeen])
    }

    @Test func `what failed is sent again, unless something newer came`() {
        var outbox = Outbox()
        _ = outbox.handle(.changed(Self.change("a", "1")), now: .s(0))
        _ = outbox.handle(.changed(Self.change("b", "1")), now: .s(0))
        _ = outbox.handle(.changed(Self.change("b", "2")), now: .s(0))
        #expect(outbox.handle(.failed(Self.key("a")), now: .s(0)) == [.wake(at: .s(0.5))])
        #expect(outbox.handle(.failed(Self.key("b")), now: .s(0)) == [], "the same sign: no second wait")
        #expect(outbox.handle(.changed(Self.change("c")), now: .s(0.4)) == [], "nothing goes while it waits")
        #expect(Self.published(outbox.handle(.wake, now: .s(0.5))) == ["a@1", "b@2", "c@1"])
        #expect(outbox.count == 3, "nothing is lost, nothing is doubled")
    }

    @Test func `waits double up to half a minute, and start over with a success`() {
        var outbox = Outbox()
        var now = Instant.s(0)
        _ = outbox.handle(.changed(Self.change("a")), now: now)
        for wait in [0.5, 1, 2, 4, 8, 16, 30, 30] {
            let until = now + .milliseconds(Int64(wait * 1000))
            #expect(outbox.handle(.failed(Self.key("a")), now: now) == [.wake(at: until)])
            #expect(Self.published(outbox.handle(.wake, now: until)) == ["a@1"])
            now = until
        }
        _ = outbox.handle(.changed(Self.change("b")), now: now)
        #expect(outbox.handle(.failed(Self.key("a")), now: now) == [.wake(at: now + .seconds(30))])
        #expect(outbox.handle(.acknowledged(Self.key("b")), now: now) == [.wake(at: now + .milliseconds(500))], "it works: the long wait is cut short")
        #expect(Self.published(outbox.handle(.wake, now: now + .milliseconds(500))) == ["a@1"])
        #expect(outbox.handle(.failed(Self.key("a")), now: now + .seconds(1)) == [.wake(at: now + .milliseconds(1500))])
    }

    @Test func `no more than the limit is in flight, and the rest follows as acknowledgements come`() {
        var limits = Limits.Outbox()
        limits.inFlightMax = 20
        var outbox = Outbox(limits: limits)
        var flying: [String] = []
        for n in 0..<(limits.inFlightMax + 10) { flying += Self.published(outbox.handle(.changed(Self.change("k\(n)")), now: .s(0))) }
        #expect(flying.count == limits.inFlightMax)
        for n in 0..<10 { flying += Self.published(outbox.handle(.acknowledged(Self.key("k\(n)")), now: .s(0))) }
        #expect(flying == (0..<(limits.inFlightMax + 10)).map { "k\($0)@1" })
    }
}

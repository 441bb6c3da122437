import Kubernetes
import Testing

/// The machine alone: what it answers to each event, as a transcript.
struct ReflectorTests {
    static let gone = KubernetesError(code: 410, reason: .expired, message: "too old")
    static let lost = KubernetesError(code: 0, reason: .noAnswer, message: "lost")

    /// A machine that has listed at `version` and watches.
    static func watching(_ version: String = "10") -> Reflector {
        var machine = Reflector(seed: 1)
        _ = machine.handle(.start)
        _ = machine.handle(.page(version: version, next: nil))
        _ = machine.handle(.opened)
        return machine
    }
    static func names(_ effects: [Reflector.Effect]) -> [String] {
        effects.map { effect in
            switch effect {
            case .list(let next): next.map { "list \($0)" } ?? "list"
            case .probe: "probe"
            case .watch(let from, _): "watch \(from)"
            case .closeWatch: "close"
            case .wait: "wait"
            case .discardPages: "discard"
            case .deliverList(let version): "deliver list \(version)"
            case .deliverChange: "deliver"
            case .report(.synced): "synced"
            case .report(.bookmark(let version)): "bookmark \(version)"
            case .report(.rewound(let from, let to)): "rewound \(from) \(to)"
            case .report(.disconnected): "disconnected"
            }
        }
    }

    @Test func `the straight road: pages, one list, a watch from its version`() {
        var machine = Reflector(seed: 1)
        #expect(Self.names(machine.handle(.start)) == ["discard", "list"])
        #expect(Self.names(machine.handle(.page(version: "10", next: "a"))) == ["list a"])
        #expect(Self.names(machine.handle(.page(version: "10", next: nil))) == ["deliver list 10", "watch 10"])
        #expect(Self.names(machine.handle(.opened)) == ["synced"])
        #expect(Self.names(machine.handle(.change(version: "11"))) == ["deliver"])
        #expect(Self.names(machine.handle(.bookmark(version: "15"))) == ["bookmark 15"])
        #expect(machine.last == "15" && machine.highest == 15)
        #expect(Self.names(machine.handle(.ended(after: .seconds(300)))) == ["probe"])
        #expect(Self.names(machine.handle(.probed(version: "15"))) == ["watch 15"])
        #expect(Self.names(machine.handle(.opened)) == ["synced"])
    }

    @Test func `410 lists again at once, and again only after a pause`() {
        var machine = Self.watching()
        #expect(Self.names(machine.handle(.failed(Self.gone))) == ["close", "disconnected", "discard", "list"], "a gap until the list is there")
        #expect(Self.names(machine.handle(.page(version: "20", next: nil))) == ["deliver list 20", "watch 20"])
        #expect(Self.names(machine.handle(.failed(Self.gone))) == ["disconnected", "wait"])
        #expect(Self.names(machine.handle(.woke)) == ["discard", "list"])
        _ = machine.handle(.page(version: "20", next: "a"))
        #expect(Self.names(machine.handle(.failed(Self.gone))) == ["disconnected", "wait"], "a continuation that grew old")
    }

    @Test func `a lost watch pauses, probes and resumes where it was`() {
        var machine = Self.watching()
        _ = machine.handle(.change(version: "12"))
        #expect(Self.names(machine.handle(.failed(Self.lost))) == ["close", "disconnected", "wait"])
        #expect(Self.names(machine.handle(.woke)) == ["probe"])
        #expect(Self.names(machine.handle(.failed(Self.lost))) == ["disconnected", "wait"])
        #expect(Self.names(machine.handle(.woke)) == ["probe"])
        #expect(Self.names(machine.handle(.probed(version: "99"))) == ["watch 12"])
        #expect(Self.names(machine.handle(.opened)) == ["synced"])
    }

    @Test func `a failed list pauses and lists`() {
        var machine = Reflector(seed: 1)
        _ = machine.handle(.start)
        #expect(Self.names(machine.handle(.failed(Self.lost))) == ["disconnected", "wait"])
        #expect(Self.names(machine.handle(.woke)) == ["discard", "list"])
    }

    @Test(arguments: [
        (Reflector.Event.change(version: "9"), ["rewound 10 9", "close", "discard", "list"]),
        (.bookmark(version: "9"), ["rewound 10 9", "close", "discard", "list"]),
        (.change(version: "10"), ["deliver"]), (.bookmark(version: "10"), ["bookmark 10"]), (.change(version: "opaque"), ["deliver"]),
    ])
    func `a version below the highest is a rollback`(_ event: Reflector.Event, _ expected: [String]) {
        var machine = Self.watching("10")
        #expect(Self.names(machine.handle(event)) == expected)
    }

    @Test func `a rollback is noticed by the probe and by the list, and then forgotten`() {
        var machine = Self.watching("100")
        _ = machine.handle(.failed(Self.lost))
        _ = machine.handle(.woke)
        #expect(Self.names(machine.handle(.probed(version: "60"))) == ["rewound 100 60", "discard", "list"])
        #expect(Self.names(machine.handle(.page(version: "61", next: nil))) == ["deliver list 61", "watch 61"])
        _ = machine.handle(.opened)
        _ = machine.handle(.bookmark(version: "61"))
        #expect(Self.names(machine.handle(.failed(Self.gone))) == ["close", "disconnected", "discard", "list"])
        #expect(Self.names(machine.handle(.page(version: "50", next: nil))) == ["rewound 61 50", "deliver list 50", "watch 50"])
        _ = machine.handle(.opened)
        #expect(Self.names(machine.handle(.change(version: "51"))) == ["deliver"])
    }

    @Test func `a server that rewinds again and again is listed only after pauses`() {
        var machine = Self.watching("100")
        #expect(Self.names(machine.handle(.change(version: "99"))) == ["rewound 100 99", "close", "discard", "list"])
        _ = machine.handle(.page(version: "100", next: nil))
        _ = machine.handle(.opened)
        #expect(Self.names(machine.handle(.change(version: "99"))) == ["rewound 100 99", "close", "wait"])
        #expect(Self.names(machine.handle(.woke)) == ["discard", "list"])
    }

    @Test func `versions are compared as numbers`() {
        var machine = Self.watching("9")
        #expect(Self.names(machine.handle(.change(version: "10"))) == ["deliver"])
    }

    @Test func `pauses double from the first to the longest, jittered within their upper half`() {
        for seed in 1...50 as ClosedRange<UInt64> {
            var machine = Reflector(seed: seed)
            _ = machine.handle(.start)
            for full in [0.5, 1, 2, 4, 8, 16, 30, 30, 30] {
                guard case .wait(let pause)? = machine.handle(.failed(Self.lost)).last else {
                    Issue.record("no pause")
                    return
                }
                #expect(.seconds(full / 2) <= pause && pause <= .seconds(full), "\(full) s, seed \(seed): \(pause)")
                _ = machine.handle(.woke)
            }
        }
    }

    @Test func `a sign of life starts the pauses anew, the server's wish makes them longer`() {
        var machine = Self.watching()
        for _ in 0..<5 {
            _ = machine.handle(.failed(Self.lost))
            _ = machine.handle(.woke)
        }
        #expect(machine.failures == 5)
        _ = machine.handle(.probed(version: "10"))
        _ = machine.handle(.opened)
        #expect(machine.failures == 5, "an open watch that says nothing proves little")
        _ = machine.handle(.bookmark(version: "10"))
        #expect(machine.failures == 0)
        let busy = KubernetesError(code: 429, reason: .tooManyRequests, message: "busy", retryAfter: .seconds(77))
        #expect(machine.handle(.failed(busy)).last == .wait(.seconds(77)))
    }

    @Test func `a watch that ends at once without a change is a failure`() {
        var machine = Self.watching()
        #expect(Self.names(machine.handle(.ended(after: .milliseconds(10)))) == ["close", "disconnected", "wait"])
        machine = Self.watching()
        _ = machine.handle(.change(version: "11"))
        #expect(Self.names(machine.handle(.ended(after: .milliseconds(10)))) == ["probe"])
    }
}

/// Decides how a collection is followed: list in pages, watch from there, and what to do when that breaks. It holds no
/// object, reads no clock and does no IO; the shell (`Reflection`) performs the effects and carries the objects.
///
///     start ── list ──> page* ── deliverList ──> watch ──> opened ──> change | bookmark …
///                ^                                 ^          │
///                │ expired, rewound                │          │ ended, failed
///                └────────────── wait <────────────┴─ probe <─┘
///
/// Before every watch that resumes, the newest resource version is read (`probe`): a server whose etcd was rolled back
/// accepts a watch from a version of the future and then stays silent until it is reached again, so the changes in
/// between would be lost without a sign.
///
/// Not promised: that every intermediate state of an object is seen. What a relist skips is skipped.
public struct Reflector: Hashable, Sendable {
    /// - `backoffMin`, `backoffMax`: first and longest pause after failures; it doubles in between. With jitter a pause is
    ///   between half of that and all of it.
    /// - `watchTime`: after it the server ends a watch in order. With jitter, up to twice that. A short one costs requests,
    ///   a long one delays the notice of a rolled back etcd.
    public struct Limits: Hashable, Sendable {
        public var backoffMin = Duration.milliseconds(500)
        public var backoffMax = Duration.seconds(30)
        public var watchTime = Duration.seconds(240)
        public init() {}
    }

    public enum Event: Hashable, Sendable {
        case start
        /// A page of the list, read; `next` gets the following one.
        case page(version: String, next: String?)
        case probed(version: String)
        case opened
        /// The version of the object that changed.
        case change(version: String)
        case bookmark(version: String)
        /// What was under way failed, or the watch said ERROR.
        case failed(KubernetesError)
        /// The server ended the watch in order.
        case ended(after: Duration)
        /// The pause is over.
        case woke
    }

    public enum Effect: Hashable, Sendable {
        case list(next: String?)
        case probe
        case watch(from: String, time: Duration)
        case closeWatch
        case wait(Duration)
        /// Forget the pages gathered so far.
        case discardPages
        /// Hand over all pages gathered, as one list.
        case deliverList(version: String)
        /// Hand over the change that this event was about.
        case deliverChange
        case report(ReflectorReport)
    }

    public enum State: Hashable, Sendable {
        /// Until `start`.
        case idle
        /// A page is awaited; then more pages, or the watch.
        case listing
        /// The newest version is awaited; then the watch, or a list.
        case probing
        /// The answer to a watch is awaited.
        case opening
        /// Changes flow. `progressed`: at least one has.
        case watching(progressed: Bool)
        /// Pausing; then a list.
        case waitingToList
        /// Pausing; then a probe.
        case waitingToProbe
    }

    public private(set) var state = State.idle
    /// The version to resume at; nil: there is none, a list must come first.
    public private(set) var last: String?
    /// The highest version ever seen since the last rollback, as a number. Versions are opaque by contract and numbers on
    /// etcd: those that are not numbers are not compared.
    public private(set) var highest: UInt64?
    /// Failures since the last sign of life.
    public private(set) var failures = 0
    private let limits: Limits
    private var random: UInt64

    /// - Parameter seed: of the jitter.
    public init(limits: Limits = Limits(), seed: UInt64) {
        self.limits = limits
        random = seed
    }

    public mutating func handle(_ event: Event) -> [Effect] {
        switch event {
        case .start:
            precondition(state == .idle, "a reflector starts once")
            return list(after: [])
        case .page(let version, let next): return page(version, next)
        case .probed(let version): return probed(version)
        case .opened:
            state = .watching(progressed: false)
            return [.report(.synced)]
        case .change(let version): return seen(version, [.deliverChange])
        case .bookmark(let version): return seen(version, [.report(.bookmark(resourceVersion: version))])
        case .failed(let error): return failed(error)
        case .ended(let after): return ended(after: after)
        case .woke: return woke()
        }
    }

    // MARK: transitions

    private mutating func list(after effects: [Effect]) -> [Effect] {
        state = .listing
        last = nil
        return effects + [.discardPages, .list(next: nil)]
    }

    /// A list is known to help, so the first one comes at once; again and again without a sign of life between them it would be
    /// a storm of lists, so those pause.
    private mutating func listAgain(after effects: [Effect], _ error: KubernetesError?) -> [Effect] {
        failures += 1
        last = nil
        // However soon the list comes: until it is there, changes may have been missed.
        let effects = effects + (error.map { [.report(.disconnected($0))] } ?? [])
        if failures == 1 { return list(after: effects) }
        return pause(effects, .waitingToList, retryAfter: error?.retryAfter)
    }

    private mutating func page(_ version: String, _ next: String?) -> [Effect] {
        if let next { return [.list(next: next)] }
        let reports = noteList(version)
        last = version
        state = .opening
        return reports + [.deliverList(version: version), .watch(from: version, time: watchTime())]
    }

    private mutating func probed(_ version: String) -> [Effect] {
        if let rewound = rewound(to: version) { return list(after: [rewound]) }
        guard let last else { return list(after: []) }
        state = .opening
        return [.watch(from: last, time: watchTime())]
    }

    private mutating func seen(_ version: String, _ effects: [Effect]) -> [Effect] {
        if let rewound = rewound(to: version) { return listAgain(after: [rewound, .closeWatch], nil) }
        note(version)
        last = version
        failures = 0
        state = .watching(progressed: true)
        return effects
    }

    private mutating func failed(_ error: KubernetesError) -> [Effect] {
        let wasListing = state == .listing
        let watched = if case .watching = state { true } else { false }
        let close: [Effect] = watched ? [.closeWatch] : []
        if error.reason == .expired { return listAgain(after: close, error) }
        failures += 1
        return pause(close + [.report(.disconnected(error))], wasListing || last == nil ? .waitingToList : .waitingToProbe, retryAfter: error.retryAfter)
    }

    /// Shorter than this and without a change, a watch that "ended in order" is a server in trouble, not its time limit.
    private static let watchTimeMin = Duration.seconds(1)

    private mutating func ended(after: Duration) -> [Effect] {
        let progressed = state == .watching(progressed: true)
        if !progressed && after < Self.watchTimeMin {
            return failed(KubernetesError(code: 0, reason: .noAnswer, message: "the server ended the watch at once"))
        }
        failures = 0
        state = .probing
        return [.probe]
    }

    private mutating func woke() -> [Effect] {
        switch state {
        case .waitingToList: return list(after: [])
        case .waitingToProbe:
            state = .probing
            return [.probe]
        case .idle, .listing, .probing, .opening, .watching: preconditionFailure("woke without a pause")
        }
    }

    // MARK: versions

    private mutating func note(_ version: String) {
        guard let number = UInt64(version) else { return }
        highest = max(highest ?? 0, number)
    }
    private mutating func rewound(to version: String) -> Effect? {
        guard let number = UInt64(version), let before = highest, number < before else { return nil }
        highest = nil  // what follows is a new history
        return .report(.rewound(from: String(before), to: version))
    }
    private mutating func noteList(_ version: String) -> [Effect] {
        let rewound = rewound(to: version)
        note(version)
        return rewound.map { [$0] } ?? []
    }

    // MARK: time and chance

    private mutating func pause(_ effects: [Effect], _ next: State, retryAfter: Duration?) -> [Effect] {
        state = next
        let steps = min(failures - 1, 16)  // beyond it the longest pause is reached anyway
        let full = min(limits.backoffMin * (1 << steps), limits.backoffMax)
        let jittered = full / 2 + full / 2 * fraction()
        return effects + [.wait(max(jittered, retryAfter ?? .zero))]
    }
    private mutating func watchTime() -> Duration { .seconds((limits.watchTime * (1 + fraction())).components.seconds) }

    /// splitmix64 (Steele, Lea, Flood 2014), in 0..<1.
    private mutating func fraction() -> Double {
        random &+= 0x9e37_79b9_7f4a_7c15
        var z = random
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((z ^ (z >> 31)) >> 11) / Double(1 << 53)
    }
}

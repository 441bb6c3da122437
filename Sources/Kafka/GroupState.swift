/// What the threads of a group member share: the events not yet taken, the generation, the commits not yet answered. No calls.
struct GroupState {
    enum Ending {
        case leave
        case abandon
    }
    enum Command {
        case pause([Int32], generation: Int)
        case resume([Int32], generation: Int)
    }
    typealias Taker = CheckedContinuation<KafkaGroupEvent?, Never>
    typealias Committer = CheckedContinuation<Result<KafkaCommit, KafkaError>, Never>
    enum Take {
        case now(KafkaGroupEvent?)
        case wait
    }

    private(set) var generation = 0
    /// True from `assigned` until the partitions are given up: commits of `generation` may be sent.
    private(set) var mayCommit = false
    var ending: Ending?
    var commands: [Command] = []

    private var events = Fifo<KafkaGroupEvent>()
    private(set) var bufferedMessages = 0
    private var bufferedFailures = 0
    /// Errors kept for a receiver that does not come; more are dropped, but never a fatal one.
    static let bufferedFailuresMax = 16
    private var finished = false
    private var taker: Taker?

    private var nextCommit: UInt = 1
    private var commits: [UInt: (sentAt: Duration, waiter: Committer)] = [:]

    // MARK: assignment

    mutating func assign() -> Int {
        generation += 1
        mayCommit = true
        return generation
    }
    /// Messages not taken yet are forgotten: their offsets are not settled, so the next owner reads them.
    mutating func startRevoking(lost: Bool) {
        events.removeAll { if case .message = $0 { true } else { false } }
        bufferedMessages = 0
        if lost { mayCommit = false }
    }
    mutating func finishRevoking() { mayCommit = false }

    // MARK: events

    /// Returns who waits for an event, to be resumed with the one given.
    mutating func put(_ event: KafkaGroupEvent) -> Taker? {
        guard !finished else { return nil }
        if let waiting = taker {
            taker = nil
            return waiting
        }
        switch event {
        case .message: bufferedMessages += 1
        case .failed(let error):
            guard bufferedFailures < Self.bufferedFailuresMax || error.disposition == .fatal else { return nil }
            bufferedFailures += 1
        case .assigned, .revoking: break
        }
        events.append(event)
        return nil
    }
    mutating func take(_ waiter: Taker) -> Take {
        precondition(taker == nil, "the events of a group are read by one task")
        if let event = events.removeFirst() {
            switch event {
            case .message: bufferedMessages -= 1
            case .failed: bufferedFailures -= 1
            case .assigned, .revoking: break
            }
            return .now(event)
        }
        if finished { return .now(nil) }
        taker = waiter
        return .wait
    }
    mutating func stopTaking() -> Taker? {
        defer { taker = nil }
        return taker
    }
    mutating func finish() -> Taker? {
        finished = true
        return stopTaking()
    }

    // MARK: commits

    mutating func startCommit(_ waiter: Committer, sentAt: Duration) -> UInt {
        defer { nextCommit += 1 }
        commits[nextCommit] = (sentAt, waiter)
        return nextCommit
    }
    mutating func answerCommit(_ id: UInt) -> (sentAt: Duration, waiter: Committer)? { commits.removeValue(forKey: id) }
    mutating func takeCommits() -> [Committer] {
        defer { commits = [:] }
        return commits.sorted { $0.key < $1.key }.map(\.value.waiter)
    }
}

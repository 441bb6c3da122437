internal import Core
internal import Models

/// When one worker may look again at keys of which it has heard nothing; by its own clock.
struct ReturnTrace {
    private struct Wait {
        /// runs that failed in a row
        var failures = 0
        /// how much had been heard of others when its last run began
        var heard = 0
        /// a message has come since then
        var isTold = false
        /// since its last run has ended
        var notBefore: Instant?
    }
    private var waits: [Key: Wait] = [:]
    /// counts what may be news of any key
    private var heard = 0
    /// as the newest look showed them, and no list has shown them otherwise since
    private var shown: [AddressID: Address] = [:]

    /// What waited is another's, or is told anew.
    mutating func forget() { (waits, shown) = ([:], [:]) }
    mutating func told(_ key: Key) { waits[key, default: Wait()].isTold = true }
    mutating func hears() { heard += 1 }
    mutating func saw(_ address: Address) { if shown.updateValue(address, forKey: address.id) != address { hears() } }
    /// It may be older than the newest look, and mean nothing.
    mutating func listed(_ address: Address) { if shown[address.id] != address { shown[address.id] = nil } }
    mutating func missed(_ id: AddressID) {
        shown[id] = nil
        hears()
    }

    /// - Returns: how much too early that is.
    mutating func started(_ key: Key, _ local: Instant) -> Duration? {
        let wait = waits[key] ?? Wait()
        waits[key] = Wait(failures: wait.failures, heard: heard)
        guard let notBefore = wait.notBefore, local < notBefore, !wait.isTold, wait.heard == heard else { return nil }
        return notBefore - local
    }

    mutating func finished(_ key: Key, _ outcome: ReconcileOutcome, _ local: Instant, _ limits: Limits.Shard) {
        var wait = waits[key] ?? Wait()
        switch outcome {
        case .settled: (wait.failures, wait.notBefore) = (0, nil)
        case .again(let after, _): (wait.failures, wait.notBefore) = (0, local + after)
        case .retry:
            wait.failures += 1
            wait.notBefore = local + min(limits.backoffFirst * (1 << min(wait.failures - 1, 20)), limits.backoffMax)
        case .abandoned: wait.notBefore = local + limits.abandonedWait
        }
        waits[key] = wait
    }
}

/// When a leader may publish again after what did not arrive; by its own clock.
struct SendTrace {
    private var failures = 0
    private var until = Instant.anyTime

    /// - Returns: how much too early that is.
    func sends(_ local: Instant) -> Duration? { local < until ? until - local : nil }

    /// It works again: a long wait is not sat out.
    mutating func arrived(_ local: Instant, _ limits: Limits.Outbox) {
        failures = 0
        until = min(until, local + limits.backoffFirst)
    }
    /// What was sent together fails together, and counts once.
    mutating func failed(_ local: Instant, _ limits: Limits.Outbox) {
        if local < until { return }
        failures += 1
        until = local + min(limits.backoffFirst * (1 << min(failures - 1, 20)), limits.backoffMax)
    }
}

// What failed is tried again later, and later still if it goes on failing.
extension Checks {
    /// Keys are looked at again when they said, or when something is heard that may be of them.
    func returns(_ side: WorkerSide, _ effects: [Worker.Effect], _ local: Instant) {
        var trace = returning[side.id] ?? ReturnTrace()
        // Whose claim names another EIP, or goes, lets others have the one it named.
        for case .perform(_, _, let effect, _) in effects where effect.mayLetGo { trace.hears() }
        for effect in effects {
            switch effect {
            case .started(let key):
                if let early = trace.started(key, local) { fail("limits", "\(key.name): looked at again \(early) too early, and nothing was heard") }
            case .finished(let key, let outcome): trace.finished(key, outcome, local, limits.shard)
            case .perform, .list, .describe, .commit, .pause, .resume, .relinquish, .wake: break
            }
        }
        returning[side.id] = trace
    }

    func publishes(_ change: KeyChanged, _ trace: SendTrace, _ local: Instant) {
        if let early = trace.sends(local) { fail("limits", "\(change.key.name): published \(early) before the wait is over after one that failed") }
    }
}

extension ReconcileEffect {
    fileprivate var mayLetGo: Bool {
        switch self {
        case .replaceSpec, .deleteClaim, .removeFinalizer: true
        default: false
        }
    }
}

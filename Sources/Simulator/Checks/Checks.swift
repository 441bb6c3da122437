internal import Core
internal import Models

/// The promises, watched from outside: what was asked of the servers, when, by whom, and what the servers hold. It knows nothing of
/// what a machine believes.
final class Checks {
    unowned let sim: Simulation
    private(set) var violation: Report.Violation?
    var counts = Report.Counts()
    var runs: [RunID: RunTrace] = [:]
    var offsets: [Int: OffsetTrace] = [:]
    var waits: [Int: WaitTrace] = [:]
    var sights: [Int: [AddressID: [Sight]]] = [:]
    /// by side: what its newest look did not find
    var misses: [Int: [AddressID: Misses]] = [:]
    /// who was given the key's partition last, and when
    var owners: [Int: [Int: (side: Int, at: Instant)]] = [:]
    /// calls of the last second, and whose they were
    var windows: [Window: [(at: Instant, side: Int)]] = [:]
    /// addresses allocated for a key
    var allocated: [AddressID: Key] = [:]
    /// by claim and serial: a serial never yields two
    var serials: [String: AddressID] = [:]
    /// named by nobody because the claim was deleted under a living pod
    var unclaimed: Set<AddressID> = []
    /// keys whose claims a rollback changed, and when it last did: what was true of them may be undone
    var undone: [Key: Instant] = [:]
    /// by cluster: the newest term whose leader has acted
    var terms: [String: Leadership.Term] = [:]
    /// keys whose claim was deleted, or made not static, since its pod or its claim last came to be: a release is in order
    var mayHaveChanged: Set<Key> = []
    /// when the claim last said that its address is bound, or about to be, or about to be unbound
    var servedAt: [Key: Instant] = [:]
    /// when the claim last came to say that it is kept for the next pod
    var retainedAt: [Key: Instant] = [:]
    /// by clocks that run fast and are off
    var observation: Duration { least(sim.draw.observation) }
    func expireAfter(_ claim: Claim?) -> Duration { least(claim?.spec.expireAfter ?? sim.draw.expireAfter) }
    private func least(_ time: Duration) -> Duration { time - time / 100 - .seconds(4) }

    /// addresses of which an unbinding was executed last, and when
    var unboundAt: [AddressID: Instant] = [:]
    /// listed EIPs that are bound, and whose claim was deleted under the living pod: a crash before the next claim says where they were
    /// bound leaves them to people
    var forgottenBindings: Set<AddressID> = []
    /// a Lease that is rolled back is given out twice: when that last happened
    var rewoundAt: [Int: Instant] = [:]
    /// bindings that were sent and not answered
    var bindings: [EffectTrace] = []
    /// keys whose claim went without its finalizer, by hand, and when that last happened
    var stripped: [Key: Instant] = [:]
    /// by side: keys whose claim it has let go under a living pod, and has not looked at to the end since
    var comebacks: [Int: Set<Key>] = [:]
    /// those of sides that ended, where no message is left that would bring anybody to look at them
    private(set) var interrupted: Set<Key> = []
    /// what the log had was lost
    var wasLogEmptied = false
    /// people change a claim by hand
    private(set) var isEdited = false
    /// what the API server executes at this moment
    var arriving: EffectTrace?
    private var sides = 0

    init(_ sim: Simulation) { self.sim = sim }

    func nextSide() -> Int {
        sides += 1
        return sides
    }

    func fail(_ phase: Report.Phase, _ words: String, rule: String = "converges") {
        guard violation == nil else { return }
        sim.note { "VIOLATION \(rule): \(words)" }
        violation = Report.Violation(phase: phase, rule: rule, words: words)
    }
    func fail(_ rule: String, _ words: String) { fail(.safety, words, rule: rule) }

    var now: Instant { sim.now }
    var limits: Limits { sim.draw.limits }

    func edits(_ body: () -> Void) {
        isEdited = true
        body()
        isEdited = false
    }

    func interrupts(_ side: WorkerSide) {
        let keys = comebacks.removeValue(forKey: side.id) ?? []
        if !sim.draw.usesKafka || wasLogEmptied { interrupted.formUnion(keys) }
    }

    // MARK: limits

    func limits(_ machine: Worker) {
        if machine.running > limits.shard.runsMax { fail("limits", "\(machine.running) runs at once, \(limits.shard.runsMax) are allowed") }
    }
    /// More messages are asked for. What was asked for before it had enough is still taken.
    func limits(fetchOf machine: Worker) {
        let count = machine.holdingCount
        if count >= limits.shard.keysMax { fail("limits", "more messages for a worker where \(count) keys hold offsets back") }
    }

    func limits(list limit: Int) { if limit > limits.mirror.pageCountMax { fail("limits", "a page of \(limit) addresses asked for") } }
    func limits(describe ids: [AddressID]) {
        if ids.isEmpty || ids.count > limits.mirror.batchIDsMax { fail("limits", "a look at \(ids.count) addresses") }
        if Set(ids).count < ids.count { fail("limits", "one address twice in a look") }
    }
    func limits(inFlight count: Int) { if count > Outbox.inFlightMax { fail("limits", "\(count) publications on their way") } }

    // MARK: the account's rates

    struct Window: Hashable {
        var account: Int
        var action: CloudAction
    }

    /// Never more than the documented rate in any second, and one more for every worker that called; of one slot, whose worker has the
    /// whole budget, exactly the rate, as far as its clock tells seconds. By the moment of deciding, as a replica that stood still sends
    /// late what it decided before.
    func calls(_ action: CloudAction, _ decided: Decision, by side: Int, _ account: Account) {
        counts.calls += 1
        let window = Window(account: account.index, action: action)
        var recent = windows[window] ?? []
        recent.append((decided.at, side))
        recent.removeAll { decided.at - $0.at >= .seconds(1) }
        windows[window] = recent
        let rate = action.callsPerSecond
        if recent.count > rate + account.replicas.count {
            return fail("promise 7", "\(recent.count) \(action.rawValue) within a second, \(rate) are allowed")
        }
        let own = recent.filter { $0.side == side && decided.at - $0.at < .milliseconds(985) }
        if account.map.slots == 1, own.count > rate { fail("promise 7", "\(own.count) \(action.rawValue) of one worker within a second, \(rate) are allowed") }
    }
}

/// One run of one key by one worker.
struct RunID: Hashable {
    var side: Int
    var key: Key
}

extension Pod {
    /// By itself, or with all its containers. Said here again, so that a mistake in the core's `isFinished` is seen.
    var hasEnded: Bool { phase == .succeeded || phase == .failed || isTerminating && containersTerminated }
}

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
    var returning: [Int: ReturnTrace] = [:]
    var sights: [Int: [AddressID: [Sight]]] = [:]
    /// by side: what its newest look did not find
    var misses: [Int: [AddressID: Misses]] = [:]
    /// who was given the key's partition last, and when
    var owners: [Int: [Int: (side: Int, at: Instant)]] = [:]
    var paces: [Int: PaceTrace] = [:]
    var drifts: [Int: DriftTrace] = [:]
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
    /// EIPs that such claims named, and those of them that no claim has named since
    var undoneIDs: Set<AddressID> = []
    var unnamedIDs: Set<AddressID> = []
    /// by cluster: the newest term whose leader has acted
    var terms: [String: Leadership.Term] = [:]
    /// keys whose claim was deleted, or made not static, since it last came to be, or to be static: a release is in order
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
    /// those that messages in the log will bring somebody to, as long as the log has them
    private var toBeReplayed: Set<Key> = []
    /// what the log had was lost
    private var wasLogEmptied = false
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
        for key in comebacks.removeValue(forKey: side.id) ?? [] { interrupts(key) }
    }
    private func interrupts(_ key: Key) {
        if !sim.draw.usesKafka || wasLogEmptied { interrupted.insert(key) } else { toBeReplayed.insert(key) }
    }
    func logIsEmptied() {
        wasLogEmptied = true
        interrupted.formUnion(toBeReplayed)
        toBeReplayed = []
    }
    /// A run has come to its end, whoever's: what was left of the key is dealt with.
    func looksToTheEnd(_ side: Int, _ key: Key) {
        comebacks[side]?.remove(key)
        toBeReplayed.remove(key)
    }

    /// A run lets a claim go under a living pod; it may be over by the time that this is executed.
    func letsGo(_ key: Key, _ side: Int, _ run: RunTrace) {
        run.hasLetGo = true
        if runs[RunID(side: side, key: key)] === run { comebacks[side, default: []].insert(key) } else { interrupts(key) }
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

internal import Core

/// Which keys of one worker wait to be looked at, and which are being looked at.
struct WaitTrace {
    private struct Wait {
        /// may be later than now: it is to be looked at again then
        var since: Instant
        /// runs of other keys that began meanwhile
        var passed = 0
    }
    private var waits: [Key: Wait] = [:]
    private var running: Set<Key> = []

    var runningCount: Int { running.count }

    mutating func told(_ key: Key, _ now: Instant) { if waits[key].map({ $0.since > now }) ?? true { waits[key] = Wait(since: now) } }

    mutating func started(_ key: Key, _ now: Instant) {
        waits[key] = nil
        running.insert(key)
        for (other, wait) in waits where !running.contains(other) && wait.since <= now { waits[other]?.passed += 1 }
    }

    /// - Parameter again: how long after now it is to be looked at again, if it is.
    mutating func finished(_ key: Key, again: Duration?, _ now: Instant) {
        running.remove(key)
        if waits[key] != nil {
            waits[key] = Wait(since: now)
        } else if let again {
            waits[key] = Wait(since: now + again)
        }
    }

    /// What waits is another's, or is told anew.
    mutating func forget() { waits = [:] }

    /// It stood still.
    mutating func restart(_ now: Instant) { for (key, wait) in waits { waits[key]?.since = max(wait.since, now) } }

    /// A key that waits for too long, or that too many others were preferred to.
    func starving(_ now: Instant, passedMax: Int, waitMax: Duration) -> String? {
        for (key, wait) in waits.sorted(by: { $0.key < $1.key }) where !running.contains(key) {
            if wait.passed > passedMax { return "\(key.name): waits, and \(wait.passed) runs of others have begun since" }
            if now - wait.since > waitMax { return "\(key.name): waits for \(now - wait.since)" }
        }
        return nil
    }
}

/// Promise 6, while everything goes wrong: a key that could be looked at is, whatever the others do and whichever cluster is away.
extension Checks {
    private var keys: Int { sim.draw.names * sim.draw.clusters }
    /// Turns go round clusters and namespaces, and half of them to what changed.
    private var passedMax: Int { keys * 3 }
    /// A run takes a minute when most of its calls are waited for in vain; so many run at once.
    private var waitMax: Duration { .seconds(120 + 60 * keys / limits.shard.runsMax) }

    /// A run that does not settle is looked at again when it says so, parked or not, as long as its partition is this worker's.
    func again(_ side: WorkerSide, _ key: Key, _ outcome: ReconcileOutcome) -> Duration? {
        let account = side.replica.account
        guard side.machine.partitions.contains(account.map.partition(of: key, of: account.place)) else { return nil }
        switch outcome {
        case .again(let after, _): return after
        case .retry: return limits.shard.backoffMax * 2
        case .settled, .abandoned: return nil
        }
    }
    func gaveUp(_ side: WorkerSide) {
        waits[side.id]?.forget()
        returning[side.id]?.forget()
        interrupts(side)
    }

    func checkWaits(_ side: Int) {
        guard let words = waits[side]?.starving(now, passedMax: passedMax, waitMax: waitMax) else { return }
        fail("promise 6", words)
    }
    /// Now and then, whether or not anything happens.
    func look() {
        for replica in sim.accounts.flatMap(\.replicas) where replica.isRunning {
            guard let side = replica.worker else { continue }
            checkWaits(side.id)
            checkDrift(side, replica.now().instant)
        }
    }
}

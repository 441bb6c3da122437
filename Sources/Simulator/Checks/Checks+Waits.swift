internal import Core

/// Which keys of one worker wait to be looked at, and which are being looked at.
struct WaitTrace {
    private struct Wait {
        var since: Instant
        /// runs of other keys that began meanwhile
        var passed = 0
    }
    private var waits: [Key: Wait] = [:]
    private var running: Set<Key> = []

    mutating func told(_ key: Key, _ now: Instant) { if waits[key] == nil { waits[key] = Wait(since: now) } }

    mutating func started(_ key: Key) {
        waits[key] = nil
        running.insert(key)
        for other in waits.keys where !running.contains(other) { waits[other]?.passed += 1 }
    }

    mutating func finished(_ key: Key, _ now: Instant) {
        running.remove(key)
        if waits[key] != nil { waits[key] = Wait(since: now) }
    }

    /// What waits is another's, or is told anew.
    mutating func forget() { waits = [:] }

    /// It stood still.
    mutating func restart(_ now: Instant) { for key in waits.keys { waits[key]?.since = now } }

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

    func checkWaits(_ side: Int) {
        guard let words = waits[side]?.starving(now, passedMax: passedMax, waitMax: waitMax) else { return }
        fail("promise 6", words)
    }
    func stoodStill(_ replica: Replica) { if let side = replica.worker?.id { waits[side]?.restart(now) } }
}

internal import Core
internal import Models

/// When one worker did what may be done only so often, or for so long; all by its own clock.
struct PaceTrace {
    /// sending of the newest commit that was acknowledged: what ownership is proven by
    var provenAt: Instant?
    /// sending of the last regular commit of this assignment, and the earliest next one when it failed
    var committedAt: Instant?
    var retryAt: Instant?
    /// regular commits that were not answered
    var committing: Set<Int> = []
    /// until when what is revoked has to be given back
    var drainUntil: Instant?
    /// of the last two looks that were not halves
    var looks: [Instant] = []
    /// asked for together, and refused for one of them: each half is asked for at once
    var refused: Set<AddressID> = []
    /// what the last page of a list that goes on began with and ended before
    var page: (first: Int, end: Int)?
    var throttles: [CloudAction: Throttle] = [:]

    /// Replies in a row that said "throttled", those of one moment counted once.
    struct Throttle {
        var count = 0
        var countedAt: Instant
        /// nothing is asked before then
        var until: Instant
    }
}

/// The bounds of `Limits`: how many at once, how often, and how long.
extension Checks {
    // MARK: how many

    func limits(_ machine: Worker) {
        if machine.running > limits.shard.runsMax { fail("limits", "\(machine.running) runs at once, \(limits.shard.runsMax) are allowed") }
    }
    /// More messages are asked for. What was asked for before it had enough is still taken.
    func limits(fetchOf machine: Worker) {
        let count = machine.holdingCount
        if count >= limits.shard.keysMax { fail("limits", "more messages for a worker where \(count) keys hold offsets back") }
    }
    /// A worker with its queue in memory takes one: those that were on their way when it had enough are still taken.
    func limits(taking machine: Worker) {
        let count = machine.holdingCount
        if count >= limits.shard.keysMax + Outbox.inFlightMax { fail("limits", "a message for a worker where \(count) keys hold offsets back") }
    }
    func limits(inFlight count: Int) { if count > Outbox.inFlightMax { fail("limits", "\(count) publications on their way") } }

    // MARK: ownership

    /// What a worker decided, at that moment of its clock.
    func decided(_ side: WorkerSide, _ effects: [Worker.Effect], _ local: Instant) {
        let held = side.machine.partitions
        let isGivingBack = effects.contains { if case .relinquish = $0 { true } else { false } }
        if isGivingBack { paces[side.id]?.drainUntil = nil }
        // what waited while it stood still comes in the order in which it came
        if let until = paces[side.id]?.drainUntil, local > until, local > side.replica.resumedAt {
            fail("limits", "what was revoked is not given back after \(limits.shard.drainMax)")
        }
        for effect in effects {
            switch effect {
            case .perform(let key, _, let effect, _): if effect.isMutating { checkProof(side, key, effect, local) }
            case .commit(let id, _): if !isGivingBack { checkCommit(side, id, local) }
            case .started, .list, .describe, .finished, .pause, .resume, .relinquish, .wake: break
            }
        }
        guard !held.isEmpty, let pace = paces[side.id], let last = pace.committedAt, pace.committing.isEmpty, pace.retryAt == nil else { return }
        // five seconds for a replica that has just stood still
        if local - last > limits.shard.sessionTimeout / 4 + .seconds(5), side.replica.resumedAt < last {
            fail("limits", "no commit for \(local - last), and ownership ends without one")
        }
    }

    func revoked(_ side: WorkerSide, _ local: Instant) {
        if side.machine.partitions.isEmpty { return }
        paces[side.id, default: PaceTrace()].drainUntil = local + limits.shard.drainMax
    }

    /// Another assignment, or none: what was timed under the one before counts no more.
    func begins(_ side: WorkerSide) {
        paces[side.id, default: PaceTrace()].committedAt = nil
        paces[side.id]?.retryAt = nil
        paces[side.id]?.drainUntil = nil
    }

    func acknowledged(_ side: WorkerSide, _ id: Int, sentAt: Instant?, _ local: Instant) {
        let isRegular = paces[side.id, default: PaceTrace()].committing.remove(id) != nil
        if let sentAt {
            let before = paces[side.id]?.provenAt ?? sentAt
            paces[side.id]?.provenAt = max(before, sentAt)
        } else if isRegular {
            paces[side.id]?.retryAt = local + limits.shard.commitRetry
        }
    }

    private func checkProof(_ side: WorkerSide, _ key: Key, _ effect: ReconcileEffect, _ local: Instant) {
        let time = limits.shard.sessionTimeout - limits.shard.sessionMargin
        guard let proven = paces[side.id]?.provenAt, local - proven < time else {
            return fail("limits", "\(key.name): \(effect.verb) \(time) after the last commit that was acknowledged, or later")
        }
    }

    private func checkCommit(_ side: WorkerSide, _ id: Int, _ local: Instant) {
        let pace = paces[side.id, default: PaceTrace()]
        if let earliest = pace.retryAt ?? pace.committedAt.map({ $0 + limits.shard.commitEvery }), local < earliest {
            fail("limits", "a commit \(earliest - local) too early")
        }
        if !pace.committing.isEmpty { fail("limits", "a commit while another is under way") }
        paces[side.id]?.committedAt = local
        paces[side.id]?.retryAt = nil
        paces[side.id]?.committing = [id]
    }

    // MARK: the Lease

    /// It acts as long as its newest renewal says.
    func limits(leading cluster: Cluster, _ proven: Instant?, _ local: Instant) {
        guard let proven, local - proven < limits.leadership.renewDeadline else {
            return fail("limits", "\(cluster.link.name): led \(limits.leadership.renewDeadline) after the last renewal, or later")
        }
    }
    /// It lets the API server be for a while after each renewal.
    func limits(asking cluster: Cluster, _ wrote: Instant?, _ local: Instant) {
        guard let wrote, local - wrote < limits.leadership.retryPeriod else { return }
        fail("limits", "\(cluster.link.name): its Lease is asked for \(local - wrote) after it was written")
    }
    /// It is written over another's, which was not given up: nobody renewed it for as long as it says. By a clock that is fast. After a
    /// rollback its versions are given out anew, and who saw the one before may take the one that comes now for it.
    func takes(_ cluster: Cluster, _ before: LeaseRecord, since: Instant?, _ after: LeaseRecord) {
        guard let since, !before.holder.isEmpty, !after.holder.isEmpty, before.holder != after.holder else { return }
        if let at = rewoundAt[cluster.account.index], now - at < .seconds(60) { return }
        if now - since < before.leaseDuration - before.leaseDuration / 100 {
            fail("limits", "\(cluster.link.name): \(after.holder) takes the Lease \(now - since) after \(before.holder) renewed it")
        }
    }

    // MARK: looks and lists

    /// Looks are as far apart as they have to be, but for the halves of one that was refused. One that waited for its turn is as near to
    /// the next, and none of three.
    func limits(describe ids: [AddressID], _ side: WorkerSide, _ local: Instant) {
        if ids.isEmpty || ids.count > limits.mirror.batchIDsMax { fail("limits", "a look at \(ids.count) addresses") }
        if Set(ids).count < ids.count { fail("limits", "one address twice in a look") }
        var pace = paces[side.id, default: PaceTrace()]
        if pace.refused.isSuperset(of: ids) {
            pace.refused.subtract(ids)
        } else {
            if pace.looks.count == 2, local - pace.looks[0] < limits.mirror.pollEvery { fail("limits", "three looks within \(local - pace.looks[0])") }
            pace.looks = pace.looks.suffix(1) + [local]
        }
        paces[side.id] = pace
    }
    func refused(_ side: WorkerSide, _ ids: [AddressID]) { paces[side.id, default: PaceTrace()].refused.formUnion(ids) }

    /// A page begins with the list, or shares with the one before what pages share.
    func limits(list limit: Int, from offset: Int, _ side: WorkerSide) {
        if limit > limits.mirror.pageCountMax { fail("limits", "a page of \(limit) addresses asked for") }
        guard offset > 0 else { return }
        guard let page = paces[side.id]?.page else { return fail("limits", "a list is begun at \(offset)") }
        // asked for again, as it failed
        if offset == page.first { return }
        if offset != max(page.first + 1, page.end - limits.mirror.pageOverlap) {
            fail("limits", "a page from \(offset), the one before began at \(page.first) and ended before \(page.end)")
        }
    }
    func listed(_ side: WorkerSide, from offset: Int, count: Int) { paces[side.id, default: PaceTrace()].page = (offset, offset + count) }

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
        checkYielding(action, decided, by: side)
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

    /// A worker that is told that others use the account waits, twice as long each time. Reads alone: what changes something had its turn
    /// before its intent was written.
    private func checkYielding(_ action: CloudAction, _ decided: Decision, by side: Int) {
        guard !action.isMutating, let throttle = paces[side]?.throttles[action], decided.local < throttle.until else { return }
        fail("promise 7", "\(action.rawValue) \(throttle.until - decided.local) before the wait is over that \(throttle.count) throttled in a row ask for")
    }

    /// nil: the cloud served it, or refused it for its own sake.
    func answered(_ action: CloudAction, _ kind: CloudErrorClass?, _ side: WorkerSide, _ local: Instant) {
        switch kind {
        case .throttled:
            var throttle = paces[side.id, default: PaceTrace()].throttles[action] ?? PaceTrace.Throttle(countedAt: .anyTime, until: local)
            if throttle.countedAt != .anyTime, local - throttle.countedAt < limits.pacing.throttleWindow { return }
            let wait = min(limits.pacing.backoffFirst * (1 << min(throttle.count, 20)), limits.pacing.backoffMax)
            throttle.count += 1
            throttle.countedAt = local
            throttle.until = max(throttle.until, local + wait)
            paces[side.id]?.throttles[action] = throttle
        case .transient, .authorisation: break
        case nil, .busy, .alreadyThere, .conflict, .podSideChanged, .lost, .quota, .terminal, .newToken: paces[side.id]?.throttles[action]?.count = 0
        }
    }
}

internal import Core
internal import Models

/// When one worker did what may be done only so often, or for so long; all by its own clock.
struct PaceTrace {
    /// sending of the newest commit that was acknowledged: what ownership is proven by
    var provenAt: Instant?
    /// of partitions
    var assignedAt: Instant?
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
    /// lists, and looks, that failed in a row, and the earliest next one
    var failures: [Question: (count: Int, until: Instant)] = [:]

    enum Question {
        case list
        case look
    }

    /// after refusals for want of permission in a row: nothing is asked before then, and then one to see
    var breakers: [CloudAction: (count: Int, until: Instant)] = [:]
    mutating func closed(_ action: CloudAction, _ local: Instant, _ limits: Limits.Pacing) {
        let count = breakers[action]?.count ?? 0
        breakers[action] = (count + 1, local + min(limits.breakerFirst * (1 << min(count, 20)), limits.breakerMax))
    }

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

    func limits(_ side: WorkerSide) {
        let count = waits[side.id]?.runningCount ?? 0
        if count > limits.shard.runsMax { fail("limits", "\(count) runs at once, \(limits.shard.runsMax) are allowed") }
    }
    /// More messages are asked for. What was asked for before it had enough is still taken; who has given everything up keeps none.
    func limits(fetchOf side: WorkerSide) {
        if side.machine.partitions.isEmpty { return }
        let count = offsets[side.id]?.holdingCount ?? 0
        if count >= limits.shard.keysMax { fail("limits", "more messages for a worker where \(count) keys hold offsets back") }
    }
    /// A worker with its queue in memory takes one: those that were on their way when it had enough are still taken.
    func limits(taking side: WorkerSide) {
        if side.machine.partitions.isEmpty { return }
        let count = offsets[side.id]?.holdingCount ?? 0
        if count >= limits.shard.keysMax + sim.draw.slots * limits.outbox.inFlightMax {
            fail("limits", "a message for a worker where \(count) keys hold offsets back")
        }
    }
    func limits(inFlight count: Int) { if count > limits.outbox.inFlightMax { fail("limits", "\(count) publications to one partition on their way") } }

    // MARK: ownership

    /// What a worker decided, at that moment of its clock.
    func decided(_ side: WorkerSide, _ effects: [Worker.Effect], _ local: Instant) {
        returns(side, effects, local)
        let held = side.machine.partitions
        let isGivingBack = effects.contains { if case .relinquish = $0 { true } else { false } }
        if isGivingBack { paces[side.id]?.drainUntil = nil }
        // what waited while it stood still comes in the order in which it came
        let lateness = sim.draw.faults.timerLateness
        if let until = paces[side.id]?.drainUntil, local > until + lateness, local > side.replica.resumedAt + lateness {
            fail("limits", "what was revoked is not given back after \(limits.shard.drainMax)")
        }
        for effect in effects {
            switch effect {
            case .perform(let key, _, let effect, _): if effect.isMutating { checkProof(side, key, effect, local) }
            case .commit(let id, _): if !isGivingBack { checkCommit(side, id, local) }
            case .started, .list, .describe, .finished, .pause, .resume, .relinquish, .wake: break
            }
        }
        guard !held.isEmpty, let pace = paces[side.id], pace.committing.isEmpty else { return }
        guard let due = pace.retryAt ?? pace.committedAt.map({ $0 + limits.shard.sessionTimeout / 4 }) ?? pace.assignedAt else { return }
        // what waited while it stood still comes in the order in which it came
        if local - due > .milliseconds(100) + lateness, local > side.replica.resumedAt + lateness {
            fail("limits", "no commit \(local - due) after it was due")
        }
    }

    func revoked(_ side: WorkerSide, _ local: Instant) {
        if side.machine.partitions.isEmpty { return }
        paces[side.id, default: PaceTrace()].drainUntil = local + limits.shard.drainMax
    }

    /// Another assignment, or none: what was timed under the one before counts no more.
    func begins(_ side: WorkerSide) {
        paces[side.id, default: PaceTrace()].assignedAt = side.replica.now().instant
        paces[side.id]?.committedAt = nil
        paces[side.id]?.drainUntil = nil
        drifts[side.id, default: DriftTrace()].reassigned(side.replica.now().instant)
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
    /// It lets the API server be for a while after each renewal, after each look of a follower, and after what was not answered.
    func limits(asking cluster: Cluster, _ before: Instant?, _ local: Instant) {
        guard let before, local - before < limits.leadership.retryPeriod else { return }
        fail("limits", "\(cluster.link.name): its Lease is asked for \(local - before) after it was the last time")
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
        checkBackoff(.look, side, local)
        for id in ids { drifts[side.id, default: DriftTrace()].lookedAt(id, local) }
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
    func limits(list limit: Int, from offset: Int, _ side: WorkerSide, _ local: Instant) {
        checkBackoff(.list, side, local)
        drifts[side.id, default: DriftTrace()].listDueAt = nil
        drifts[side.id]?.isListing = true
        if limit > limits.mirror.pageCountMax { fail("limits", "a page of \(limit) addresses asked for") }
        guard offset > 0 else { return }
        guard let page = paces[side.id]?.page else { return fail("limits", "a list is begun at \(offset)") }
        // asked for again, as it failed
        if offset == page.first { return }
        if offset != max(page.first + 1, page.end - limits.mirror.pageOverlap) {
            fail("limits", "a page from \(offset), the one before began at \(page.first) and ended before \(page.end)")
        }
    }
    func listed(_ side: WorkerSide, from offset: Int, _ addresses: [Address], total: Int, _ local: Instant) {
        returning[side.id, default: ReturnTrace()].hears()
        for address in addresses { returning[side.id]?.listed(address) }
        let end = offset + addresses.count
        let pages = 1 + max(total, end) / limits.mirror.pageCountMax
        var pace = paces[side.id] ?? PaceTrace()
        pace.page = (offset, end)
        pace.failures[.list] = nil
        // the rest of it, or another after it moved while it was read, comes sooner
        drifts[side.id, default: DriftTrace()].endsList(
            nextAt: local + max(limits.mirror.relistEvery, limits.mirror.relistPerPage * pages, limits.mirror.backoffMax))
        paces[side.id] = pace
    }
    func looked(_ side: WorkerSide, _ found: [Address] = []) {
        for address in found { returning[side.id, default: ReturnTrace()].saw(address) }
        paces[side.id]?.failures[.look] = nil
    }

    /// It was not served: the next one waits, twice as long each time.
    func failed(_ question: PaceTrace.Question, _ side: WorkerSide, _ local: Instant) {
        let count = (paces[side.id, default: PaceTrace()].failures[question]?.count ?? 0) + 1
        let wait = min(limits.mirror.backoffFirst * (1 << min(count - 1, 20)), limits.mirror.backoffMax)
        paces[side.id]?.failures[question] = (count, local + wait)
        if question == .list { drifts[side.id, default: DriftTrace()].endsList(nextAt: local + wait) }
    }
    private func checkBackoff(_ question: PaceTrace.Question, _ side: WorkerSide, _ local: Instant) {
        guard let failed = paces[side.id]?.failures[question], local < failed.until else { return }
        fail("limits", "a \(question) \(failed.until - local) before the wait is over after \(failed.count) that failed in a row")
    }

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
        if !action.isMutating, let breaker = paces[side]?.breakers[action], decided.local < breaker.until {
            fail("promise 7", "\(action.rawValue) \(breaker.until - decided.local) too early after \(breaker.count) refused in a row for want of permission")
        }
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
        case .authorisation: paces[side.id, default: PaceTrace()].closed(action, local, limits.pacing)
        case .transient: break
        case nil, .busy, .alreadyThere, .conflict, .podSideChanged, .lost, .quota, .terminal, .newToken:
            paces[side.id]?.throttles[action]?.count = 0
            paces[side.id]?.breakers[action] = nil
        }
    }
}

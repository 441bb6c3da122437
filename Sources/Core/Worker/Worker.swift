/// One worker: what the queue gives it (`Intake`) and what it does with that (`Reconciler`), and how the two answer each other.
/// A state machine like its parts: events in, effects out, in the order in which they are to be performed.
///
/// It promises that every call goes out with the proof of ownership that held when it was decided. It does not promise that the
/// shell performs it at once: that is what the request's life and the conditional writes are for.
public struct Worker: Sendable {
    public enum Event: Hashable, Sendable {
        case start
        /// partitions are this worker's from now on, each beginning there
        case assigned([PartitionOffset])
        /// All of them are to be given back, to the broker or because the process ends; answered by `relinquish`.
        case revoked
        /// all of them are another's already
        case lost
        case message(partition: Int, offset: Int64, key: Key?, cause: Cause)
        case committed(Int, sentAt: Instant)
        case commitFailed(Int)
        /// the answer to a `perform`
        case answered(Key, run: Int, ReconcileEvent)
        /// the answer to `list` or `describe`
        case mirror(CloudMirror.Event)
        case wake
    }

    public enum Effect: Hashable, Sendable {
        case started(Key)
        /// one read, write or call; answered by `answered`, but for `say`, `took` and `record`. `proof` is what the life of a call
        /// counts from: the last proof of ownership, or the call's intent, whichever is older
        case perform(Key, run: Int, ReconcileEffect, proof: Instant)
        case list(offset: Int, limit: Int)
        case describe([AddressID])
        case finished(Key, ReconcileOutcome)
        /// OffsetCommit; answered by `committed` or `commitFailed` with the number
        case commit(Int, [PartitionOffset])
        /// take no more messages of these
        case pause([Int])
        case resume([Int])
        /// give these back, after the commit before it was answered or its time is over
        case relinquish([Int])
        /// One timer: a new one replaces the one before it.
        case wake(at: Instant)
    }

    private enum Part {
        case intake(Intake.Effect)
        case reconciler(Reconciler.Effect)
    }

    private let place: AccountRegion
    private let map: ShardMap
    private var intake: Intake
    private var reconciler: Reconciler
    /// what the parts want done, in the order in which they decided it
    private var wanted: Deque<Part> = []
    private var intakeWake: Instant?
    private var reconcilerWake: Instant?
    private var nextWake: Instant?
    /// slots of the account-region that are this worker's
    public private(set) var slotsOwned = 0

    /// `seed` spreads waits; any number that differs between processes.
    public init(place: AccountRegion, map: ShardMap, policy: Policy, limits: Limits = Limits(), seed: UInt64) {
        self.place = place
        self.map = map
        intake = Intake(limits: limits.shard, seed: seed)
        reconciler = Reconciler(policy: policy, limits: limits, seed: seed)
    }

    // MARK: Questions

    /// Partitions that are ours and not being given up, in order.
    public var partitions: [Int] { intake.partitions }
    public var running: Int { reconciler.running }
    public var keyCount: Int { intake.keyCount }
    /// Those that count for `Limits.Shard.keysMax`.
    public var holdingCount: Int { intake.holdingCount }
    public var isMirrorComplete: Bool { reconciler.isMirrorComplete }
    /// Calls that wait for their turn, and the part of the documented rate that is used at most.
    public func pace(_ action: CloudAction) -> (waiting: Int, factor: Double) { reconciler.pace(action) }
    /// Whether the run of that key may still change anything.
    public func mayAct(on key: Key, now: Instant) -> Bool { intake.mayAct(on: key, now: now) }

    // MARK: Events

    public mutating func handle(_ event: Event, now: Now) -> [Effect] {
        var out: [Effect] = []
        switch event {
        case .start: feed(.start, now)
        case .assigned(let starts):
            feed(.takeover, now)
            feed(.assigned(starts), now)
            share(now)
        case .revoked:
            feed(.revoked(intake.partitions), now)
            share(now)
        case .lost:
            feed(.lost(intake.partitionsOfAnyKind), now)
            share(now)
        case .message(let partition, let offset, let key, let cause): feed(.message(partition: partition, offset: offset, key: key, cause: cause), now)
        case .committed(let id, let sentAt): feed(.committed(id, sentAt: sentAt), now)
        case .commitFailed(let id): feed(.commitFailed(id), now)
        case .answered(let key, let run, let event): feed(.answered(key, run: run, event), now)
        case .mirror(let event): feed(.mirror(event), now)
        case .wake: wake(now)
        }
        // One effect of a part can make the other decide more: that comes after what was decided before.
        while let part = wanted.popFirst() {
            switch part {
            case .intake(let effect): route(effect, now, &out)
            case .reconciler(let effect): route(effect, now, &out)
            }
        }
        if let next = [intakeWake, reconcilerWake].compactMap({ $0 }).min(), next != nextWake {
            nextWake = next
            out.append(.wake(at: next))
        }
        return out
    }

    private mutating func wake(_ now: Now) {
        nextWake = nil
        if let at = intakeWake, at <= now.instant {
            intakeWake = nil
            feed(Intake.Event.wake, now)
        }
        if let at = reconcilerWake, at <= now.instant {
            reconcilerWake = nil
            feed(Reconciler.Event.wake, now)
        }
    }

    private mutating func share(_ now: Now) {
        slotsOwned = map.slotsOwned(of: place, in: intake.partitions)
        feed(.slots(owned: slotsOwned, of: map.slots), now)
    }

    private mutating func feed(_ event: Intake.Event, _ now: Now) {
        for effect in intake.handle(event, now: now.instant) { wanted.append(.intake(effect)) }
    }

    private mutating func feed(_ event: Reconciler.Event, _ now: Now) {
        for effect in reconciler.handle(event, now: now, mayAct: { [intake] in intake.mayAct(on: $0, now: now.instant) }) { wanted.append(.reconciler(effect)) }
    }

    private mutating func route(_ effect: Intake.Effect, _ now: Now, _ out: inout [Effect]) {
        switch effect {
        case .start(let key, _, _):
            out.append(.started(key))
            feed(.run(key), now)
        case .stop(let key): feed(.stop(key), now)
        case .commit(let id, let offsets): out.append(.commit(id, offsets))
        case .pause: out.append(.pause(intake.partitions))
        case .resume: out.append(.resume(intake.partitions))
        case .relinquish(let partitions): out.append(.relinquish(partitions))
        case .wake(let at): intakeWake = at
        }
    }

    private mutating func route(_ effect: Reconciler.Effect, _ now: Now, _ out: inout [Effect]) {
        switch effect {
        case .perform(let key, let run, let effect):
            let proof = intake.proof ?? now.instant
            out.append(.perform(key, run: run, effect, proof: min(proof, reconciler.intendedAt(key) ?? proof)))
        case .list(let offset, let limit): out.append(.list(offset: offset, limit: limit))
        case .describe(let ids): out.append(.describe(ids))
        case .finished(let key, let outcome):
            out.append(.finished(key, outcome))
            feed(.finished(key, outcome), now)
        case .drifted(let key): feed(.hint(key, .replayed, partition: map.partition(of: key, of: place)), now)
        case .wake(let at): reconcilerWake = at
        }
    }
}

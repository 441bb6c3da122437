/// Many reconciles of one account-region at once, over one mirror of the cloud and one budget of calls. What of their effects
/// can be answered from these is answered here; the rest goes out. A state machine like its parts: no IO, no clock.
public struct Reconciler: Sendable {
    public enum Event: Hashable, Sendable {
        case start
        /// reconcile this key; one run of a key at a time
        case run(Key)
        /// the answer to a `perform`
        case answered(Key, run: Int, ReconcileEvent)
        /// the answer to `list` or `describe`
        case mirror(CloudMirror.Event)
        /// a call outside of any key is over: describes
        case slots(owned: Int, of: Int)
        /// shards came: what their keys' addresses are has to be seen after this, whatever was seen for others before
        case takeover
        /// the key's shard is given up: its run ends before its next step
        case stop(Key)
        case wake
    }

    public enum Effect: Hashable, Sendable {
        /// one read, write or call; answered by `answered`, but for `say` and `took`
        case perform(Key, run: Int, ReconcileEffect)
        case list(offset: Int, limit: Int)
        case describe([AddressID])
        case finished(Key, ReconcileOutcome)
        /// an address that concerns that key changed at the cloud, and the key does not wait for it: it should be looked at
        case drifted(Key)
        case wake(at: Instant)
    }

    /// how old the observation that an address is not there may be
    static let missingFresh = Duration.seconds(2)

    private enum Turn: Hashable {
        /// the mutating call that the key's run wants to make
        case key(Key)
        /// that call, about to be sent
        case call(Key, ReconcileEffect)
        /// the look at the interface of a pod's IP that the key's run waits for
        case interface(Key, podIP: String)
        case list(offset: Int, limit: Int)
        case describe([AddressID])

        /// whose run ends with it, or gives it back
        var owner: Key? {
            switch self {
            case .key(let key), .call(let key, _), .interface(let key, _): key
            case .list, .describe: nil
            }
        }
    }
    /// A run and its number: an answer to a run that has ended is not given to the next one.
    private struct Run {
        var number: Int
        var machine: Reconcile
    }
    private struct Waiter {
        var key: Key
        var notBefore: Instant
    }

    private let policy: Policy
    private(set) var mirror: CloudMirror
    private(set) var pacing: Pacing
    private var runs: [Key: Run] = [:]
    private var lastRun = 0
    /// nothing observed before this is believed
    private var believedSince = Instant.anyTime
    private var turns: [Int: Turn] = [:]
    private var turnOf: [Key: Int] = [:]
    private var lastTurn = 0
    private var observers: [AddressID: [Waiter]] = [:]
    private var listers: [Waiter] = []
    private var mirrorWake: Instant?
    private var pacingWake: Instant?
    private var nextWake: Instant?
    /// turns whose runs ended; given back after the event, when nothing else is half done
    private var cancelled: [Int] = []
    private var holders = Holders()

    public init(policy: Policy, limits: Limits = Limits(), seed: UInt64) {
        self.policy = policy
        mirror = CloudMirror(limits: limits.mirror, listingLag: policy.listingLag)
        pacing = Pacing(limits: limits.pacing, seed: seed)
    }

    public var running: Int { runs.count }
    public var isMirrorComplete: Bool { mirror.isComplete }
    /// For metrics: calls that wait for their turn, and the part of the documented rate that is used at most.
    public func pace(_ action: CloudAction) -> (waiting: Int, factor: Double) { (pacing.waitingCount(action), pacing.factor(action)) }
    /// Every address known, for the orphan sweep and metrics.
    public var addresses: [Address] { mirror.addresses }
    /// When the intent of the key's call was decided, if its run has come so far.
    func intendedAt(_ key: Key) -> Instant? { runs[key]?.machine.intendedAt }
    public func isRunning(_ key: Key) -> Bool { runs[key] != nil }

    /// - Parameter mayAct: whether this worker owns the key's shard at this moment.
    public mutating func handle(_ event: Event, now: Now, mayAct: (Key) -> Bool) -> [Effect] {
        var out: [Effect] = []
        switch event {
        case .start: fromMirror(mirror.handle(.start, now: now.instant), now, mayAct, &out)
        case .run(let key):
            precondition(runs[key] == nil, "\(key) is being reconciled")
            lastRun += 1
            runs[key] = Run(number: lastRun, machine: Reconcile(key: key, policy: policy))
            feed(key, .start, now, mayAct, &out)
        case .answered(let key, let run, let event): answered(key, run, event, now, mayAct, &out)
        case .takeover:
            believedSince = now.instant
            fromMirror(mirror.handle(.relist(notBefore: now.instant), now: now.instant), now, mayAct, &out)
        case .mirror(let event):
            if let kind = event.outcome { fromPacing(pacing.handle(.finished(.describeAddresses, kind), now: now.instant), now, mayAct, &out) }
            fromMirror(mirror.handle(event, now: now.instant), now, mayAct, &out)
        case .slots(let owned, let of): fromPacing(pacing.handle(.slots(owned: owned, of: of), now: now.instant), now, mayAct, &out)
        case .stop(let key): if runs[key] != nil { feed(key, .stop, now, mayAct, &out) }
        case .wake: wake(now, mayAct, &out)
        }
        while let turn = cancelled.popLast() { fromPacing(pacing.handle(.cancelled(id: turn), now: now.instant), now, mayAct, &out) }
        // Each part asks for a wake once and trusts that it comes: the shell's one timer is set for the earlier of the two.
        if let next = [mirrorWake, pacingWake].compactMap({ $0 }).min(), next != nextWake {
            nextWake = next
            out.append(.wake(at: next))
        }
        return out
    }

    private mutating func wake(_ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        nextWake = nil
        if let at = pacingWake, at <= now.instant {
            pacingWake = nil
            fromPacing(pacing.handle(.wake, now: now.instant), now, mayAct, &out)
        }
        if let at = mirrorWake, at <= now.instant {
            mirrorWake = nil
            fromMirror(mirror.handle(.wake, now: now.instant), now, mayAct, &out)
        }
    }

    // MARK: the runs

    private mutating func feed(_ key: Key, _ event: ReconcileEvent, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        guard let number = runs[key]?.number else { return }  // it ended meanwhile
        for effect in runs[key]!.machine.handle(event, now: now, mayAct: mayAct(key)) { route(key, number, effect, now, mayAct, &out) }
    }

    private mutating func route(
        _ key: Key, _ run: Int, _ effect: ReconcileEffect, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]
    ) {
        switch effect {
        case .observe(let id, let notBefore): observe(key, id, notBefore, now, mayAct, &out)
        case .listNamed(let notBefore): listNamed(key, notBefore, now, mayAct, &out)
        case .acquire(let verb): request(.key(key), CloudAction(verb), PacingLane(verb), now, mayAct, &out)
        case .readNetworkInterface(let podIP): request(.interface(key, podIP: podIP), .describeNetworkInterfaces, .bind, now, mayAct, &out)
        case .finish(let outcome): finish(key, outcome, &out)
        case .removeFinalizer(let claim):
            if let id = claim.spec.addressID { letGo(id, of: key, claim, now, mayAct, &out) }
            out.append(.perform(key, run: run, effect))
        case .replaceSpec(let claim, let spec):
            if let id = claim.spec.addressID, id != spec.addressID { letGo(id, of: key, claim, now, mayAct, &out) }
            out.append(.perform(key, run: run, effect))
        case .disassociate(let id), .release(let id), .modifyBandwidth(let id, _), .associate(let id, _, _):
            holders.note(key, id)
            depart(key, effect, now, mayAct, &out)
        case .allocate: depart(key, effect, now, mayAct, &out)
        case .readClaim, .readPod, .readNode, .readSurroundings, .createClaim, .addFinalizer, .replaceStatus, .deleteClaim, .annotatePod,
            .say, .took, .record:
            out.append(.perform(key, run: run, effect))
        }
    }

    /// The claim is about to name it no more. One that is missing is gone then, whatever a late list says; if it is this key's.
    private mutating func letGo(
        _ id: AddressID, of key: Key, _ claim: Claim, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]
    ) {
        let others = holders.letGo(key, id)
        // They may have lost it to this claim, which had its place before them.
        out += others.map { .drifted($0) }
        if claim.spec.isUserOwned, others.isEmpty {
            fromMirror(mirror.handle(.forget(id), now: now.instant), now, mayAct, &out)
        } else if runs[key]?.machine.misses(id) == true, let address = mirror.entry(id)?.known, Naming.owns(address, key) {
            fromMirror(mirror.handle(.gone(id), now: now.instant), now, mayAct, &out)
        }
    }

    private mutating func finish(_ key: Key, _ outcome: ReconcileOutcome, _ out: inout [Effect]) {
        runs[key] = nil
        if let turn = turnOf.removeValue(forKey: key) {
            turns[turn] = nil
            cancelled.append(turn)
        }
        listers.removeAll { $0.key == key }
        for id in observers.keys where observers[id]!.contains(where: { $0.key == key }) {
            observers[id]!.removeAll { $0.key == key }
            if observers[id]!.isEmpty { observers[id] = nil }
        }
        out.append(.finished(key, outcome))
    }

    private mutating func answered(
        _ key: Key, _ run: Int, _ event: ReconcileEvent, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]
    ) {
        var acted: AddressID?
        if case .allocated(let new) = event { acted = new }
        if runs[key]?.number == run, let call = runs[key]?.machine.callUnderWay {
            var kind: CloudErrorClass?
            if case .failed(let fault) = event { kind = fault.kind }
            fromPacing(pacing.handle(.finished(CloudAction(call.verb), kind), now: now.instant), now, mayAct, &out)
            acted = acted ?? call.addressID
        } else if let kind = event.look {
            fromPacing(pacing.handle(.finished(.describeNetworkInterfaces, kind), now: now.instant), now, mayAct, &out)
        }
        if let acted {
            holders.note(key, acted)
            fromMirror(mirror.handle(.acted(acted, at: now.instant), now: now.instant), now, mayAct, &out)
        }
        guard runs[key]?.number == run else { return }
        // An EIP sits on this pod's private IP: if it is another key's, that one has to let go of it.
        if case .networkInterfaceRead(let interface) = event, let id = interface?.addressID,
            let other = holders.owner(of: id, seen: mirror.entry(id)?.address, cluster: key.cluster), other != key
        {
            out.append(.drifted(other))
        }
        feed(key, event, now, mayAct, &out)
    }

    // MARK: the mirror

    private mutating func observe(
        _ key: Key, _ id: AddressID, _ notBefore: Instant, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]
    ) {
        holders.note(key, id)
        var notBefore = max(notBefore, believedSince)
        if let entry = mirror.entry(id) {
            // What is not there is looked for again: nothing else would notice that it has come.
            if entry.address == nil { notBefore = max(notBefore, now.instant - Self.missingFresh) }
        }
        // The user's own are in no list of ours, so drift is seen by looking at each.
        let isListed = mirror.entry(id)?.address.map { $0.tags.contains(Naming.creatorTag) }
        if runs[key]?.machine.isForUserOwned == true || isListed == false {
            fromMirror(mirror.handle(.track(id), now: now.instant), now, mayAct, &out)
        }
        if let observed = reading(id, notBefore, now) { return feed(key, .observed(observed), now, mayAct, &out) }
        observers[id, default: []].append(Waiter(key: key, notBefore: notBefore))
        fromMirror(mirror.handle(.watch(id, notBefore: notBefore), now: now.instant), now, mayAct, &out)
    }

    private func reading(_ id: AddressID, _ notBefore: Instant, _ now: Now) -> Facts.ObservedAddress? {
        guard let entry = mirror.entry(id), entry.observedAt >= notBefore else { return nil }
        if let address = entry.address { return .init(id: id, reading: .present(address), at: entry.observedAt) }
        return .init(id: id, reading: .missing(confirmed: mirror.isLost(id)), at: entry.observedAt)
    }

    private mutating func listNamed(_ key: Key, _ notBefore: Instant, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        let notBefore = max(notBefore, believedSince)
        if let named = named(key, notBefore) { return feed(key, .listed(named), now, mayAct, &out) }
        listers.append(Waiter(key: key, notBefore: notBefore))
        if mirror.isComplete { fromMirror(mirror.handle(.relist(notBefore: notBefore), now: now.instant), now, mayAct, &out) }
    }

    private func named(_ key: Key, _ notBefore: Instant) -> NamedAddresses? {
        guard let listedAt = mirror.listedAt, listedAt >= notBefore else { return nil }
        let ours = mirror.named(Naming.addressName(key)).filter { Naming.owns($0, key) }
        return NamedAddresses(addresses: ours, listedAt: listedAt)
    }

    private mutating func fromMirror(_ effects: [CloudMirror.Effect], _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        for effect in effects {
            switch effect {
            case .list(let offset, let limit): request(.list(offset: offset, limit: limit), .describeAddresses, .sweep, now, mayAct, &out)
            case .describe(let ids): request(.describe(ids), .describeAddresses, .bind, now, mayAct, &out)
            case .observed(let id): observed(id, now, mayAct, &out)
            case .changed(let id): changed(id, &out)
            case .complete: completed(now, mayAct, &out)
            case .wake(let at): mirrorWake = Alarm.earlier(mirrorWake, at, now: now.instant)
            }
        }
    }

    /// Those who wait for it are told what it is. Of the others who looked last looks again, and not all whom it concerns: where two
    /// claims say of one place that they bound it there, they would undo each other's bindings in turns.
    private mutating func changed(_ id: AddressID, _ out: inout [Effect]) {
        let waiting = observers[id] ?? []
        let keys = holders.keys(id)
        for key in keys where !waiting.contains(where: { $0.key == key }) { runs[key]?.machine.changed(id) }
        if let last = keys.last, !waiting.contains(where: { $0.key == last }) { out.append(.drifted(last)) }
    }

    private mutating func observed(_ id: AddressID, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        for waiter in observers.removeValue(forKey: id) ?? [] {
            if let observed = reading(id, waiter.notBefore, now) {
                feed(waiter.key, .observed(observed), now, mayAct, &out)
            } else {
                observers[id, default: []].append(waiter)
                fromMirror(mirror.handle(.watch(id, notBefore: waiter.notBefore), now: now.instant), now, mayAct, &out)
            }
        }
    }

    private mutating func completed(_ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        holders.forget { !mirror.knows($0) && observers[$0] == nil }
        let waiting = listers
        listers = []
        for waiter in waiting { listNamed(waiter.key, waiter.notBefore, now, mayAct, &out) }
    }

    // MARK: turns

    private mutating func request(
        _ turn: Turn, _ action: CloudAction, _ lane: PacingLane, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]
    ) {
        lastTurn += 1
        turns[lastTurn] = turn
        var cluster = ""
        var namespace = ""
        if let key = turn.owner {
            turnOf[key] = lastTurn
            (cluster, namespace) = (key.cluster, key.namespace)
        }
        let event = Pacing.Event.request(id: lastTurn, action, lane, cluster: cluster, namespace: namespace)
        fromPacing(pacing.handle(event, now: now.instant), now, mayAct, &out)
    }

    private mutating func fromPacing(_ effects: [Pacing.Effect], _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        for effect in effects {
            switch effect {
            case .wake(let at): pacingWake = Alarm.earlier(pacingWake, at, now: now.instant)
            case .grant(let id):
                switch take(id) {
                case .key(let key): feed(key, .granted, now, mayAct, &out)
                case .call(let key, let effect): send(key, effect, now, mayAct, &out)
                case .interface(let key, let podIP):
                    guard let run = runs[key]?.number else { break }
                    out.append(.perform(key, run: run, .readNetworkInterface(podIP: podIP)))
                case .list(let offset, let limit): out.append(.list(offset: offset, limit: limit))
                case .describe(let ids): out.append(.describe(ids))
                case nil: break  // its run ended meanwhile
                }
            case .refuse(let id, let until):
                switch take(id) {
                case .key(let key): feed(key, .closed(until: until), now, mayAct, &out)
                case .call(let key, _), .interface(let key, _):
                    let fault = CloudFault(.authorisation, code: "Pacing.Closed", message: "not sent: the action was refused a moment ago")
                    feed(key, .failed(fault), now, mayAct, &out)
                case .list:
                    fromMirror(mirror.handle(.failed(.list, .authorisation, sentAt: now.instant), now: now.instant), now, mayAct, &out)
                case .describe:
                    fromMirror(mirror.handle(.failed(.describe, .authorisation, sentAt: now.instant), now: now.instant), now, mayAct, &out)
                case nil: break
                }
            }
        }
    }

    /// The call of a run that has had its turn: it leaves now, or a little later if others who had theirs before are as late.
    private mutating func depart(_ key: Key, _ effect: ReconcileEffect, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        guard let verb = effect.cloudVerb else { preconditionFailure("\(effect) is no call") }
        lastTurn += 1
        turns[lastTurn] = .call(key, effect)
        turnOf[key] = lastTurn
        fromPacing(pacing.handle(.depart(id: lastTurn, CloudAction(verb)), now: now.instant), now, mayAct, &out)
    }

    private mutating func send(_ key: Key, _ effect: ReconcileEffect, _ now: Now, _ mayAct: (Key) -> Bool, _ out: inout [Effect]) {
        guard let run = runs[key]?.number else { return }
        if mayAct(key) { return out.append(.perform(key, run: run, effect)) }
        feed(key, .failed(CloudFault(.transient, code: "Pacing.NotOwned", message: "not sent: the key may be another worker's by now")), now, mayAct, &out)
    }

    private mutating func take(_ id: Int) -> Turn? {
        let turn = turns.removeValue(forKey: id)
        if let key = turn?.owner { turnOf[key] = nil }
        return turn
    }
}

extension ReconcileEvent {
    /// How a look at an interface ended: nil if this is not the end of one; `.some(nil)` is success. Of what a run reads outside
    /// it is the only thing that asks the cloud, so where no mutating call is under way a fault is its.
    fileprivate var look: CloudErrorClass?? {
        switch self {
        case .networkInterfaceRead: .some(nil)
        case .failed(let fault): .some(fault.kind)
        case .start, .claimRead, .podRead, .nodeRead, .surroundingsRead, .observed, .listed, .claimWritten, .claimGone, .podWritten, .granted, .closed,
            .allocated, .accepted, .refused, .stop:
            nil
        }
    }
}

extension CloudMirror.Event {
    /// How a call of the mirror ended: nil if this is not the end of one; `.some(nil)` is success.
    fileprivate var outcome: CloudErrorClass?? {
        switch self {
        case .listed, .described: .some(nil)
        case .failed(_, let kind, _): .some(kind)
        case .start, .wake, .watch, .relist, .acted, .track, .forget, .gone: nil
        }
    }
}

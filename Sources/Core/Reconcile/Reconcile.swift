/// Executes one key's plan, one step at a time: read what the planner needs, record the intent, read again, act, read back.
/// A state machine: events in, effects out, one effect outstanding at a time. It reads no clock and does no IO.
///
/// The order that a crash must not break:
///
///     acquire(verb)                      a turn under the account's limits; waiting for it may take long, so first
///     replaceStatus(intent)              conditional on the claim's resourceVersion
///     readClaim, readPod, (observe)      fresh, after the intent
///     the same plan again?               else start over
///     may I act?                         the shard's proof of ownership, at this moment
///     allocate | associate | ...         the call
///     readClaim, observe, readPod ...    all facts again: what the cloud did, then what the pod is
///
/// It promises that every mutating cloud call is preceded by its intent in the claim and by reads that came after the intent.
/// It does not promise that a call it sent is executed while it still owns the key: the request's life bounds that
/// (DESIGN §5), and whoever comes next finds the intent.
public struct Reconcile: Sendable {
    public let key: Key
    let policy: Policy
    var facts: Facts
    var state = State.idle
    /// the cloud step whose intent is written and whose facts have been read since
    private var armed: (step: Step, intent: Intent)?
    /// an Allocate of this serial, sent before or by this run, may still be executed: no answer to a later one of the same token
    /// says what becomes of it, but the id itself
    var allocateMayBeOut = false
    /// When the intent of the call under way was decided. The life of the request counts from it, not from a proof of ownership that
    /// came later: whoever finds the intent comes back when that life is over.
    private(set) var intendedAt: Instant?
    private var waitsForAddress = 0
    var stepsTaken = 0
    /// an observation must have been asked for at this moment or later
    private var notBefore: Instant?
    /// the address was looked at since the run began, not only remembered by the mirror
    private var hasLooked = false
    /// the pod was read after that look
    private var podIsNewer = false
    /// the cloud calls of this run that were accepted, and whose address they were about: what the ledger is told
    var changes: [String] = []
    var wall = Timestamp(milliseconds: 0)
    var changed: (id: AddressID, publicIP: String, digest: String)?
    /// told to stop: the run ends with the answer that is still to come
    private var isStopping = false

    enum State: Hashable {
        case idle
        case reading(Need)
        /// a Kubernetes write is out; what it is decides how a refusal is read
        case writing(Step, Notice?, Reason)
        case recording(Step)
        case acquiring(Step)
        case acting(Step, Notice?, Reason)
        /// what the cloud refused is being written into the claim; the run ends with the answer, whatever it is
        case closing(Notice, ReconcileOutcome)
        case finished
    }

    /// More steps than any lifecycle has; a run that takes them ends and starts afresh.
    static let stepsMax = 64
    /// Observations waited for in one run; each waits for the mirror's next poll, so this is minutes.
    static let waitsMax = 400

    public init(key: Key, policy: Policy) {
        self.key = key
        self.policy = policy
        facts = Facts(key: key)
    }

    public var isFinished: Bool { state == .finished }

    /// The address was seen to be another than this run's last look says: what is reported of it takes a new one.
    mutating func changed(_ id: AddressID) {
        if facts.address.value?.id == id { hasLooked = false }
    }

    /// - Parameter mayAct: whether this worker owns the key's shard at this moment (the deadline of its proof is not past).
    public mutating func handle(_ event: ReconcileEvent, now: Now, mayAct: Bool) -> [ReconcileEffect] {
        wall = now.wall
        if case .stop = event { return stop() }
        if isStopping { return finish(.abandoned(.ownershipLost)) }
        switch state {
        case .idle:
            precondition(event == .start, "a run starts once")
            return proceed(now, mayAct)
        case .reading(let need): return read(need, event, now, mayAct)
        case .writing(let step, let notice, let reason): return wrote(step, notice, reason, event, now, mayAct)
        case .recording(let step): return recorded(step, event, now, mayAct)
        case .acquiring(let step): return acquired(step, event, now, mayAct)
        case .acting(let step, let notice, let reason): return acted(step, notice, reason, event, now, mayAct)
        case .closing(let notice, let outcome): return [.say(notice)] + finish(outcome)
        case .finished: return []
        }
    }

    /// What is under way and changes something is waited for, so that the next owner finds its outcome and not its beginning.
    private mutating func stop() -> [ReconcileEffect] {
        switch state {
        case .writing, .recording, .acting, .closing:
            isStopping = true
            return []
        case .idle, .reading, .acquiring: return finish(.abandoned(.ownershipLost))
        case .finished: return []
        }
    }

    // MARK: plan and go on

    mutating func proceed(_ now: Now, _ mayAct: Bool, _ before: [ReconcileEffect] = []) -> [ReconcileEffect] {
        let plan = Planner.plan(facts, now: now, policy: policy)
        switch plan.next {
        case .need(let need):
            state = .reading(need)
            return before + [effect(for: need, now)]
        case .step(let step):
            stepsTaken += 1
            if stepsTaken > Self.stepsMax { return before + finish(.retry(plan.reason, "took \(Self.stepsMax) steps without an end")) }
            guard mayAct else { return before + finish(.abandoned(.ownershipLost)) }
            if confirms(step) || plan.reason == .orphanedEIP || forgets(step), !hasLooked || !podIsNewer { return lookAgain(now, mayAct, before) }
            // The look after the intent was overtaken: it may be bound elsewhere by now.
            if case .disassociate = step, armed?.step == step, !hasLooked { return lookAgain(now, mayAct, before) }
            return before + begin(step, plan, now)
        case .rest(.awaitAddress(let id)):
            armed = nil
            waitsForAddress += 1
            if waitsForAddress > Self.waitsMax { return before + finish(.retry(plan.reason, "\(id) did not settle at the cloud")) }
            notBefore = now.instant
            forgetPodSide()
            state = .reading(.address(id))
            return before + [.observe(id, notBefore: now.instant)]
        case .rest(.settled): return before + say(plan.notice) + finish(.settled(plan.reason))
        case .rest(.again(let after)): return before + say(plan.notice) + finish(.again(max(after, .milliseconds(100)), plan.reason))
        }
    }

    /// Whether the step reports a binding that is not reported by now, or that nothing can come of an earlier call any more.
    private func confirms(_ step: Step) -> Bool {
        guard case .writeStatus(let status) = step, let before = facts.claim.value??.status else { return false }
        if let binding = status.binding, before.binding?.target != binding.target || status.isReady && !before.isReady { return true }
        guard facts.address.value != nil else { return false }
        // That call may have been executed after the mirror last saw the address.
        let isOver = before.intent.map { status.intent == nil && $0 != facts.memory.resolved } ?? false
        return isOver || before.nextAttemptAt != nil && status.nextAttemptAt == nil
    }

    /// Whether the step writes another target over the one that is known of a user's own EIP, or lets it go: nothing else says where it
    /// is bound.
    private func forgets(_ step: Step) -> Bool {
        guard let claim = facts.claim.value.flatMap({ $0 }), claim.spec.isUserOwned else { return false }
        let targets = [claim.status.binding?.target, claim.status.intent?.target].compactMap { $0 }
        switch step {
        case .associate(_, let target): return targets.contains { $0 != target }
        case .removeFinalizer: return !targets.isEmpty
        default: return false
        }
    }

    /// A binding is read back before it is reported, and the pod after that: what the mirror remembers from before the run is not
    /// enough, nor is a pod that was read before the look.
    private mutating func lookAgain(_ now: Now, _ mayAct: Bool, _ before: [ReconcileEffect]) -> [ReconcileEffect] {
        if !hasLooked {
            notBefore = now.instant
            facts.address = .unread
        }
        forgetPodSide()
        return proceed(now, mayAct, before)
    }

    private func say(_ notice: Notice?) -> [ReconcileEffect] { notice.map { [.say($0)] } ?? [] }

    mutating func finish(_ outcome: ReconcileOutcome) -> [ReconcileEffect] {
        guard state != .finished else { return [] }
        state = .finished
        return record(outcome) + [.finish(outcome)]
    }

    private func effect(for need: Need, _ now: Now) -> ReconcileEffect {
        switch need {
        case .claim: .readClaim
        case .pod: .readPod
        case .node(let name): .readNode(name: name)
        case .networkInterface(let podIP): .readNetworkInterface(podIP: podIP)
        case .surroundings(let owner): .readSurroundings(owner)
        case .named: .listNamed(notBefore: .anyTime)
        case .namedSince(let instant): .listNamed(notBefore: instant)
        case .address(let id): .observe(id, notBefore: notBefore ?? .anyTime)
        }
    }

    // MARK: reads

    private mutating func read(_ need: Need, _ event: ReconcileEvent, _ now: Now, _ mayAct: Bool) -> [ReconcileEffect] {
        switch (need, event) {
        case (.claim, .claimRead(let claim)): facts.claim = .read(claim)
        case (.pod, .podRead(let pod)):
            facts.pod = .read(pod)
            podIsNewer = hasLooked
        case (.node, .nodeRead(let node)): facts.node = .read(node)
        case (.networkInterface, .networkInterfaceRead(let interface)): facts.networkInterface = .read(interface)
        case (.surroundings, .surroundingsRead(let surroundings)): facts.surroundings = .read(surroundings)
        case (.named, .listed(let named)), (.namedSince, .listed(let named)): facts.named = .read(named)
        case (.address, .observed(let observed)):
            facts.address = .read(observed)
            if notBefore != nil {
                hasLooked = true
                podIsNewer = false
            }
        case (_, .refused(.unavailable(let words))): return finish(.retry(.apiServerUnreachable, words))
        case (_, .refused(let refusal)): return finish(.retry(.conflict, "\(refusal)"))
        case (_, .failed(let fault)): return finish(.retry(.waitingForCloud, fault.description))
        default: preconditionFailure("\(event) does not answer \(need)")
        }
        return proceed(now, mayAct)
    }

    private mutating func forgetPodSide() {
        facts.pod = .unread
        facts.node = .unread
        facts.networkInterface = .unread
        facts.surroundings = .unread
    }

    mutating func forgetAll(_ now: Now) {
        facts.claim = .unread
        facts.address = .unread
        facts.named = .unread
        forgetPodSide()
        notBefore = now.instant
        armed = nil
    }

    // MARK: steps

    private mutating func begin(_ step: Step, _ plan: Plan, _ now: Now) -> [ReconcileEffect] {
        guard step.cloudVerb != nil else {
            state = .writing(step, plan.notice, plan.reason)
            return [write(step)]
        }
        // A claim without the intent is not the one it was written into: etcd may have been rolled back.
        if let armed, armed.step == step, claim().status.intent == armed.intent {
            self.armed = nil
            facts.memory.resolved = nil  // from here on it may have been sent
            facts.memory.acceptedAt = nil
            state = .acting(step, plan.notice, plan.reason)
            return [call(step)]
        }
        state = .acquiring(step)
        return [.acquire(step.cloudVerb!)]
    }

    private mutating func wrote(
        _ step: Step, _ notice: Notice?, _ reason: Reason, _ event: ReconcileEvent, _ now: Now, _ mayAct: Bool
    ) -> [ReconcileEffect] {
        let done = [.took(step, reason)] + say(notice)
        switch event {
        case .claimWritten(let claim):
            if claim.spec.addressID == facts.memory.allocated?.addressID { facts.memory.allocated = nil }
            // What was given up is not found by its name any more.
            if claim.spec.addressID == nil { facts.named = .unread }
            facts.claim = .read(claim)
            return proceed(now, mayAct, done)
        case .claimGone:
            if case .removeFinalizer = step { facts.memory.letGo = letGo(now) }
            forgetAll(now)
            return proceed(now, mayAct, done)
        case .podWritten(let pod):
            facts.pod = .read(pod)
            return proceed(now, mayAct, done)
        case .refused(.conflict), .refused(.notFound), .refused(.alreadyExists):
            // Somebody was faster; what is true now is read again.
            forgetAll(now)
            return proceed(now, mayAct)
        case .refused(.invalid(let words)): return finish(.retry(.invalidClaim, words))
        case .refused(.unavailable(let words)): return finish(.retry(.apiServerUnreachable, words))
        default: preconditionFailure("\(event) does not answer \(step)")
        }
    }

    /// A claim that was deleted under a living pod has gone with its EIP still there. The pod may be gone by now as well, and then
    /// nobody else knows of the EIP, nor of where a user's own was bound. Where the pod asks for another, or for none, nothing is left.
    private func letGo(_ now: Now) -> Memory.LetGo? {
        guard let claim = facts.claim.value.flatMap({ $0 }), Planner(facts: facts, now: now, policy: policy).comesBack(claim),
            let id = claim.spec.addressID, case .present(let address)? = facts.address.value?.reading, address.id == id,
            claim.spec.isUserOwned || Naming.owns(address, facts.key)
        else { return nil }
        return Memory.LetGo(spec: claim.spec, target: claim.status.binding?.target ?? claim.status.intent?.target)
    }

    // MARK: intent, act, read back

    private mutating func acquired(_ step: Step, _ event: ReconcileEvent, _ now: Now, _ mayAct: Bool) -> [ReconcileEffect] {
        if case .closed(let until) = event { return finish(.again(max(until - now.instant, .seconds(1)), Self.reason(step.cloudVerb!))) }
        guard case .granted = event else { preconditionFailure("\(event) does not answer a request for a turn") }
        guard mayAct else { return finish(.abandoned(.ownershipLost)) }
        state = .recording(step)
        intendedAt = now.instant
        if case .allocate = step, let before = claim().status.intent, before.verb == .allocate, before.serial == claim().spec.serial,
            before != facts.memory.resolved
        {
            allocateMayBeOut = true
        }
        return [.replaceStatus(claim(), intention(step, now))]
    }

    private func intention(_ step: Step, _ now: Now) -> ClaimStatus {
        let claim = claim()
        var status = claim.status
        let before = status.intent
        var intent = Intent(serial: claim.spec.serial, verb: step.cloudVerb!, at: now.wall.wholeSeconds, by: policy.identity)
        switch step {
        case .allocate:
            status.phase = .allocating
            status.binding = nil  // of an EIP that was lost
        case .associate(let id, let target):
            (intent.addressID, intent.target) = (id, target)
            status.phase = .binding
            status.binding = nil
        case .disassociate(let id):
            // where it was bound stays known until it is unbound
            (intent.addressID, intent.target) = (id, status.binding?.target ?? before?.target ?? facts.memory.letGo?.target)
            status.phase = .unbinding
        case .release(let id):
            intent.addressID = id
            status.phase = .releasing
            status.binding = nil
        case .modifyBandwidth(let id, _): intent.addressID = id
        case .createClaim, .addFinalizer, .updateSpec, .writeStatus, .deleteClaim, .removeFinalizer, .annotatePod: preconditionFailure("goes to Kubernetes")
        }
        if let before, before != facts.memory.resolved, before.verb != .allocate {
            // That call may still be executed after ours: look once more when it no longer can.
            let end = policy.isOver(before).wholeSeconds + .seconds(1)
            if end > now.wall { status.nextAttemptAt = max(end, status.nextAttemptAt ?? end) }
        }
        status.intent = intent
        // What is being changed is not kept as it is: the time without a pod begins anew after that.
        (status.retainedSince, status.expiresAt) = (nil, nil)
        if intent.verb != .modifyBandwidth, status.isReady {
            status.set(.ready, false, .waitingForCloud, "\(intent.verb.rawValue) of \(intent.addressID?.rawValue ?? "an EIP") is under way", at: now.wall)
        }
        return status
    }

    private mutating func recorded(_ step: Step, _ event: ReconcileEvent, _ now: Now, _ mayAct: Bool) -> [ReconcileEffect] {
        switch event {
        case .claimWritten(let claim):
            // Known not to be sent until it is: if the plan changes now, nothing of it is left over.
            let allocating = step.cloudVerb == .allocate
            if !(allocating && allocateMayBeOut) { facts.memory.resolved = claim.status.intent }
            let named = facts.named
            forgetAll(now)
            // A complete list stays complete: what this worker allocates is in the mirror. Everything else is read again.
            if allocating { facts.named = named }
            // The cloud itself binds from UNBIND only, so the mirror's last word will do for that.
            if step.cloudVerb == .associate { (notBefore, hasLooked) = (nil, false) }
            if let intent = claim.status.intent { armed = (step, intent) }
            return proceed(now, mayAct)
        case .refused(.conflict), .refused(.notFound), .refused(.alreadyExists):
            forgetAll(now)
            return proceed(now, mayAct)
        case .refused(.invalid(let words)): return finish(.retry(.invalidClaim, words))
        case .refused(.unavailable(let words)): return finish(.retry(.apiServerUnreachable, words))
        default: preconditionFailure("\(event) does not answer the intent of \(step)")
        }
    }

    private mutating func acted(
        _ step: Step, _ notice: Notice?, _ reason: Reason, _ event: ReconcileEvent, _ now: Now, _ mayAct: Bool
    ) -> [ReconcileEffect] {
        let intent = claim().status.intent
        let uid = claim().uid
        let serial = claim().spec.serial
        switch event {
        case .allocated(let id):
            note(step, reason, id)
            facts.memory.allocated = .init(claimUID: uid, serial: serial, addressID: id)
            allocateMayBeOut = false
            facts.memory.resolved = intent
        case .accepted:
            switch step {
            case .associate(let id, _):
                note(step, reason, id)
                facts.memory.acceptedAt = now.instant
            case .disassociate(let id):
                note(step, reason, id)
                facts.memory.unboundAt = now.instant
            case .release(let id):
                note(step, reason, id)
                facts.memory.released = id
            case .modifyBandwidth(let id, _): facts.memory.modified = id
            case .allocate, .createClaim, .addFinalizer, .updateSpec, .writeStatus, .deleteClaim, .removeFinalizer, .annotatePod: break
            }
            facts.memory.resolved = intent
        case .failed(let fault): return failed(step, fault, intent, serial, now, mayAct)
        default: preconditionFailure("\(event) does not answer \(step)")
        }
        forgetAll(now)
        return proceed(now, mayAct, [.took(step, reason)] + say(notice))
    }
}

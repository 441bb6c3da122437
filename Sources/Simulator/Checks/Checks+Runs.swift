internal import Core
internal import Models

/// What a run has read and written, in the order in which it was told.
final class RunTrace {
    let startedAt: Instant
    /// accepted by the API server, and its call not sent yet
    var intent: Intent?
    /// as it was last read or written
    var claim: Claim?
    /// when the last status with an intent was decided
    var intendedAt: Instant?
    /// when it was known to be written
    var recordedAt: Instant?
    var readClaimSince = false
    var readPodSince = false
    var podRead: (pod: Pod?, sentAt: Instant)?
    /// as it was last read or written
    var pod: Pod?
    var nodeRead: Node?
    var interfaceRead: NetworkInterface?
    /// its namespace or its owner was read to be going, so that no pod of that name will come
    var isEnding = false
    var specsWritten = 0
    var claimsCreated = 0
    /// it has sent a binding, or read a claim that speaks of one that another run may have sent
    var mayHaveBound = false
    /// it has read a claim whose release was recorded: that is not cancelled
    var mayRelease = false
    /// it has let a claim go under a living pod
    var hasLetGo = false
    /// the intent of the newest unbinding that was answered
    var answeredUnbinding: Intent?
    /// what it has unbound, and when it was answered
    var unbound: [AddressID: Instant] = [:]
    var released: Set<AddressID> = []
    init(startedAt: Instant) { self.startedAt = startedAt }
}

/// An effect on its way.
final class EffectTrace {
    let effect: ReconcileEffect
    let key: Key
    let run: RunTrace?
    let side: Int
    /// a replica that stood still sends later what it decided before
    let decidedAt: Instant
    let sentAt: Instant
    /// of a call: when its intent was decided
    let intendedAt: Instant?
    /// of a call: until when it may be executed
    fileprivate(set) var expires = Instant.anyTime
    init(_ effect: ReconcileEffect, _ key: Key, _ run: RunTrace?, side: Int, decidedAt: Instant, sentAt: Instant) {
        self.effect = effect
        self.key = key
        self.run = run
        self.side = side
        self.decidedAt = decidedAt
        self.sentAt = sentAt
        intendedAt = run?.intendedAt
    }
}

extension Checks {
    func started(_ side: WorkerSide, _ key: Key) {
        runs[RunID(side: side.id, key: key)] = RunTrace(startedAt: now)
        offsets[side.id, default: OffsetTrace()].started(key, now)
        waits[side.id, default: WaitTrace()].started(key, now)
        checkWaits(side.id)
    }

    func finished(_ side: WorkerSide, _ key: Key, _ outcome: ReconcileOutcome) {
        let run = runs.removeValue(forKey: RunID(side: side.id, key: key))
        if let run { tracks(side, run, key, outcome, side.replica.now().instant) }
        switch (outcome, run) {
        case (.settled, let run?): checkRest(side, run, key)
        case (.again(_, .waitingForRequestLife), let run?): checkWrittenDown(run, key)
        case (_, _): break
        }
        switch outcome {
        case .settled, .again: looksToTheEnd(side.id, key)
        case .retry, .abandoned: break
        }
        offsets[side.id, default: OffsetTrace()].finished(key, outcome, now, limits.shard)
        waits[side.id, default: WaitTrace()].finished(key, again: again(side, key, outcome), now)
    }

    func forgot(_ side: WorkerSide) {
        let id = side.id
        interrupts(side)
        runs = runs.filter { $0.key.side != id }
        offsets[id] = nil
        waits[id] = nil
        returning[id] = nil
        sights[id] = nil
        misses[id] = nil
        paces[id] = nil
        drifts[id] = nil
    }
    func forgot(_ replica: Replica) { if let side = replica.worker { forgot(side) } }

    /// An effect leaves the replica.
    func sent(_ side: WorkerSide, _ key: Key, _ run: Int, _ effect: ReconcileEffect, _ decided: Decision) -> EffectTrace {
        let trace = runs[RunID(side: side.id, key: key)]
        if effect.isMutating { checkOwner(side, key, effect, decided) }
        if let action = effect.action {
            calls(action, decided, by: side.id, decided.replica.account)
            if action.isMutating { checkIntent(trace, key, effect) }
            if case .associate(let id, let interface, let ip) = effect, let trace {
                trace.mayHaveBound = true
                checkTarget(trace, key, id, interface, ip)
            }
            if case .disassociate(let id) = effect, let trace {
                checkUnbinding(side, trace, key, id, decided.replica.account.cloud)
                checkBelonging(side, trace, key, id)
            }
            if let trace { checkLooked(side, trace, key, effect) }
        }
        if let trace { checkRepetition(trace, key, effect) }
        if case .createClaim(let spec) = effect, let trace {
            if case .listed = spec.source { checkLeftovers(side, trace, key, "makes a claim for an EIP that is listed") }
            trace.claimsCreated += 1
            if trace.claimsCreated > 8 { fail("progress", "\(key.name): one run makes its claim again and again") }
        }
        if case .replaceSpec = effect, let trace {
            trace.specsWritten += 1
            if trace.specsWritten > 16 { fail("progress", "\(key.name): one run changes the claim's spec again and again") }
        }
        if case .replaceStatus(let claim, let status) = effect {
            if status.intent != nil { trace?.intendedAt = decided.at }
            if let end = status.expiresAt, let pod = trace?.podRead?.pod, !pod.hasEnded, pod.want != .none {
                fail("expiry", "\(key.name): said to expire at \(end.rfc3339), and its pod was read")
            }
            checkConfirmation(side, trace, key, claim, status)
        }
        if let trace {
            checkLoss(side, trace, key, effect)
            checkKeeping(trace, key, effect, decided.replica.account.cloud)
            if case .annotatePod(let uid, let publicIP?) = effect { checkAnnotation(trace, key, uid, publicIP) }
        }
        return EffectTrace(effect, key, trace, side: side.id, decidedAt: decided.at, sentAt: now)
    }

    /// Its answer reaches the replica.
    func answered(_ trace: EffectTrace, _ event: ReconcileEvent) {
        if case .readNetworkInterface = trace.effect { returning[trace.side]?.hears() }
        if isOutcome(event) { bindings.removeAll { $0 === trace } }
        guard let run = trace.run else { return }
        switch event {
        case .claimRead(let claim):
            run.claim = claim
            if claim?.status.intent?.verb == .release { run.mayRelease = true }
            if let status = claim?.status, status.binding != nil || status.intent?.target != nil && status.intent != run.intent { run.mayHaveBound = true }
        case .claimWritten(let claim): run.claim = claim
        case .claimGone: run.claim = nil
        case .podRead(let pod):
            run.pod = pod
            // whoever lists an EIP of their own wants no other
            if case .list? = pod?.want { mayHaveChanged.insert(trace.key) }
        case .podWritten(let pod): run.pod = pod
        default: break
        }
        switch (trace.effect, event) {
        case (.replaceStatus(_, let status), .claimWritten):
            // one that is there already is recorded anew: of two calls in one second the intents are equal
            if let intent = status.intent {
                run.intent = intent
                run.recordedAt = now
                run.readClaimSince = false
                run.readPodSince = false
            }
        case (.readClaim, .claimRead(let claim)): if let intent = run.intent, claim?.status.intent == intent { run.readClaimSince = true }
        case (.readPod, .podRead(let pod)):
            if run.intent != nil { run.readPodSince = true }
            run.podRead = (pod, trace.sentAt)
        case (.readNode, .nodeRead(let node)): run.nodeRead = node
        case (.readNetworkInterface, .networkInterfaceRead(let interface)): run.interfaceRead = interface
        case (.readSurroundings, .surroundingsRead(let read)): run.isEnding = read.namespaceTerminating || read.ownerGone
        case (.disassociate(let id), .accepted):
            run.unbound[id] = now
            run.answeredUnbinding = run.claim?.status.intent
        case (.release(let id), .accepted): run.released.insert(id)
        default: break
        }
    }

    /// A claim that a run has let go itself is no orphan to it: its EIP is the next pod's, or is released as its deletion asked.
    func took(_ side: WorkerSide, _ key: Key, _ step: Step, _ reason: Reason) {
        guard case .createClaim = step, reason == .orphanedEIP, let run = runs[RunID(side: side.id, key: key)], run.hasLetGo else { return }
        if case .list? = run.podRead?.pod?.want { return }
        if mayBeForgotten(key) { return }  // it may be what an earlier claim left
        fail("promise 1", "\(key.name): what its run has just let go it takes for an orphan")
    }

    /// It is about to be executed by the API server.
    func arrives(_ trace: EffectTrace) {
        arriving = trace
        if case .replaceStatus = trace.effect { counts.claimWrites += 1 }
    }

    /// Whether an answer to a call says that it was executed, or will not be.
    private func isOutcome(_ event: ReconcileEvent) -> Bool {
        if case .failed(let fault) = event { return fault.kind != .transient }
        return true
    }

    /// Whether a binding of that address was sent for that key of which nobody knows yet what comes of it.
    func mayBeBound(_ id: AddressID, for key: Key) -> Bool {
        bindings.removeAll { $0.expires < now }
        return bindings.contains { $0.key == key && $0.effect.addressID == id }
    }

    /// A call leaves, and may be executed until then: whoever finds its intent believes that nothing comes of it after the life of a
    /// request.
    func leaves(_ trace: EffectTrace, expires: Instant) {
        guard trace.effect.isMutating, let intendedAt = trace.intendedAt else { return }
        trace.expires = expires
        if case .associate = trace.effect { bindings.append(trace) }
        let life = expires - intendedAt
        if life > sim.draw.requestLife + .milliseconds(10) {
            fail("promise 5", "\(trace.key.name): \(trace.effect.verb) may be executed until \(life) after its intent")
        }
    }

    /// Promise 5: a recorded intent, and claim and pod read since.
    private func checkIntent(_ run: RunTrace?, _ key: Key, _ effect: ReconcileEffect) {
        guard let run, let intent = run.intent, let verb = effect.cloudVerb, intent.verb == verb else {
            return fail("promise 5", "\(key.name): \(effect.verb) without a recorded intent")
        }
        if let id = effect.addressID, intent.addressID != id { return fail("promise 5", "\(key.name): \(effect.verb) of \(id), intended \(intent)") }
        if !run.readClaimSince || !run.readPodSince {
            fail("promise 5", "\(key.name): \(effect.verb) without reading \(run.readClaimSince ? "the pod" : "the claim") after the intent")
        }
        run.intent = nil
    }

    /// Promise 2, before the call: the pod was read with that IP, on a node whose instance has the interface.
    private func checkTarget(_ run: RunTrace, _ key: Key, _ id: AddressID, _ interface: String, _ ip: String) {
        guard let pod = run.podRead?.pod, pod.podIP == ip, let node = run.nodeRead, node.name == pod.nodeName, let read = run.interfaceRead else {
            return fail("promise 2", "\(key.name): associate of \(id) with \(ip), which was not read so")
        }
        if read.id != interface || read.instanceID != node.instanceID || node.instanceID == nil {
            fail(
                "promise 2",
                "\(key.name): associate of \(id) with \(interface) of \(read.instanceID ?? "no instance"), the node is \(node.instanceID ?? "unknown")")
        }
    }

    /// From under a living pod its own EIP is not unbound by what is remembered: it was looked at in this run.
    private func checkUnbinding(_ side: WorkerSide, _ run: RunTrace, _ key: Key, _ id: AddressID, _ cloud: Cloud) {
        guard let pod = run.podRead?.pod, !pod.hasEnded, !pod.isTerminating, case .attributes = pod.want, !cloud.model.isUserOwned(id) else { return }
        if !(sights[side.id]?[id] ?? []).contains(where: { $0.sentAt >= run.startedAt }) {
            fail("promise 2", "\(key.name): \(id) unbound from under its pod, and not looked at before")
        }
    }

    /// Nor is it unbound from where it belongs: the pod lives, asks for it, and is where the newest look saw it bound.
    private func checkBelonging(_ side: WorkerSide, _ run: RunTrace, _ key: Key, _ id: AddressID) {
        guard let pod = run.podRead?.pod, !pod.hasEnded, !pod.isTerminating, case .attributes = pod.want, !run.isEnding else { return }
        guard let claim = run.claim, claim.spec.addressID == id, !claim.isDeleting, allocated[id] == key, !run.mayRelease else { return }
        guard let node = run.nodeRead, node.name == pod.nodeName, let interface = run.interfaceRead, interface.instanceID == node.instanceID else { return }
        guard let sight = (sights[side.id]?[id] ?? []).max(by: { $0.sentAt < $1.sentAt }), sight.address.status == .bind else { return }
        if sight.address.privateIP == pod.podIP, sight.address.networkInterfaceID == interface.id, sight.address.instanceID == interface.instanceID {
            fail("promise 2", "\(key.name): \(id) unbound from the pod that asks for it")
        }
    }

    /// What was accepted is not asked for again only because a look does not show it yet; the smallest time by a fast clock.
    private func checkRepetition(_ run: RunTrace, _ key: Key, _ effect: ReconcileEffect) {
        switch effect {
        case .disassociate(let id):
            if let answered = run.unbound[id], now - answered < .milliseconds(4900) { fail("progress", "\(key.name): \(id) unbound twice in one run") }
        case .release(let id): if run.released.contains(id) { fail("progress", "\(key.name): \(id) released twice in one run") }
        default: break
        }
    }

    /// Promise 2, as people see it: the pod is told an IP that its claim, as it was last read or written, is ready with for this very pod.
    private func checkAnnotation(_ run: RunTrace, _ key: Key, _ uid: String, _ publicIP: String) {
        guard let status = run.claim?.status, status.isReady, status.publicIP == publicIP, status.binding?.target.podUID == uid else {
            return fail("promise 2", "\(key.name): pod \(uid) is told \(publicIP), and its claim does not say so")
        }
    }

    /// Two workers never act on one key: whoever was given the partition last, alone.
    private func checkOwner(_ side: WorkerSide, _ key: Key, _ effect: ReconcileEffect, _ decided: Decision) {
        let account = decided.replica.account
        let partition = account.map.partition(of: key, of: account.place)
        guard let owner = owners[account.index]?[partition] else { return fail("ownership", "\(key.name): \(effect.verb) by a worker that was given nothing") }
        let leaseIsDoubtful = !sim.draw.usesKafka && rewoundAt[account.index].map { now - $0 < .seconds(60) } ?? false
        if owner.side != side.id, decided.at > owner.at, !leaseIsDoubtful {
            fail("ownership", "\(key.name): \(effect.verb) by \(decided.replica.name) after another worker was given the key")
        }
    }

    /// Promise 2: the binding was seen at the cloud in this run, and the pod read after that is the pod it says.
    private func checkConfirmation(_ side: WorkerSide, _ run: RunTrace?, _ key: Key, _ claim: Claim, _ status: ClaimStatus) {
        guard status.isReady, let target = status.binding?.target else { return }
        // while its bandwidth is changed, what was said before stays said
        if let pod = run?.podRead?.pod, !pod.hasEnded, pod.uid != target.podUID, status.intent?.verb != .modifyBandwidth {
            return fail("promise 2", "\(key.name): said to be ready for pod \(target.podUID), and pod \(pod.uid) was read")
        }
        // as it was before, and nothing new is said
        if claim.status.isReady, claim.status.binding?.target == target { return }
        counts.confirmations += 1
        guard let run, let (read, sentAt) = run.podRead else { return fail("promise 2", "\(key.name): confirmed without reading the pod") }
        guard let pod = read, pod.uid == target.podUID, pod.podIP == target.podIP, pod.nodeName == target.nodeName, !pod.hasEnded else {
            return fail("promise 2", "\(key.name): confirmed for pod \(target.podUID) at \(target.podIP), which was not read so")
        }
        guard let id = claim.spec.addressID else { return fail("promise 2", "\(key.name): confirmed without an address") }
        let seen = (sights[side.id]?[id] ?? []).filter { $0.sentAt >= run.startedAt && $0.receivedAt <= sentAt }
        // not one that was executed late, of which it cannot know
        if let answered = run.unbound[id], let executed = unboundAt[id], executed <= answered {
            return fail("promise 2", "\(key.name): \(id) confirmed after this run unbound it")
        }
        guard let sight = seen.max(by: { $0.sentAt < $1.sentAt }) else {
            return fail("promise 2", "\(key.name): \(id) confirmed and not read back before the pod was read")
        }
        guard sight.address.isBound(to: target), sight.address.instanceID == target.instanceID else {
            return fail("promise 2", "\(key.name): \(id) confirmed at \(target.podIP), seen \(sight.address.status) at \(sight.address.privateIP ?? "nothing")")
        }
    }
}

extension ReconcileEffect {
    /// The call at the cloud that it is.
    var action: CloudAction? {
        if case .readNetworkInterface = self { return .describeNetworkInterfaces }
        return cloudVerb.map { CloudAction($0) }
    }
    var addressID: AddressID? {
        switch self {
        case .associate(let id, _, _), .disassociate(let id), .release(let id), .modifyBandwidth(let id, _): id
        default: nil
        }
    }
}

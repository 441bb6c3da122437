/// What follows from a call that the cloud refused, or that nobody knows the outcome of.
extension Reconcile {
    mutating func failed(
        _ step: Step, _ fault: CloudFault, _ intent: Intent?, _ serial: Int, _ now: Now, _ mayAct: Bool
    ) -> [ReconcileEffect] {
        let verb = step.cloudVerb!
        if fault.kind.isRefusal, !(verb == .allocate && allocateMayBeOut) { facts.memory.resolved = intent }
        switch fault.kind {
        case .throttled: return finish(.retry(Self.reason(verb), fault.description))
        case .transient: return finish(.retry(Self.reason(verb), fault.description))
        case .busy, .conflict, .podSideChanged: return finish(.again(.seconds(2), Self.reason(verb)))
        case .alreadyThere, .lost:
            if case .release(let id) = step { facts.memory.released = id }
            facts.memory.resolved = intent
            forgetAll(now)
            // What is true is read, not believed; a call that is refused so twice ends the run.
            stepsTaken += Self.stepsMax / 4
            return proceed(now, mayAct)
        case .newToken:
            // Whether an EIP comes of an order whose delivery failed is not documented: its intent stays until a list has told.
            facts.memory.spent = .init(serial: serial, at: now.instant)
            allocateMayBeOut = false
            forgetAll(now)
            return proceed(now, mayAct)
        case .quota, .authorisation, .terminal:
            let after: Duration = fault.kind == .terminal ? .seconds(300) : .seconds(60)
            return refuse(verb, fault, after, now, mayAct)
        }
    }

    /// Says it in the claim; the run ends when that is written.
    private mutating func refuse(_ verb: CloudVerb, _ fault: CloudFault, _ after: Duration, _ now: Now, _ mayAct: Bool) -> [ReconcileEffect] {
        guard mayAct else { return finish(.abandoned(.ownershipLost)) }
        let reason = Self.reason(verb)
        let message = "\(verb.rawValue) was refused: \(fault.code): \(fault.message)"
        let status = Planner.failed(
            claim(), Problem(reason, message), memory: facts.memory, nextAttemptAt: (now.wall + after).wholeSeconds, now: now)
        state = .closing(Notice(warning: true, reason: reason, message: message), .again(after, reason))
        return [.replaceStatus(claim(), status)]
    }

    static func reason(_ verb: CloudVerb) -> Reason {
        switch verb {
        case .allocate: .failedAllocateEIP
        case .associate: .failedAssociateEIP
        case .disassociate: .failedDisassociateEIP
        case .release: .failedReleaseEIP
        case .modifyBandwidth: .failedModifyEIP
        }
    }
}

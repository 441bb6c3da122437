/// No pod any more: unbind, then retain or release.
extension Planner {
    /// Ends the claim: address first, then the object.
    func tearDown(_ claim: Claim, _ reason: Reason) -> Plan {
        if let plan = tearDownAddress(claim, reason) { return plan }
        if !claim.isDeleting { return Plan(.step(.deleteClaim), reason) }
        return Plan(
            .step(.removeFinalizer), reason,
            notice: claim.spec.isUserOwned
                ? nil : claim.spec.addressID.map { Notice(warning: false, reason: .releasedEIP, message: "released \($0)") })
    }

    /// The claim's present address leaves: unbound, and released if it is ours. Nil when that is done.
    func tearDownAddress(_ claim: Claim, _ reason: Reason) -> Plan? {
        guard let id = claim.spec.addressID else { return addressOfTheName(claim) }
        guard let observed = facts.address.value, observed.id == id else { return Plan(.need(.address(id)), reason) }
        switch observed.reading {
        case .missing(let confirmed):
            if claim.spec.isUserOwned, !isBoundByUs(claim) { return quiet(claim) }
            if let plan = untilGone(claim, id, confirmed: confirmed) { return plan }
            return addressOfTheName(claim)
        case .present(let address):
            // Read back from the cloud: creator, cluster and name. Anything else is not ours to unbind or to release.
            if foreign(address, claim) != nil { return addressOfTheName(claim) }
            return unbindAndRelease(claim, address, reason)
        }
    }

    private func unbindAndRelease(_ claim: Claim, _ address: Address, _ reason: Reason) -> Plan? {
        switch address.status {
        case .creating, .binding, .unbinding, .offlining:
            return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud)
        case .bind, .bindENI:
            // Somebody else's by now, perhaps another pod's that lists it too.
            if claim.spec.isUserOwned, !wasOurBinding(claim, address) { return quiet(claim) }
            return unbind(claim, address, reason)
        case .unbind:
            if mayBeBound(claim, address) { return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud) }
            if claim.spec.isUserOwned { return quiet(claim) }
            // A look may be older than the answer to this run's Release.
            if facts.memory.released == address.id { return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud) }
            return Plan(.step(.release(address.id)), reason)
        case .unknown(let word): return reportUnknown(claim, address, word)
        }
    }

    /// Undoes a binding; once, as far as looks may be older than the answer to that.
    func unbind(_ claim: Claim, _ address: Address, _ reason: Reason) -> Plan {
        if hasJustUnbound { return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud) }
        let remark = reason == .staleBinding ? ", which is not this pod's" : ""
        return Plan(
            .step(.disassociate(address.id)), reason,
            notice: Notice(warning: false, reason: .disassociatedEIP, message: "unbound \(address.id) from \(address.privateIP ?? "its interface")\(remark)"))
    }

    /// A user's EIP is let go only when no call on it can come any more.
    func quiet(_ claim: Claim) -> Plan? {
        guard let end = comeBack(claim) else { return nil }
        // That its unbinding was answered this run alone knows. The next one would wait for that call as well, and then undo once more
        // what by now may be another pod's, at the same IP; and so on.
        if let intent = claim.status.intent, intent.verb == .disassociate, intent == facts.memory.resolved,
            let target = claim.status.binding?.target ?? intent.target
        {
            var status = claim.status
            status.intent = nil
            status.binding = status.binding ?? Binding(target: target, boundAt: intent.at)
            status.nextAttemptAt = end
            return Plan(.step(.writeStatus(status)), .waitingForRequestLife)
        }
        return Plan(.rest(.again(end - now.wall)), .waitingForRequestLife)
    }

    /// No address is recorded, or, by somebody's hand, one that is gone or another's: what there is of this pod's name is written down
    /// instead, so that nothing of it is left behind. If an Allocate was recorded, nobody knows what came of it until it can no longer
    /// be executed and a list asked for after that shows nothing. Nil when there is nothing of that name.
    func addressOfTheName(_ claim: Claim) -> Plan? {
        if let allocated = facts.memory.allocated, allocated.claimUID == claim.uid, allocated.addressID != claim.spec.addressID {
            return record(claim, allocated.addressID, .allocatedEIP)
        }
        if claim.spec.isUserOwned { return nil }
        guard intends(.allocate, claim), let intent = claim.status.intent else {
            // Its predecessor's may be waiting to be found by its name, or its own, for which somebody wrote another: that is in every list
            // that was begun long enough after the last call for it.
            var since: Instant?
            if let intent = claim.status.intent, let own = intent.addressID, own != claim.spec.addressID {
                switch visible(intent) {
                case .later(let plan): return plan
                case .since(let instant): since = instant
                }
            }
            guard let named = facts.named.value, since.map({ named.listedAt >= $0 }) ?? true else {
                return Plan(.need(since.map { .namedSince($0) } ?? .named), .waitingForMirror)
            }
            guard let found = adoptable(named.addresses), found.id != claim.spec.addressID else { return nil }
            return record(claim, found.id, .adoptedEIP)
        }
        switch visible(intent) {
        case .later(let plan): return plan
        case .since(let since):
            guard let named = facts.named.value, named.listedAt >= since else { return Plan(.need(.namedSince(since)), .waitingForMirror) }
            let found = named.addresses.first { Naming.owns($0, facts.key) && $0.id != claim.spec.addressID }
            return found.map { record(claim, $0.id, .adoptedEIP) }
        }
    }

    private enum Visible {
        case later(Plan)
        /// lists that were begun then, or later
        case since(Instant)
    }
    /// From when on every list shows what a recorded call did, or what was there when it was recorded.
    private func visible(_ intent: Intent) -> Visible {
        let visible = intent.at + policy.requestLife + policy.listingLag
        if now.wall < visible { return .later(Plan(.rest(.again(visible - now.wall)), .waitingForRequestLife)) }
        return .since(now.instant - (now.wall - visible))
    }

    /// An address that a look by id did not find: nil when it is gone, else what to wait for. Where its release is recorded that does
    /// not take the two minutes in one run that a loss takes: it was there when that was written, so once the call can no longer be
    /// executed a list that is asked for then is the other source, whoever looks.
    func untilGone(_ claim: Claim, _ id: AddressID, confirmed: Bool) -> Plan? {
        if confirmed || facts.memory.released == id { return nil }
        let wait = Plan(.rest(.again(.seconds(1))), .waitingForCloud)
        guard intends(.release, claim), let intent = claim.status.intent else { return wait }
        guard case .since(let since) = visible(intent) else { return wait }
        guard let named = facts.named.value, named.listedAt >= since else { return Plan(.need(.namedSince(since)), .waitingForMirror) }
        return named.addresses.contains { $0.id == id } ? wait : nil
    }

    // MARK: static

    /// Keeps claim and EIP for the next pod of that name.
    func retain(_ claim: Claim, _ pod: Pod?) -> Plan {
        guard let id = claim.spec.addressID else {
            // Without an EIP there is nothing to keep for the next pod.
            return tearDown(claim, .podGone)
        }
        guard let observed = facts.address.value, observed.id == id else { return Plan(.need(.address(id)), .podGone) }
        switch observed.reading {
        case .missing(let confirmed):
            if facts.memory.released == id || intends(.release, claim) { return tearDown(claim, .podGone) }
            if !claim.spec.isUserOwned {
                guard confirmed else { return Plan(.rest(.again(.seconds(1))), .waitingForCloud) }
                if let plan = addressOfTheName(claim) { return plan }
            }
            let problem = Problem(.eipLost, "the EIP \(id) retained for this pod does not exist any more: delete the claim, or restore the EIP")
            return report(claim, problem, .settled)
        case .present(let address):
            if intends(.release, claim) { return tearDown(claim, .podGone) }
            // A claim that names another's address, copied from another cluster or written by hand, is no leave to unbind it.
            if let problem = foreign(address, claim) { return addressOfTheName(claim) ?? report(claim, problem, .settled) }
            switch address.status {
            case .creating, .binding, .unbinding, .offlining: return Plan(.rest(.awaitAddress(id)), .waitingForCloud)
            case .bind, .bindENI:
                if claim.spec.isUserOwned, !wasOurBinding(claim, address) { return retained(claim, publicIP: address.ip) }
                return unbind(claim, address, .podGone)
            case .unbind:
                if mayBeBound(claim, address) { return Plan(.rest(.awaitAddress(id)), .waitingForCloud) }
                return retained(claim, publicIP: address.ip)
            case .unknown(let word): return reportUnknown(claim, address, word)
            }
        }
    }

    private func retained(_ claim: Claim, publicIP: String) -> Plan {
        var status = claim.status
        status.phase = .retained
        status.publicIP = publicIP
        status.binding = nil
        status.nextAttemptAt = comeBack(claim)
        if mayExecuteUntil(claim) == nil { status.intent = nil }
        if status.retainedSince == nil { status.retainedSince = now.wall.wholeSeconds }
        let expireAfter = claim.spec.expireAfter ?? policy.expireAfter
        status.expiresAt = expireAfter == .zero ? nil : status.retainedSince.map { $0 + expireAfter }
        status.observedGeneration = claim.generation
        status.set(.ready, false, .retainedEIP, "kept for the next pod of this name", at: now.wall)
        if status != claim.status {
            let news = claim.status.phase != .retained
            return Plan(
                .step(.writeStatus(status)), .retainedEIP,
                notice: news
                    ? Notice(
                        warning: false, reason: .retainedEIP, message: "kept \(claim.spec.addressID?.rawValue ?? "the claim") for the next pod of this name")
                    : nil)
        }
        if let after = claim.status.nextAttemptAt { return Plan(.rest(.again(after - now.wall)), .waitingForRequestLife) }
        return Plan(.rest(.settled), .retainedEIP)
    }
}

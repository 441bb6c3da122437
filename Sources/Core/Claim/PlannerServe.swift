/// A living pod with its claim: get an EIP, bind it, say so.
extension Planner {
    func serve(_ claim: Claim, _ pod: Pod) -> Plan {
        // What was allocated is written down before anything else is.
        if claim.spec.addressID == nil, let allocated = facts.memory.allocated, allocated.claimUID == claim.uid, allocated.serial == claim.spec.serial {
            return record(claim, allocated.addressID, .allocatedEIP)
        }
        let source: ClaimSource
        switch self.source(for: pod) {
        case .failure(let error): return keep(claim, pod) ?? report(claim, error.problem, .settled)
        case .success(let wanted): source = wanted
        }
        if let plan = adjustSpec(claim, pod, source) { return plan }
        guard let id = claim.spec.addressID else { return acquire(claim) }
        guard let observed = facts.address.value, observed.id == id else { return Plan(.need(.address(id)), .podNeedsEIP) }
        switch observed.reading {
        case .missing(let confirmed): return missing(claim, id, confirmed: confirmed)
        case .present(let address):
            if intends(.release, claim) { return tearDown(claim, .podGone) }
            if let problem = foreign(address, claim) { return addressOfTheName(claim) ?? report(claim, problem, .again(.seconds(60))) }
            if let problem = unusable(address, claim) { return report(claim, problem, .again(.seconds(60))) }
            if let plan = correctBandwidth(claim, address) { return plan }
            return bind(claim, pod, address)
        }
    }

    /// A pod that cannot be served keeps the EIP that it has, and gets none. What may have been allocated for it is written down all
    /// the same, and no EIP stays on the private IP of a pod before it, where another pod would have it. Nil when all of that is so.
    func keep(_ claim: Claim, _ pod: Pod) -> Plan? {
        guard let id = claim.spec.addressID else { return addressOfTheName(claim) }
        guard let observed = facts.address.value, observed.id == id else { return Plan(.need(.address(id)), .podNeedsEIP) }
        switch observed.reading {
        case .missing(let confirmed):
            if claim.spec.isUserOwned, !isBoundByUs(claim) { return nil }
            if let plan = untilGone(claim, id, confirmed: confirmed) ?? addressOfTheName(claim) { return plan }
            return facts.memory.released == id || intends(.release, claim) ? forget(claim, .releasedEIP) : nil
        case .present(let address):
            if foreign(address, claim) != nil { return addressOfTheName(claim) }
            return keep(claim, pod, address)
        }
    }

    private func keep(_ claim: Claim, _ pod: Pod, _ address: Address) -> Plan? {
        if intends(.release, claim) { return tearDown(claim, .podGone) }
        switch address.status {
        case .creating, .binding, .unbinding, .offlining: return Plan(.rest(.awaitAddress(address.id)), .waitingForCloud)
        case .bind, .bindENI:
            if address.privateIP == pod.podIP || claim.spec.isUserOwned && !wasOurBinding(claim, address) { return nil }
            return unbind(claim, address, .staleBinding)
        case .unbind: return mayBeBound(claim, address) ? Plan(.rest(.awaitAddress(address.id)), .waitingForCloud) : nil
        case .unknown: return nil
        }
    }

    // MARK: the spec follows the pod

    private func adjustSpec(_ claim: Claim, _ pod: Pod, _ source: ClaimSource) -> Plan? {
        var spec = claim.spec
        switch (spec.source, source) {
        case (.listed(let old), .listed(let new)):
            if old != new {
                if let plan = tearDownAddress(claim, .annotationChanged) { return plan }
                spec.source = source
                spec.addressID = new
            }
        case (.attributes(let old), .attributes(let new)) where old != new:
            if claim.spec.addressID == nil {
                // The body is frozen with the serial while it may have been sent.
                if intends(.allocate, claim) || facts.memory.allocated != nil { break }
                spec.source = source
                if claim.status.intent != nil { spec.serial += 1 }
            } else if old.bandwidth != new.bandwidth {
                switch changeBandwidth(claim, to: new.bandwidth) {
                case .plan(let plan): return plan
                case .later: break
                case .done:
                    var changed = old
                    changed.bandwidth = new.bandwidth
                    spec.source = .attributes(changed)
                }
            }
        case (.attributes, .attributes): break
        case (.attributes, .listed(let id)):
            if let plan = tearDownAddress(claim, .annotationChanged) { return plan }
            spec.source = source
            spec.addressID = id
        case (.listed, .attributes):
            if let plan = tearDownAddress(claim, .annotationChanged) { return plan }
            spec.source = source
            spec.addressID = nil
            spec.serial += 1
        }
        let becomesStatic = claim.spec.deletePolicy != pod.deletePolicy
        if spec.deletePolicy != pod.deletePolicy || spec.expireAfter != pod.expireAfter {
            spec.deletePolicy = pod.deletePolicy
            spec.expireAfter = pod.expireAfter
        }
        return spec == claim.spec ? nil : Plan(.step(.updateSpec(spec)), .annotationChanged, notice: becomesStatic ? keptForNobody(pod) : nil)
    }

    private enum BandwidthChange {
        case plan(Plan)
        /// the address is not in a state to be changed
        case later
        case done
    }

    private func changeBandwidth(_ claim: Claim, to megabits: Int) -> BandwidthChange {
        guard let id = claim.spec.addressID, !intends(.release, claim) else { return .later }
        guard let observed = facts.address.value, observed.id == id else { return .plan(Plan(.need(.address(id)), .annotationChanged)) }
        guard case .present(let address) = observed.reading, !address.status.isTransient, address.status.isKnown, Naming.owns(address, facts.key)
        else { return .later }
        if address.bandwidth == megabits { return .done }
        return .plan(
            Plan(
                .step(.modifyBandwidth(id, megabits: megabits)), .annotationChanged,
                notice: Notice(warning: false, reason: .modifiedBandwidth, message: "bandwidth of \(id) set to \(megabits) Mbps")))
    }

    /// An adopted EIP may have been allocated for other attributes, and a call that was sent long ago may be executed last. Once a
    /// run: what the cloud reports for some charge types need not be what was asked for.
    private func correctBandwidth(_ claim: Claim, _ address: Address) -> Plan? {
        guard case .attributes(let attributes) = claim.spec.source, facts.memory.modified != address.id else { return nil }
        switch changeBandwidth(claim, to: attributes.bandwidth) {
        case .plan(let plan): return plan
        case .later, .done: return nil
        }
    }

    // MARK: an EIP for the claim

    private func acquire(_ claim: Claim) -> Plan {
        guard case .attributes(let attributes) = claim.spec.source else { preconditionFailure("adjustSpec gives a listed claim its id") }
        // Adopt before allocate, and only a complete list can say that there is nothing to adopt.
        guard let named = facts.named.value else { return Plan(.need(.named), .waitingForMirror) }
        if let adopted = adoptable(named.addresses) { return record(claim, adopted.id, .adoptedEIP) }
        if let spent = facts.memory.spent, spent.serial == claim.spec.serial {
            let visible = spent.at + policy.listingLag
            if named.listedAt < visible { return Plan(.need(.namedSince(visible)), .waitingForMirror) }
            var spec = claim.spec
            spec.serial += 1
            return Plan(.step(.updateSpec(spec)), .failedAllocateEIP)
        }
        let request = AllocateRequest(
            name: Naming.addressName(facts.key), attributes: attributes, tags: tags(attributes),
            clientToken: Naming.clientToken(facts.key, claimUID: claim.uid, serial: claim.spec.serial))
        return Plan(.step(.allocate(request)), .podNeedsEIP)
    }

    /// Keep the one bound to our pod, else the oldest. Addresses on their way out are not kept; one in a state that is not known
    /// is, if there is no other: allocating beside it would make two.
    func adoptable(_ addresses: [Address]) -> Address? {
        let usable = addresses.filter { $0.status != .offlining && Naming.owns($0, facts.key) }
        let podIP = facts.pod.value??.podIP
        return usable.first { $0.status.isBound && $0.privateIP == podIP && podIP != nil } ?? usable.first { $0.status.isKnown } ?? usable.first
    }

    func record(_ claim: Claim, _ id: AddressID, _ reason: Reason) -> Plan {
        var spec = claim.spec
        spec.addressID = id
        return Plan(
            .step(.updateSpec(spec)), reason,
            notice: Notice(
                warning: false, reason: reason, message: reason == .adoptedEIP ? "took over \(id), which carries this pod's name" : "allocated \(id)"))
    }

    private func tags(_ attributes: AddressAttributes) -> [Tag] {
        let ours = [Naming.creatorTag, Tag(key: Naming.clusterTagKey, value: facts.key.cluster)]
        var seen = Set(ours.map(\.key))
        return ours + (policy.defaultTags + attributes.tags).filter { seen.insert($0.key).inserted }
    }

    // MARK: an EIP that is not there, or not to be used

    private func missing(_ claim: Claim, _ id: AddressID, confirmed: Bool) -> Plan {
        if claim.spec.isUserOwned {
            let problem = Problem(
                .eipNotFound, "\(id) of eip-id-list does not exist in this account and region: correct the id, or allocate the EIP first")
            return report(claim, problem, .again(.seconds(60)))
        }
        if facts.memory.released == id { return forget(claim, .releasedEIP) }
        // Just allocated, it may not be visible yet. The claim is read again each time, so that a repair by hand is seen.
        if let plan = untilGone(claim, id, confirmed: confirmed) { return plan }
        if let plan = addressOfTheName(claim) { return plan }
        if claim.spec.deletePolicy == .retain, !policy.replacesLostStatic, !intends(.release, claim) {
            let problem = Problem(
                .eipLost,
                "the static EIP \(id) does not exist any more and is not replaced: its address is lost; delete the claim to get another one, "
                    + "or run with --lost-static=replace")
            return report(claim, problem, .again(.seconds(300)))
        }
        return forget(claim, .eipLost)
    }

    /// The outcome of this serial is known: its address is gone. The next one is a new serial.
    func forget(_ claim: Claim, _ reason: Reason) -> Plan {
        var spec = claim.spec
        spec.addressID = nil
        spec.serial += 1
        return Plan(.step(.updateSpec(spec)), reason)
    }

    private func unusable(_ address: Address, _ claim: Claim) -> Problem? {
        let id = address.id
        if address.isArrears { return Problem(.eipNotUsable, "\(id) is in arrears and cannot be bound: settle the account's balance") }
        if address.isBlocked { return Problem(.eipNotUsable, "\(id) is blocked by DDoS protection and cannot be bound: wait for its release") }
        if claim.spec.isUserOwned {
            if address.tags.contains(where: { $0.key == Naming.creatorTag.key }) {
                return Problem(.eipNotUsable, "\(id) of eip-id-list was allocated by this controller for another pod: list an EIP of your own")
            }
            if address.cascadeRelease {
                return Problem(.eipNotUsable, "\(id) would be released by the cloud when it is unbound (CascadeRelease): switch that off, or list another EIP")
            }
        }
        return nil
    }

    /// An address that is neither the user's, by the pod's list, nor this key's.
    func foreign(_ address: Address, _ claim: Claim) -> Problem? {
        if claim.spec.isUserOwned || Naming.owns(address, facts.key) { return nil }
        return Problem(
            .eipNotUsable,
            "\(address.id) does not carry this pod's name and this cluster's tags, so it is neither bound, unbound nor released: "
                + "to use an EIP of your own, list it in the pod's eip-id-list")
    }
}

public import Core
internal import JSON

/// The calls that change something. Each is checked and counted as a request, and journalled.
extension CloudModel {
    /// AllocateAddresses for one EIP. Errors: the quotas', the parameters', the token's.
    public mutating func allocate(_ request: AllocateRequest, by caller: String = "", now: Timestamp) -> Result<[AddressID], CloudFault> {
        allocate(AllocateOrder(request), token: request.clientToken, by: caller, now: now).map(\.addresses)
    }

    /// AllocateAddresses (product/215/16699): asynchronous, CREATING then UNBIND.
    public mutating func allocate(
        _ order: AllocateOrder, token: String?, by caller: String = "", now: Timestamp
    ) -> Result<AllocateOutcome, CloudFault> {
        call(.allocateAddresses, order.json(token: token), by: caller, now: now) { model throws(CloudFault) in
            let outcome = try model.doAllocate(order, token: token)
            return (outcome, outcome.addresses)
        }
    }

    /// AssociateAddress (product/215/16700): only from UNBIND; the interface must exist and hold the private IP, which must
    /// have no EIP. Asynchronous, BINDING then BIND, or BIND_ENI if the interface is attached to no instance.
    public mutating func associate(
        _ id: AddressID, networkInterfaceID: String, privateIP: String, by caller: String = "", now: Timestamp
    ) -> Result<CloudTaskID, CloudFault> {
        let parameters: JSONValue = [
            "AddressId": .string(id.rawValue), "NetworkInterfaceId": .string(networkInterfaceID), "PrivateIpAddress": .string(privateIP),
        ]
        return call(.associateAddress, parameters, by: caller, now: now) { model throws(CloudFault) in
            (try model.doAssociate(id, networkInterfaceID: networkInterfaceID, privateIP: privateIP), [id])
        }
    }

    /// DisassociateAddress (product/215/16703): only from BIND and BIND_ENI. Asynchronous, UNBINDING then UNBIND; an address
    /// with CascadeRelease is then released.
    public mutating func disassociate(_ id: AddressID, by caller: String = "", now: Timestamp) -> Result<CloudTaskID, CloudFault> {
        call(.disassociateAddress, ["AddressId": .string(id.rawValue)], by: caller, now: now) { model throws(CloudFault) in
            (try model.doDisassociate(id), [id])
        }
    }

    /// ReleaseAddresses (product/215/16705): only from UNBIND, all or none. Asynchronous, OFFLINING then gone.
    public mutating func release(_ ids: [AddressID], by caller: String = "", now: Timestamp) -> Result<CloudTaskID, CloudFault> {
        call(.releaseAddresses, ["AddressIds": ids.json], by: caller, now: now) { model throws(CloudFault) in
            (try model.doRelease(ids), ids)
        }
    }

    /// ModifyAddressesBandwidth (product/215/19214), all or none; takes effect at once.
    public mutating func modifyBandwidth(_ ids: [AddressID], to bandwidth: Int, by caller: String = "", now: Timestamp) -> Result<CloudTaskID, CloudFault> {
        let parameters: JSONValue = ["AddressIds": ids.json, "InternetMaxBandwidthOut": .int(bandwidth)]
        return call(.modifyAddressesBandwidth, parameters, by: caller, now: now) { model throws(CloudFault) in
            (try model.doModifyBandwidth(ids, to: bandwidth), ids)
        }
    }

    /// ModifyAddressAttribute (product/215/16706) of the name; takes effect at once.
    public mutating func modifyName(_ id: AddressID, to name: String, by caller: String = "", now: Timestamp) -> Result<Void, CloudFault> {
        let parameters: JSONValue = ["AddressId": .string(id.rawValue), "AddressName": .string(name)]
        return call(.modifyAddressAttribute, parameters, by: caller, now: now) { model throws(CloudFault) in
            (try model.doModifyName(id, to: name), [id])
        }
    }

    /// The next so many allocations with a new token fail with `DeliveryFailed`; such a token yields no EIP any more.
    public mutating func failDeliveries(_ count: Int) { deliveriesToFail = count }
}

// MARK: - What they do

extension CloudModel {
    mutating func doAllocate(_ order: AllocateOrder, token: String?) throws(CloudFault) -> AllocateOutcome {
        try order.check(token: token)
        if let token, let known = remembered(token) {
            guard known.order == order else {
                throw CloudCode.idempotentParameterMismatch.fault("the client token `\(token)` was already used with other parameters")
            }
            switch known.outcome {
            case .allocated(let outcome): return outcome
            case .deliveryFailed: throw Self.deliveryFailed
            }
        }
        if existing.count + order.count > settings.totalQuota {
            throw CloudCode.addressQuota.fault("\(existing.count) of \(settings.totalQuota) EIPs of the region are in use")
        }
        if allocatedToday + order.count > settings.dailyQuota {
            throw CloudCode.dailyAllocate.fault("\(allocatedToday) of \(settings.dailyQuota) allocations of the day are used up")
        }
        if deliveriesToFail > 0 {
            deliveriesToFail -= 1
            if let token { tokens[token] = TokenRecord(order: order, outcome: .deliveryFailed, at: clock) }
            if settings.failedDeliveriesArrive { _ = deliver(order) }
            throw Self.deliveryFailed
        }
        let outcome = deliver(order)
        if let token { tokens[token] = TokenRecord(order: order, outcome: .allocated(outcome), at: clock) }
        return outcome
    }

    private mutating func deliver(_ order: AllocateOrder) -> AllocateOutcome {
        allocatedToday += order.count
        var outcome = AllocateOutcome(addresses: [], task: nextTask())
        for _ in 0..<order.count {
            let id = create(order)
            outcome.addresses.append(id)
            start(id, .creating, taking: settings.latency.create, from: clock, task: outcome.task)
        }
        return outcome
    }

    private static var deliveryFailed: CloudFault { CloudCode.deliveryFailed.fault("delivery failed, change `ClientToken` and try again") }

    private mutating func remembered(_ token: String) -> TokenRecord? {
        tokens = tokens.filter { clock - $0.value.at < settings.tokenRetention }
        return tokens[token]
    }

    private mutating func create(_ order: AllocateOrder) -> AddressID {
        let (id, ip) = nextIdentity()
        let address = Address(
            id: id, name: order.name, status: .creating, ip: ip, bandwidth: order.bandwidth, chargeType: order.chargeType, isp: order.isp,
            tags: order.tags, createdAt: clock)
        insert(address, isUserOwned: false, addressType: order.addressType, egress: order.egress)
        return id
    }

    mutating func insert(_ address: Address, isUserOwned: Bool, addressType: String, egress: String?) {
        lastSequence += 1
        records[address.id] = AddressRecord(
            address, sequence: lastSequence, isUserOwned: isUserOwned, addressType: addressType, egress: egress ?? "center_egress1", at: clock)
    }

    /// Ids look like the cloud's and are in no order; IPs are of 198.18.0.0/15, which is set aside for tests (RFC 2544).
    mutating func nextIdentity() -> (AddressID, String) {
        let taken = Set(records.values.map(\.address.ip))
        while true {
            lastSequence += 1
            let digits = String(StableHash.of("eip", String(settings.seed), String(lastSequence)), radix: 36)
            let id = AddressID("eip-\(String(repeating: "0", count: max(0, 8 - digits.count)) + digits.suffix(8))")
            let host = lastSequence % 131_070 + 1
            let ip = "198.\(18 + host / 65_536).\(host / 256 % 256).\(host % 256)"
            if records[id] == nil, !taken.contains(ip) { return (id, ip) }
        }
    }

    mutating func doAssociate(_ id: AddressID, networkInterfaceID: String, privateIP: String) throws(CloudFault) -> CloudTaskID {
        let record = try find(id)
        try checkUsable(record.address)
        switch record.address.status {
        case .unbind: break
        case .binding, .unbinding: throw Self.busy(record.address)
        case .creating, .offlining, .unknown: throw Self.notPermitted(record.address)
        case .bind, .bindENI:
            if record.address.networkInterfaceID != networkInterfaceID {
                throw CloudCode.boundToOtherInterface.fault("\(id) is already bound to \(record.address.networkInterfaceID ?? "another interface")")
            }
            if record.address.privateIP != privateIP {
                throw CloudCode.boundToOtherPrivateIP.fault("\(id) is already bound to \(record.address.privateIP ?? "another private IP")")
            }
            throw Self.notPermitted(record.address)
        }
        guard let interface = interfaces[networkInterfaceID], interface.privateIPs.contains(privateIP) else {
            throw CloudCode.networkInterfaceNotFound.fault("\(networkInterfaceID) does not exist or does not hold \(privateIP)")
        }
        if let holder = holder(of: privateIP, vpcID: interface.vpcID) {
            throw CloudCode.privateIPAlreadyBound.fault("\(privateIP) of \(networkInterfaceID) already has \(holder.address.id)")
        }
        try checkRoom(on: interface.instanceID)
        records[id]?.vpcID = interface.vpcID
        let task = start(id, .binding, taking: settings.latency.bind, from: clock)
        update(id, at: clock) {
            $0.networkInterfaceID = networkInterfaceID
            $0.privateIP = privateIP
            $0.instanceID = interface.instanceID
        }
        return task
    }

    private func checkRoom(on instanceID: String?) throws(CloudFault) {
        guard let instanceID, let cores = instances[instanceID] else { return }
        let most = CloudModel.Settings.addressesMax(cores: cores)
        let used = records.values.count { $0.occupies && $0.address.instanceID == instanceID }
        guard used < most else { throw CloudCode.instanceAddressQuota.fault("\(instanceID) has \(used) EIPs, the most with \(cores) cores is \(most)") }
    }

    mutating func doDisassociate(_ id: AddressID) throws(CloudFault) -> CloudTaskID {
        let address = try find(id).address
        if address.isBlocked { throw CloudCode.addressBlocked.fault("\(id) is blocked") }
        switch address.status {
        case .bind, .bindENI: return start(id, .unbinding, taking: settings.latency.unbind, from: clock)
        case .binding, .unbinding: throw Self.busy(address)
        case .creating, .offlining, .unbind, .unknown: throw Self.notPermitted(address)
        }
    }

    mutating func doRelease(_ ids: [AddressID]) throws(CloudFault) -> CloudTaskID {
        guard !ids.isEmpty else { throw CloudCode.missingParameter.fault("AddressIds is empty") }
        for id in ids {
            let address = try find(id).address
            switch address.status {
            case .unbind: break
            case .binding, .unbinding: throw Self.busy(address)
            case .creating, .offlining, .bind, .bindENI, .unknown: throw Self.notPermitted(address)
            }
        }
        let task = nextTask()
        for id in Set(ids).sorted() { start(id, .offlining, taking: settings.latency.release, from: clock, task: task) }
        return task
    }

    mutating func doModifyBandwidth(_ ids: [AddressID], to bandwidth: Int) throws(CloudFault) -> CloudTaskID {
        guard !ids.isEmpty else { throw CloudCode.missingParameter.fault("AddressIds is empty") }
        for id in ids {
            let address = try find(id).address
            if address.isArrears { throw CloudCode.addressInArrears.fault("\(id) is in arrears") }
            try checkSettled(address)
            try AllocateOrder.check(bandwidth: bandwidth, chargeType: address.chargeType ?? "TRAFFIC_POSTPAID_BY_HOUR")
        }
        for id in ids { update(id, at: clock) { $0.bandwidth = bandwidth } }
        let task = nextTask()
        tasks[task] = .success
        return task
    }

    mutating func doModifyName(_ id: AddressID, to name: String) throws(CloudFault) {
        let address = try find(id).address
        if address.isBlocked { throw CloudCode.addressBlocked.fault("\(id) is blocked") }
        try AllocateOrder.check(name: name)
        if address.status == .offlining { throw Self.notPermitted(address) }
        update(id, at: clock) { $0.name = name }
    }

    // MARK: - Checks

    /// The existing address of that id.
    func find(_ id: AddressID) throws(CloudFault) -> AddressRecord {
        try Self.check(id)
        guard let record = records[id], !record.isGone else { throw CloudCode.addressNotFound.fault("\(id) does not exist") }
        return record
    }

    static func check(_ id: AddressID) throws(CloudFault) {
        let rest = id.rawValue.utf8.dropFirst(4)
        let wellFormed =
            id.rawValue.hasPrefix("eip-") && (1...32).contains(rest.count)
            && rest.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
        guard wellFormed else { throw CloudCode.addressIDMalformed.fault("`\(id)` is no address id, which looks like eip-m44ku5d2") }
    }

    private func checkUsable(_ address: Address) throws(CloudFault) {
        if address.isArrears { throw CloudCode.addressInArrears.fault("\(address.id) is in arrears") }
        if address.isBlocked { throw CloudCode.addressBlocked.fault("\(address.id) is blocked") }
    }

    private func checkSettled(_ address: Address) throws(CloudFault) {
        switch address.status {
        case .bind, .bindENI, .unbind: return
        case .binding, .unbinding: throw Self.busy(address)
        case .creating, .offlining, .unknown: throw Self.notPermitted(address)
        }
    }

    /// The cloud answers so while a task of binding or unbinding is under way (seen by users of Terraform's provider).
    private static func busy(_ address: Address) -> CloudFault {
        CloudCode.mutexTaskRunning.fault("a task is running on \(address.id), which is \(address.status.rawValue): try later")
    }
    private static func notPermitted(_ address: Address) -> CloudFault {
        CloudCode.addressStatusNotPermit.fault("the status `\(address.status.rawValue)` of \(address.id) does not permit this")
    }

    /// Who occupies the private IP.
    func holder(of privateIP: String, vpcID: String) -> AddressRecord? {
        records.values.filter { $0.occupies && $0.vpcID == vpcID && $0.address.privateIP == privateIP }.min { $0.sequence < $1.sequence }
    }
}

public import Core
public import JSON

/// The API as it goes over the wire: an action's name and a JSON body in, the members of `Response` out.
extension CloudModel {
    /// The version of the API that is modelled.
    public static let version = "2017-03-12"

    /// Makes one call and journals it.
    ///
    /// - Returns: the members of `Response` but for RequestId, or the error.
    public mutating func answer(
        _ name: String, version: String = CloudModel.version, _ parameters: JSONValue, by caller: String, now: Timestamp
    ) -> Result<JSONObject, CloudFault> {
        advance(to: now)
        guard version == Self.version else {
            return refuse(name, parameters, by: caller, CloudCode.noSuchVersion.fault("the version `\(version)` does not exist"))
        }
        guard let action = CloudModel.Action(rawValue: name) else {
            return refuse(name, parameters, by: caller, CloudCode.invalidAction.fault("the action `\(name)` does not exist or is not modelled"))
        }
        return call(action, parameters, by: caller, now: now) { model throws(CloudFault) in
            try model.perform(action, CloudParameters(parameters, known: action.parameters))
        }
    }

    private mutating func refuse(_ name: String, _ parameters: JSONValue, by caller: String, _ fault: CloudFault) -> Result<JSONObject, CloudFault> {
        record(
            CloudJournalEntry(time: clock, action: name, parameters: parameters, key: caller, outcome: fault.code, message: fault.message))
        return .failure(fault)
    }

    private mutating func perform(_ action: CloudModel.Action, _ parameters: CloudParameters) throws(CloudFault) -> (JSONObject, [AddressID]) {
        switch action {
        case .allocateAddresses: return try allocate(parameters)
        case .associateAddress: return try associate(parameters)
        case .disassociateAddress:
            let id = try parameters.addressID()
            return (Self.task(try doDisassociate(id)), [id])
        case .releaseAddresses:
            let ids = try parameters.addressIDs()
            return (Self.task(try doRelease(ids)), ids)
        case .modifyAddressesBandwidth:
            let ids = try parameters.addressIDs()
            let bandwidth = try parameters.required("InternetMaxBandwidthOut", parameters.int("InternetMaxBandwidthOut"))
            return (Self.task(try doModifyBandwidth(ids, to: bandwidth)), ids)
        case .modifyAddressAttribute:
            let id = try parameters.addressID()
            if let name = try parameters.string("AddressName") { try doModifyName(id, to: name) } else { _ = try find(id) }
            return ([:], [id])
        case .describeAddresses: return (try describe(parameters), [])
        case .describeAddressQuota: return (["QuotaSet": .array(quotas.map { $0.json(region: settings.region) })], [])
        case .describeTaskResult: return (try taskResult(parameters), [])
        case .describeNetworkInterfaces: return (try networkInterfaces(parameters), [])
        }
    }

    /// Task ids of writes are strings.
    private static func task(_ task: CloudTaskID) -> JSONObject { ["TaskId": .string(String(task.rawValue))] }

    private mutating func allocate(_ parameters: CloudParameters) throws(CloudFault) -> (JSONObject, [AddressID]) {
        let understood = [
            "AddressCount", "AddressName", "InternetServiceProvider", "InternetChargeType", "InternetMaxBandwidthOut", "AddressType", "AnycastZone",
            "BandwidthPackageId", "Egress", "Tags", "ClientToken",
        ]
        let standard = AllocateOrder()
        let order = AllocateOrder(
            count: try parameters.int("AddressCount") ?? standard.count, name: try parameters.string("AddressName") ?? standard.name,
            isp: try parameters.string("InternetServiceProvider") ?? standard.isp,
            chargeType: try parameters.string("InternetChargeType") ?? standard.chargeType,
            bandwidth: try parameters.int("InternetMaxBandwidthOut") ?? standard.bandwidth,
            addressType: try parameters.string("AddressType") ?? standard.addressType, anycastZone: try parameters.string("AnycastZone"),
            bandwidthPackageID: try parameters.string("BandwidthPackageId"), egress: try parameters.string("Egress"), tags: try parameters.tags("Tags"),
            others: parameters.others(than: understood))
        let outcome = try doAllocate(order, token: parameters.string("ClientToken"))
        var response = Self.task(outcome.task)
        response["AddressSet"] = outcome.addresses.json
        return (response, outcome.addresses)
    }

    private mutating func associate(_ parameters: CloudParameters) throws(CloudFault) -> (JSONObject, [AddressID]) {
        let id = try parameters.addressID()
        let instance = try parameters.string("InstanceId")
        let pair = (try parameters.string("NetworkInterfaceId"), try parameters.string("PrivateIpAddress"))
        let target: (interface: String, ip: String)
        switch (instance, pair.0, pair.1) {
        case (nil, let interface?, let ip?): target = (interface, ip)
        case (let instance?, nil, nil):
            guard let primary = allInterfaces.first(where: { $0.instanceID == instance && $0.isPrimary }), let ip = primary.privateIPs.first else {
                throw CloudCode.instanceNotFound.fault("\(instance) does not exist or has no primary interface")
            }
            target = (primary.id, ip)
        case (nil, nil, nil): throw CloudCode.missingAssociateEntity.fault("name an InstanceId, or a NetworkInterfaceId and a PrivateIpAddress")
        case (_, _, _): throw CloudCode.combination.fault("NetworkInterfaceId and PrivateIpAddress go together and without InstanceId")
        }
        return (Self.task(try doAssociate(id, networkInterfaceID: target.interface, privateIP: target.ip)), [id])
    }

    private func describe(_ parameters: CloudParameters) throws(CloudFault) -> JSONObject {
        let offset = try parameters.int("Offset") ?? 0
        let limit = try parameters.int("Limit") ?? Self.limitDefault
        let ids = try parameters.strings("AddressIds")
        var filters = try self.filters(parameters)
        let found: (Int, [Seen])
        if let ids, !ids.isEmpty, filters.isEmpty {
            found = try doDescribe(ids: ids.map { AddressID($0) }, offset: offset, limit: limit)
        } else {
            if let ids, !ids.isEmpty {
                if filters.contains(where: { $0.field == .addressID }) {
                    throw CloudCode.invalidParameter.fault("AddressIds and the filter address-id exclude each other")
                }
                filters.append(AddressFilter(.addressID, ids))
            }
            found = try doDescribe(filters: filters, offset: offset, limit: limit)
        }
        return ["TotalCount": .int(found.0), "AddressSet": .array(found.1.map { $0.1.json(of: $0.0) })]
    }

    private func filters(_ parameters: CloudParameters) throws(CloudFault) -> [AddressFilter] {
        var filters: [AddressFilter] = []
        for filter in try parameters.objects("Filters") ?? [] {
            let name = try filter.required("Filters.Name", filter.string("Name"))
            guard let field = AddressFilter.Field(wire: name) else { throw CloudCode.invalidFilter.fault("the filter `\(name)` does not exist") }
            filters.append(AddressFilter(field, try filter.strings("Values") ?? []))
        }
        return filters
    }

    /// It takes an integer where the writes return a string.
    private func taskResult(_ parameters: CloudParameters) throws(CloudFault) -> JSONObject {
        let id = try parameters.required("TaskId", parameters.int("TaskId"))
        guard let task = UInt64(exactly: id) else { throw CloudCode.invalidParameter.fault("TaskId \(id) is negative") }
        return ["TaskId": .int(id), "Result": .string(try doTaskResult(CloudTaskID(task)).rawValue)]
    }
}

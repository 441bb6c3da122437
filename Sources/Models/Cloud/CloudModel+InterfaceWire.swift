internal import Core
public import JSON

/// DescribeNetworkInterfaces (product/215/15817).
extension CloudModel {
    func networkInterfaces(_ parameters: CloudParameters) throws(CloudFault) -> JSONObject {
        let offset = try parameters.int("Offset") ?? 0
        let limit = try parameters.int("Limit") ?? Self.limitDefault
        guard (1...Self.limitMax).contains(limit) else { throw CloudCode.limitExceeded.fault("Limit \(limit) is not between 1 and \(Self.limitMax)") }
        guard offset >= 0 else { throw CloudCode.range.fault("Offset \(offset) is negative") }
        let ids = try parameters.strings("NetworkInterfaceIds") ?? []
        guard ids.count <= Self.limitMax else { throw CloudCode.limitExceeded.fault("\(ids.count) NetworkInterfaceIds, at most \(Self.limitMax)") }
        let filters = try parameters.objects("Filters") ?? []
        guard ids.isEmpty || filters.isEmpty else { throw CloudCode.coexist.fault("NetworkInterfaceIds and Filters exclude each other") }
        guard filters.count <= AddressFilter.countMax else {
            throw CloudCode.limitExceeded.fault("\(filters.count) filters, at most \(AddressFilter.countMax)")
        }
        var found = allInterfaces
        if !ids.isEmpty { found.removeAll { !ids.contains($0.id) } }
        for filter in filters {
            let name = try filter.required("Filters.Name", filter.string("Name"))
            let values = try filter.strings("Values") ?? []
            guard (1...AddressFilter.valuesMax).contains(values.count) else {
                throw CloudCode.limitExceeded.fault("the filter `\(name)` has \(values.count) values, 1 to \(AddressFilter.valuesMax) are possible")
            }
            guard let passes = Self.test(name, values) else {
                throw CloudCode.filterInvalidKey.fault("the filter `\(name)` does not exist or is not modelled")
            }
            found.removeAll { !passes($0) }
        }
        let page = found.dropFirst(offset).prefix(limit)
        return ["TotalCount": .int(found.count), "NetworkInterfaceSet": .array(page.map { json(of: $0) })]
    }

    private static func test(_ name: String, _ values: [String]) -> ((CloudInterface) -> Bool)? {
        switch name {
        case "vpc-id": { values.contains($0.vpcID) }
        case "network-interface-id": { values.contains($0.id) }
        case "attachment.instance-id": { $0.instanceID.map(values.contains) ?? false }
        case "ip-exact-match": { $0.privateIPs.contains(where: values.contains) }
        case "is-primary": { values.contains($0.isPrimary ? "true" : "false") }
        case "eni-type": { values.contains($0.isPrimary ? "1" : "0") }
        // One value is matched fuzzily, several exactly. The page says "by suffix", which can be read in two ways: both here.
        case "address-ip":
            values.count == 1
                ? { $0.privateIPs.contains { $0.hasPrefix(values[0]) || $0.hasSuffix(values[0]) } }
                : { $0.privateIPs.contains(where: values.contains) }
        default: nil
        }
    }

    private func json(of interface: CloudInterface) -> JSONValue {
        let ips: [JSONValue] = interface.privateIPs.enumerated().map { position, ip in
            let address = holder(of: ip, vpcID: interface.vpcID)?.address
            return [
                "PrivateIpAddress": .string(ip), "Primary": .bool(position == 0), "PublicIpAddress": .string(address?.ip ?? ""),
                "AddressId": .string(address?.id.rawValue ?? ""), "Description": "", "IsWanIpBlocked": .bool(address?.isBlocked ?? false),
                "State": "AVAILABLE", "QosLevel": "DEFAULT",
            ]
        }
        let attachment: JSONValue = interface.instanceID.map { ["InstanceId": .string($0), "DeviceIndex": 1, "InstanceAccountId": "100000000001"] } ?? .null
        return [
            "NetworkInterfaceId": .string(interface.id), "NetworkInterfaceName": .string(interface.id), "NetworkInterfaceDescription": "",
            "VpcId": .string(interface.vpcID), "SubnetId": "subnet-sandbox", "Zone": .string("\(settings.region)-1"), "Primary": .bool(interface.isPrimary),
            "MacAddress": "20:90:6F:00:00:01", "State": interface.instanceID == nil ? "AVAILABLE" : "INUSE", "PrivateIpAddressSet": .array(ips),
            "Attachment": attachment, "EniType": .int(interface.isPrimary ? 1 : 0), "Business": "cvm", "TagSet": [], "GroupSet": [],
        ]
    }
}

extension CloudQuota {
    func json(region: String) -> JSONValue {
        ["QuotaId": .string(id), "QuotaCurrent": .int(current), "QuotaLimit": .int(limit), "QuotaGroup": .string(region)]
    }
}

extension AddressRecord {
    /// DescribeAddresses' `Address` (product/215/15824#Address), as the address looked when it was seen.
    func json(of address: Address) -> JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return [
            "AddressId": .string(address.id.rawValue), "AddressName": .string(address.name), "AddressStatus": .string(address.status.rawValue),
            // the address is known once it has been created
            "AddressIp": .string(address.status == .creating ? "" : address.ip), "AddressType": .string(addressType),
            "InstanceId": text(address.instanceID), "InstanceType": text(address.instanceType), "NetworkInterfaceId": text(address.networkInterfaceID),
            "PrivateAddressIp": text(address.privateIP), "IsArrears": .bool(address.isArrears), "IsBlocked": .bool(address.isBlocked),
            "IsEipDirectConnection": false, "EipAlgType": ["Ftp": true, "Sip": true], "LocalBgp": false,
            "CascadeRelease": .bool(address.cascadeRelease), "CreatedTime": text(address.createdAt?.rfc3339), "TagSet": .array(address.tags.map(\.json)),
            "InternetChargeType": text(address.chargeType), "Bandwidth": address.bandwidth.map { .int($0) } ?? .null, "DeadlineDate": .null,
            "Egress": .string(egress), "InternetServiceProvider": text(address.isp),
        ]
    }
}

extension CloudModel {
    /// Every existing address, as it is now, as DescribeAddresses shows it.
    public var addressesJSON: [JSONValue] { existing.map { $0.json(of: $0.address) } }
}

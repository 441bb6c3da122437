internal import Core
internal import JSON

extension AllocateOrder {
    /// The parameters as AllocateAddresses takes them.
    func json(token: String?) -> JSONValue {
        var object = others
        object["AddressCount"] = .int(count)
        object["AddressName"] = .string(name)
        object["InternetServiceProvider"] = .string(isp)
        object["InternetChargeType"] = .string(chargeType)
        object["InternetMaxBandwidthOut"] = .int(bandwidth)
        object["AddressType"] = .string(addressType)
        object["AnycastZone"] = anycastZone.map { .string($0) }
        object["BandwidthPackageId"] = bandwidthPackageID.map { .string($0) }
        object["Egress"] = egress.map { .string($0) }
        if !tags.isEmpty { object["Tags"] = .array(tags.map(\.json)) }
        object["ClientToken"] = token.map { .string($0) }
        return .object(object)
    }
}

extension Tag {
    var json: JSONValue { ["Key": .string(key), "Value": .string(value)] }
}

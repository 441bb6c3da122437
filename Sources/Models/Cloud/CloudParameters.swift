internal import Core
internal import JSON

/// A request's body, read as strictly as the API reads it: a parameter that the action does not have and one of the wrong type
/// are refused. `null` is as good as absent.
struct CloudParameters {
    private let object: JSONObject

    init(_ value: JSONValue, known: [String]) throws(CloudFault) {
        guard let object = value.object else { throw CloudCode.invalidParameter.fault("the body is no JSON object") }
        for (key, _) in object where !known.contains(key) { throw CloudCode.unknownParameter.fault("the parameter `\(key)` is not recognized") }
        self.object = object
    }

    /// A nested object, which may have other members.
    private init(_ value: JSONValue, in key: String) throws(CloudFault) {
        guard let object = value.object else { throw Self.wrongType(key, "an object") }
        self.object = object
    }

    private static func wrongType(_ key: String, _ expected: String) -> CloudFault {
        CloudCode.invalidParameter.fault("the value of parameter `\(key)` is not \(expected)")
    }

    private func get<T>(_ key: String, _ expected: String, _ read: (JSONValue) -> T?) throws(CloudFault) -> T? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let result = read(value) else { throw Self.wrongType(key, expected) }
        return result
    }

    func string(_ key: String) throws(CloudFault) -> String? { try get(key, "a string", \.string) }
    func int(_ key: String) throws(CloudFault) -> Int? { try get(key, "an integer", \.int) }
    func bool(_ key: String) throws(CloudFault) -> Bool? { try get(key, "a boolean", \.bool) }

    func strings(_ key: String) throws(CloudFault) -> [String]? {
        try get(key, "a list of strings") { value in
            guard let elements = value.array else { return nil }
            let strings = elements.compactMap(\.string)
            return strings.count == elements.count ? strings : nil
        }
    }

    func objects(_ key: String) throws(CloudFault) -> [CloudParameters]? {
        guard let elements = try get(key, "a list", \.array) else { return nil }
        var objects: [CloudParameters] = []
        for element in elements { objects.append(try CloudParameters(element, in: key)) }
        return objects
    }

    func required<T>(_ key: String, _ value: T?) throws(CloudFault) -> T {
        guard let value else { throw CloudCode.missingParameter.fault("the parameter `\(key)` is missing") }
        return value
    }

    func addressID() throws(CloudFault) -> AddressID { AddressID(try required("AddressId", string("AddressId"))) }
    func addressIDs() throws(CloudFault) -> [AddressID] { try required("AddressIds", strings("AddressIds")).map { AddressID($0) } }

    /// `[{"Key", "Value"}]`
    func tags(_ key: String) throws(CloudFault) -> [Tag] {
        var tags: [Tag] = []
        for tag in try objects(key) ?? [] { tags.append(Tag(key: try required("Key", tag.string("Key")), value: try tag.string("Value") ?? "")) }
        return tags
    }

    /// What else is in the object.
    func others(than keys: [String]) -> JSONObject {
        var rest = object
        for key in keys { rest[key] = nil }
        return rest
    }
}

extension CloudModel.Action {
    /// All parameters that the action is documented to have.
    var parameters: [String] {
        switch self {
        case .allocateAddresses:
            [
                "AddressCount", "InternetServiceProvider", "InternetChargeType", "InternetMaxBandwidthOut", "AddressChargePrepaid", "AddressType",
                "AnycastZone", "VipCluster", "ApplicableForCLB", "Tags", "BandwidthPackageId", "AddressName", "DedicatedClusterId",
                "IsDedicatedAddressPool", "Egress", "AntiDDoSPackageId", "ClientToken", "IPChargeType",
            ]
        case .associateAddress: ["AddressId", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress", "EipDirectConnection", "InstanceRegion"]
        case .disassociateAddress: ["AddressId", "ReallocateNormalPublicIp"]
        case .releaseAddresses: ["AddressIds"]
        case .describeAddresses: ["AddressIds", "Filters", "Offset", "Limit"]
        case .describeAddressQuota: []
        case .modifyAddressesBandwidth: ["AddressIds", "InternetMaxBandwidthOut", "StartTime", "EndTime"]
        case .modifyAddressAttribute: ["AddressId", "AddressName", "EipDirectConnection", "EipVisibleOnEni"]
        case .describeTaskResult: ["TaskId", "DealName"]
        case .describeNetworkInterfaces: ["NetworkInterfaceIds", "Filters", "Offset", "Limit"]
        }
    }
}

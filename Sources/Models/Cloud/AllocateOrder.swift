public import Core
public import JSON

/// AllocateAddresses' parameters (product/215/16699) without the ClientToken: two requests with one token must agree in it.
public struct AllocateOrder: Hashable, Sendable {
    public var count: Int
    public var name: String
    public var isp: String
    public var chargeType: String
    /// Mbps
    public var bandwidth: Int
    public var addressType: String
    public var anycastZone: String?
    public var bandwidthPackageID: String?
    public var egress: String?
    public var tags: [Tag]
    /// Documented parameters that the model takes and does nothing with.
    public var others: JSONObject

    public init(
        count: Int = 1, name: String = "未命名", isp: String = "BGP", chargeType: String = "TRAFFIC_POSTPAID_BY_HOUR", bandwidth: Int = 1,
        addressType: String = "EIP", anycastZone: String? = nil, bandwidthPackageID: String? = nil, egress: String? = nil, tags: [Tag] = [],
        others: JSONObject = JSONObject()
    ) {
        self.count = count
        self.name = name
        self.isp = isp
        self.chargeType = chargeType
        self.bandwidth = bandwidth
        self.addressType = addressType
        self.anycastZone = anycastZone
        self.bandwidthPackageID = bandwidthPackageID
        self.egress = egress
        self.tags = tags
        self.others = others
    }

    init(_ request: AllocateRequest) {
        let attributes = request.attributes
        self.init(
            name: request.name, isp: attributes.isp.rawValue, chargeType: attributes.chargeType ?? "TRAFFIC_POSTPAID_BY_HOUR",
            bandwidth: attributes.bandwidth, addressType: attributes.addressType ?? "EIP", anycastZone: attributes.anycastZone,
            bandwidthPackageID: attributes.bandwidthPackageID, egress: attributes.egress, tags: request.tags)
    }

    /// Whatever is wrong with the parameters alone.
    func check(token: String?) throws(CloudFault) {
        guard (1...100).contains(count) else { throw CloudCode.range.fault("AddressCount \(count) is not between 1 and 100") }
        guard ["BGP", "CMCC", "CTCC", "CUCC"].contains(isp) else {
            throw CloudCode.invalidParameterValue.fault("InternetServiceProvider `\(isp)` is none of BGP, CMCC, CTCC, CUCC")
        }
        try Self.check(bandwidth: bandwidth, chargeType: chargeType)
        try checkPackage()
        try Self.check(name: name)
        try Self.check(tags: tags)
        if let token, token.isEmpty || token.utf8.count > 64 || !token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) {
            throw CloudCode.invalidParameterValue.fault("ClientToken `\(token)` is not ASCII of at most 64 characters")
        }
    }

    private func checkPackage() throws(CloudFault) {
        switch (chargeType == "BANDWIDTH_PACKAGE", bandwidthPackageID) {
        case (true, let id?):
            guard id.hasPrefix("bwp-") else { throw CloudCode.bandwidthPackageIDMalformed.fault("BandwidthPackageId `\(id)` does not begin with bwp-") }
        case (false, nil): break
        case (true, nil), (false, _?):
            throw CloudCode.combination.fault("BandwidthPackageId goes with InternetChargeType BANDWIDTH_PACKAGE, each needs the other")
        }
        if chargeType == "BANDWIDTH_PREPAID_BY_MONTH", others["AddressChargePrepaid"] == nil {
            throw CloudCode.missingParameter.fault("AddressChargePrepaid is required with BANDWIDTH_PREPAID_BY_MONTH")
        }
    }

    /// Mbps by charge type.
    static func check(bandwidth: Int, chargeType: String) throws(CloudFault) {
        let most: [String: Int] = [
            "TRAFFIC_POSTPAID_BY_HOUR": 100, "BANDWIDTH_POSTPAID_BY_HOUR": 100, "BANDWIDTH_PREPAID_BY_MONTH": 200, "BANDWIDTH_PACKAGE": 2000,
        ]
        guard let most = most[chargeType] else { throw CloudCode.invalidParameterValue.fault("InternetChargeType `\(chargeType)` does not exist") }
        guard bandwidth >= 1 else { throw CloudCode.bandwidthTooSmall.fault("InternetMaxBandwidthOut \(bandwidth) is below 1") }
        guard bandwidth <= most else {
            throw CloudCode.bandwidthOutOfRange.fault("InternetMaxBandwidthOut \(bandwidth) is above \(most), the most with \(chargeType)")
        }
    }

    /// At most 128 characters: letters (CJK too), digits, `-` and `_` (product/215/19213).
    static func check(name: String) throws(CloudFault) {
        guard name.count <= 128 else { throw CloudCode.nameTooLong.fault("AddressName has \(name.count) characters, more than 128") }
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else {
            throw CloudCode.invalidParameterValue.fault("AddressName `\(name)` has a character that is no letter, digit, `-` or `_`")
        }
    }

    /// Key 1 to 127 characters and at most one of each, value at most 255 (product/651/13354).
    static func check(tags: [Tag]) throws(CloudFault) {
        guard Set(tags.map(\.key)).count == tags.count else { throw CloudCode.invalidTag.fault("a tag key occurs twice in \(tags.map(\.key))") }
        for tag in tags where tag.key.isEmpty || tag.key.count > 127 || tag.value.count > 255 {
            throw CloudCode.invalidTag.fault("tag `\(tag.key)` is empty or too long")
        }
    }
}

/// AllocateAddresses' answer.
public struct AllocateOutcome: Hashable, Sendable {
    public var addresses: [AddressID]
    public var task: CloudTaskID
}

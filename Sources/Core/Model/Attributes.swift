/// Lines an EIP can be on (TKE `eip-attributes`, `ISP`).
public enum ISP: String, Hashable, Sendable, CaseIterable {
    case bgp = "BGP"
    case cmcc = "CMCC"
    case ctcc = "CTCC"
    case cucc = "CUCC"
}

/// What an EIP shall be when it is allocated: the values of `eip-attributes`, checked.
public struct AddressAttributes: Hashable, Sendable {
    /// Mbps; TKE's default is 100
    public var bandwidth: Int
    public var isp: ISP
    /// `InternetChargeType`; nil lets the cloud take its default (TRAFFIC_POSTPAID_BY_HOUR)
    public var chargeType: String?
    public var bandwidthPackageID: String?
    public var addressType: String?
    public var anycastZone: String?
    public var egress: String?
    /// the user's, beside our own
    public var tags: [Tag]

    public init(
        bandwidth: Int = 100, isp: ISP = .bgp, chargeType: String? = nil, bandwidthPackageID: String? = nil, addressType: String? = nil,
        anycastZone: String? = nil, egress: String? = nil, tags: [Tag] = []
    ) {
        self.bandwidth = bandwidth
        self.isp = isp
        self.chargeType = chargeType
        self.bandwidthPackageID = bandwidthPackageID
        self.addressType = addressType
        self.anycastZone = anycastZone
        self.egress = egress
        self.tags = tags
    }
}

/// One AllocateAddresses call. The body is frozen with the serial that its token names.
public struct AllocateRequest: Hashable, Sendable {
    public var name: String
    public var attributes: AddressAttributes
    /// our own tags, then the user's default tags, then those of the attributes
    public var tags: [Tag]
    public var clientToken: String
    public init(name: String, attributes: AddressAttributes, tags: [Tag], clientToken: String) {
        self.name = name
        self.attributes = attributes
        self.tags = tags
        self.clientToken = clientToken
    }
}

/// The actions of the VPC API 2017-03-12 that are used (cloud.tencent.com/document/product/215/15755), each with its own limit per
/// account and region.
public enum CloudAction: String, Hashable, Sendable, CaseIterable {
    case allocateAddresses = "AllocateAddresses"
    case associateAddress = "AssociateAddress"
    case disassociateAddress = "DisassociateAddress"
    case releaseAddresses = "ReleaseAddresses"
    case modifyAddressesBandwidth = "ModifyAddressesBandwidth"
    case modifyAddressAttribute = "ModifyAddressAttribute"
    case describeAddresses = "DescribeAddresses"
    case describeAddressQuota = "DescribeAddressQuota"
    case describeNetworkInterfaces = "DescribeNetworkInterfaces"

    /// Whether it changes something; such a call needs a proof of ownership.
    public var isMutating: Bool {
        switch self {
        case .allocateAddresses, .associateAddress, .disassociateAddress, .releaseAddresses, .modifyAddressesBandwidth, .modifyAddressAttribute: true
        case .describeAddresses, .describeAddressQuota, .describeNetworkInterfaces: false
        }
    }

    /// Calls a second that the cloud documents: cloud.tencent.com/document/product/215/ 16699, 16700, 16703, 16705, 19214, 16702,
    /// 16701, 15817. For ModifyAddressAttribute it documents none; it gets the lowest of the others.
    public var callsPerSecond: Int {
        switch self {
        case .allocateAddresses, .associateAddress, .disassociateAddress, .releaseAddresses, .modifyAddressAttribute, .describeAddressQuota: 10
        case .modifyAddressesBandwidth, .describeAddresses: 20
        case .describeNetworkInterfaces: 100
        }
    }

    /// The action of a step.
    public init(_ verb: CloudVerb) {
        switch verb {
        case .allocate: self = .allocateAddresses
        case .associate: self = .associateAddress
        case .disassociate: self = .disassociateAddress
        case .release: self = .releaseAddresses
        case .modifyBandwidth: self = .modifyAddressesBandwidth
        }
    }
}

/// Whose turn comes first when calls of one action wait.
public enum PacingLane: Int, Hashable, Sendable, CaseIterable {
    case bind
    case allocate
    case release
    /// lists, drift, orphans
    case sweep

    public init(_ verb: CloudVerb) {
        switch verb {
        case .associate, .disassociate: self = .bind
        case .allocate, .modifyBandwidth: self = .allocate
        case .release: self = .release
        }
    }
}

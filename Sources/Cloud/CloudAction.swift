/// The actions of the VPC API 2017-03-12 that are used (cloud.tencent.com/document/product/215/15755).
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

    /// Requests a second, account and region that the cloud documents. ModifyAddressAttribute's is not published: taken as
    /// that of its siblings.
    public var documentedRate: Int {
        switch self {
        case .allocateAddresses, .associateAddress, .disassociateAddress, .releaseAddresses, .describeAddressQuota, .modifyAddressAttribute: 10
        case .describeAddresses, .modifyAddressesBandwidth: 20
        case .describeNetworkInterfaces: 100
        }
    }
}

extension CloudModel {
    /// The actions of the VPC API 2017-03-12 that the model knows.
    public enum Action: String, Hashable, Sendable, CaseIterable {
        case allocateAddresses = "AllocateAddresses"
        case associateAddress = "AssociateAddress"
        case disassociateAddress = "DisassociateAddress"
        case releaseAddresses = "ReleaseAddresses"
        case describeAddresses = "DescribeAddresses"
        case describeAddressQuota = "DescribeAddressQuota"
        case modifyAddressesBandwidth = "ModifyAddressesBandwidth"
        case modifyAddressAttribute = "ModifyAddressAttribute"
        case describeTaskResult = "DescribeTaskResult"
        case describeNetworkInterfaces = "DescribeNetworkInterfaces"

        /// Requests a second per account and region: "default interface request frequency limit" on each action's page
        /// (cloud.tencent.com/document/product/215/16699 and its neighbours). ModifyAddressAttribute's page names none; 10 is the
        /// lowest of its neighbours.
        public var requestsPerSecondMax: Int {
            switch self {
            case .allocateAddresses, .associateAddress, .disassociateAddress, .releaseAddresses, .describeAddressQuota, .modifyAddressAttribute: 10
            case .describeAddresses, .modifyAddressesBandwidth, .describeTaskResult: 20
            case .describeNetworkInterfaces: 100
            }
        }

        /// Whether it changes anything.
        public var isWrite: Bool {
            switch self {
            case .allocateAddresses, .associateAddress, .disassociateAddress, .releaseAddresses, .modifyAddressesBandwidth, .modifyAddressAttribute: true
            case .describeAddresses, .describeAddressQuota, .describeTaskResult, .describeNetworkInterfaces: false
            }
        }
    }
}

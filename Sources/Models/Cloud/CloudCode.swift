public import Core

/// The codes this model answers with, as the actions publish them (error-code lists of cloud.tencent.com/document/product/215
/// and the official SDK's per-action lists), and what each means for the caller.
public enum CloudCode: String, Hashable, Sendable, CaseIterable {
    // any action
    case invalidAction = "InvalidAction"
    case invalidParameter = "InvalidParameter"
    case invalidParameterValue = "InvalidParameterValue"
    case missingParameter = "MissingParameter"
    case noSuchVersion = "NoSuchVersion"
    case requestLimitExceeded = "RequestLimitExceeded"
    case unknownParameter = "UnknownParameter"
    case internalError = "InternalError"

    // AllocateAddresses
    case addressQuota = "AddressQuotaLimitExceeded"
    case dailyAllocate = "AddressQuotaLimitExceeded.DailyAllocate"
    case bandwidthOutOfRange = "InvalidParameterValue.BandwidthOutOfRange"
    case bandwidthTooSmall = "InvalidParameterValue.BandwidthTooSmall"
    case bandwidthPackageIDMalformed = "InvalidParameterValue.BandwidthPackageIdMalformed"
    case combination = "InvalidParameterValue.Combination"
    case invalidTag = "InvalidParameterValue.InvalidTag"
    case range = "InvalidParameterValue.Range"
    case deliveryFailed = "UnsupportedOperation.DeliveryFailed"
    case idempotentParameterMismatch = "UnsupportedOperation.IdempotentParameterMismatch"

    // an address by id
    case addressIDMalformed = "InvalidParameterValue.AddressIdMalformed"
    case addressNotFound = "InvalidAddressId.NotFound"
    case addressBlocked = "InvalidAddressId.Blocked"
    case addressInArrears = "OperationDenied.AddressInArrears"
    case addressStatusNotPermit = "UnsupportedOperation.AddressStatusNotPermit"
    case mutexTaskRunning = "OperationDenied.MutexTaskRunning"
    case nameTooLong = "InvalidParameterValue.TooLong"

    // AssociateAddress
    case missingAssociateEntity = "InvalidParameterValue.MissingAssociateEntity"
    case networkInterfaceNotFound = "InvalidNetworkInterfaceId.NotFound"
    case instanceNotFound = "InvalidInstanceId.NotFound"
    case privateIPAlreadyBound = "InvalidPrivateIpAddress.AlreadyBindEip"
    case boundToOtherInterface = "InvalidParameterValue.NetworkInterfaceIdNotMatch"
    case boundToOtherPrivateIP = "InvalidParameterValue.PrivateIpAddressNotMatch"
    case instanceAddressQuota = "LimitExceeded.InstanceAddressQuota"

    // lists
    case invalidFilter = "InvalidParameter.InvalidFilter"
    case numberOfFilters = "LimitExceeded.NumberOfFilters"
    case limitExceeded = "InvalidParameterValue.LimitExceeded"
    case coexist = "InvalidParameter.Coexist"
    case filterInvalidKey = "InvalidParameter.FilterInvalidKey"

    public var kind: CloudErrorClass {
        switch self {
        case .requestLimitExceeded: .throttled
        case .internalError: .transient
        case .mutexTaskRunning, .addressStatusNotPermit: .busy
        case .privateIPAlreadyBound, .boundToOtherInterface, .boundToOtherPrivateIP: .conflict
        case .networkInterfaceNotFound, .instanceNotFound: .podSideChanged
        case .addressNotFound: .lost
        case .addressQuota, .dailyAllocate, .instanceAddressQuota, .addressBlocked, .addressInArrears: .quota
        case .deliveryFailed, .idempotentParameterMismatch: .newToken
        case .invalidAction, .invalidParameter, .invalidParameterValue, .missingParameter, .noSuchVersion, .unknownParameter,
            .bandwidthOutOfRange, .bandwidthTooSmall, .bandwidthPackageIDMalformed, .combination, .invalidTag, .range,
            .addressIDMalformed, .nameTooLong, .missingAssociateEntity, .invalidFilter, .numberOfFilters, .limitExceeded, .coexist,
            .filterInvalidKey:
            .terminal
        }
    }

    func fault(_ message: String) -> CloudFault { CloudFault(kind, code: rawValue, message: message) }
}

extension CloudFault {
    /// To the one who undoes something, "no such address" says that it is done.
    func seen(by action: CloudModel.Action) -> CloudFault {
        guard kind == .lost, action == .disassociateAddress || action == .releaseAddresses else { return self }
        return CloudFault(.alreadyThere, code: code, message: message, requestID: requestID)
    }
}

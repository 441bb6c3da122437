public import Core

/// Sorts the cloud's error codes into classes: one table of codes, a few codes whose class depends on the action, a rule by
/// family (the part before the dot) for codes nobody published, and transient for the rest.
///
/// Codes: the action lists of the official SDKs (github.com/TencentCloud/tencentcloud-sdk-go, vpc/v20170312) and the common
/// ones (tencentcloud.com/document/product/213/33281). Classes: their published descriptions, and what the SDKs' retryers and
/// the Terraform provider do about them.
public enum ErrorSorting {
    /// How a code was found; anything but `.code` means that nobody published it for these actions.
    public enum Rule: Hashable, Sendable {
        case code
        case family
        case unknown
    }

    public static func sort(_ code: String, _ action: CloudAction) -> (kind: CloudErrorClass, rule: Rule) {
        if let kind = byAction(code, action) ?? byCode[code] { return (kind, .code) }
        if let kind = byFamily[String(code.prefix { $0 != "." })] { return (kind, .family) }
        return (.transient, .unknown)
    }

    /// "No such address" and "not in this state" mean different things to different callers.
    private static func byAction(_ code: String, _ action: CloudAction) -> CloudErrorClass? {
        switch (code, action) {
        // what was to be undone is gone already
        case ("InvalidAddressId.NotFound", .disassociateAddress), ("InvalidParameterValue.AddressNotFound", .disassociateAddress),
            ("InvalidAddressId.NotFound", .releaseAddresses), ("InvalidParameterValue.AddressNotFound", .releaseAddresses):
            .alreadyThere
        // nothing stands on an instance yet, so its state is the request's fault
        case ("UnsupportedOperation.InstanceStateNotSupported", .allocateAddresses): .terminal
        default: nil
        }
    }

    private static let byCode: [String: CloudErrorClass] = {
        var table: [String: CloudErrorClass] = [:]
        for (kind, codes) in codesByClass {
            for code in codes.split(whereSeparator: \.isWhitespace) {
                let previous = table.updateValue(kind, forKey: String(code))
                precondition(previous == nil, "\(code) is sorted twice")
            }
        }
        return table
    }()

    private static let byFamily: [String: CloudErrorClass] = [
        "RequestLimitExceeded": .throttled,
        "InternalError": .transient, "InternalServerError": .transient, "ServiceUnavailable": .transient, "ResourceUnavailable": .transient,
        "FailedOperation": .transient,
        "MutexOperation": .busy, "DesOperation": .busy, "ResourceInUse": .busy,
        "InvalidNetworkInterfaceId": .podSideChanged, "InvalidInstanceId": .podSideChanged, "ResourceNotFound": .podSideChanged,
        "AddressQuotaLimitExceeded": .quota, "LimitExceeded": .quota, "ResourceInsufficient": .quota,
        "UnauthorizedOperation": .authorisation, "AuthFailure": .authorisation,
        "InvalidParameter": .terminal, "InvalidParameterValue": .terminal, "InvalidParameterConflict": .terminal, "MissingParameter": .terminal,
        "UnknownParameter": .terminal, "UnsupportedOperation": .terminal, "UnsupportedRegion": .terminal, "InvalidAccount": .terminal,
    ]

    private static let codesByClass: [(CloudErrorClass, String)] = [
        (
            .throttled,
            """
            RequestLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded RequestLimitExceeded.IPLimitExceeded
            RequestLimitExceeded.UinLimitExceeded LimitExceeded.ActionLimited
            """
        ),
        (
            .transient,
            """
            InternalError InternalError.ModuleError InternalServerError ServiceUnavailable ResourceUnavailable
            FailedOperation FailedOperation.TaskFailed FailedOperation.MasterEniNotFound
            """
        ),
        // The last four say "not in this state", mostly because an earlier task still runs: reading again decides. The first
        // of those and InvalidAddressId.StatusNotPermit, like the two MutexTask… at the end, are in old lists or in none.
        (
            .busy,
            """
            OperationDenied.MutexTaskRunning UnsupportedOperation.MutexOperationTaskRunning UnsupportedOperation.IdempotentProcessing
            ResourceInUse DesOperation.MutexTaskRunning MutexOperation.TaskRunning
            InvalidAddressIdStatus.NotPermit InvalidAddressId.StatusNotPermit InvalidAddressState UnsupportedOperation.AddressStatusNotPermit
            """
        ),
        (
            .conflict,
            """
            InvalidPrivateIpAddress.AlreadyBindEip InvalidParameterValue.PrivateIpAddressNotMatch InvalidParameterValue.NetworkInterfaceIdNotMatch
            InvalidInstanceId.AlreadyBindEip
            """
        ),
        // An instance in a state that forbids it is a node that starts, stops or is gone: the pod moves with it. Were these
        // terminal, an EIP could stay bound to a private IP because its node was just rebooting.
        (
            .podSideChanged,
            """
            InvalidNetworkInterfaceId.NotFound InvalidParameterValue.NetworkInterfaceNotFound FailedOperation.AddressEniInfoNotFound
            InvalidInstanceId.NotFound ResourceNotFound
            UnsupportedOperation.InstanceStateNotSupported InvalidParameterValue.InvalidInstanceState
            """
        ),
        (.lost, "InvalidAddressId.NotFound InvalidParameterValue.AddressNotFound"),
        (
            .quota,
            """
            AddressQuotaLimitExceeded AddressQuotaLimitExceeded.DailyAllocate
            LimitExceeded LimitExceeded.InstanceAddressQuota LimitExceeded.TagQuota LimitExceeded.BandwidthPackageQuota
            LimitExceeded.BandwidthPackageResourceQuota LimitExceeded.AccountReturnQuota LimitExceeded.MonthlyAddressRecoveryQuota
            ResourceInsufficient FailedOperation.BalanceInsufficient OperationDenied.AddressInArrears InvalidAddressIdState.InArrears
            InvalidAddressId.Blocked UnsupportedOperation.UnpaidOrderAlreadyExists
            """
        ),
        (
            .authorisation,
            """
            UnauthorizedOperation UnauthorizedOperation.AnycastEip UnauthorizedOperation.InvalidAccount
            AuthFailure AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId AuthFailure.MFAFailure AuthFailure.SecretIdNotFound
            AuthFailure.SignatureExpire AuthFailure.SignatureFailure AuthFailure.TokenFailure AuthFailure.UnauthorizedOperation
            IpInBlacklist IpNotInWhitelist
            """
        ),
        (.newToken, "UnsupportedOperation.DeliveryFailed UnsupportedOperation.IdempotentParameterMismatch"),
        (.terminal, terminalCodes),
    ]

    private static let terminalCodes = """
        ActionOffline DryRunOperation InvalidAction InvalidRequest NoSuchProduct NoSuchVersion RequestSizeLimitExceeded ResponseSizeLimitExceeded
        UnknownParameter UnsupportedProtocol UnsupportedRegion
        InvalidAccount.NotSupported InvalidInstance.NotSupported FailedOperation.InvalidRegion LimitExceeded.NumberOfFilters
        MissingParameter MissingResourceId OperationDenied.AddressDeletionProtectionEnabled
        InvalidParameter InvalidParameter.Coexist InvalidParameter.Conflict InvalidParameter.FilterInvalidKey InvalidParameter.FilterNotDict
        InvalidParameter.FilterValuesNotList InvalidParameter.InvalidFilter InvalidParameterConflict
        InvalidParameterValue
        InvalidParameterValue.AddressAlreadyHasPassThrough InvalidParameterValue.AddressAttacked InvalidParameterValue.AddressIdMalformed
        InvalidParameterValue.AddressInternetChargeTypeConflict InvalidParameterValue.AddressIpNotAvailable
        InvalidParameterValue.AddressNotApplicable InvalidParameterValue.AddressTypeConflict InvalidParameterValue.BandwidthOutOfRange
        InvalidParameterValue.BandwidthPackageIdMalformed InvalidParameterValue.BandwidthPackageNotFound InvalidParameterValue.BandwidthTooSmall
        InvalidParameterValue.Combination InvalidParameterValue.EgressConflict InvalidParameterValue.InconsistentInstanceInternetChargeType
        InvalidParameterValue.InstanceDoesNotSupportAnycast InvalidParameterValue.InstanceDoesNotSupportEipVisibleOnEni
        InvalidParameterValue.InstanceHasNoWanIP InvalidParameterValue.InstanceHasWanIP InvalidParameterValue.InstanceIdMalformed
        InvalidParameterValue.InstanceNoCalcIP InvalidParameterValue.InstanceNoWanIP InvalidParameterValue.InstanceNormalPublicIpBlocked
        InvalidParameterValue.InstanceNotMatchAssociateEni InvalidParameterValue.InstanceVpcDoesNotSupportEipVisibleOnEni
        InvalidParameterValue.InvalidDedicatedClusterId InvalidParameterValue.InvalidEgress
        InvalidParameterValue.InvalidInstanceInternetChargeType InvalidParameterValue.InvalidTag InvalidParameterValue.LBAlreadyBindEip
        InvalidParameterValue.LimitExceeded InvalidParameterValue.Malformed InvalidParameterValue.MissingAssociateEntity
        InvalidParameterValue.MixedAddressIpSetType InvalidParameterValue.NetworkInterfaceIdMalformed
        InvalidParameterValue.OnlySupportedForMasterNetworkCard InvalidParameterValue.PrivateIpAddressDoesNotSupportEipVisibleOnEni
        InvalidParameterValue.Range InvalidParameterValue.ResourceExpired InvalidParameterValue.ResourceIdMalformed
        InvalidParameterValue.ResourceNotExisted InvalidParameterValue.ResourceNotSupport InvalidParameterValue.TagNotExisted
        InvalidParameterValue.TooLong InvalidParameterValue.UnavailableZone InvalidParameterValue.UnsupportedEgress
        UnsupportedOperation
        UnsupportedOperation.AccountNotSupported UnsupportedOperation.ActionNotFound UnsupportedOperation.AddressIpNotSupportInstance
        UnsupportedOperation.BandwidthPackageIdNotSupported UnsupportedOperation.IncorrectAddressResourceType
        UnsupportedOperation.InstanceStatusNotPermit UnsupportedOperation.InvalidAction UnsupportedOperation.InvalidAddressInternetChargeType
        UnsupportedOperation.IspNotSupported UnsupportedOperation.ModifyAddressAttribute
        UnsupportedOperation.NotSupportedPurchaseCenterEgressResource UnsupportedOperation.OfflineChargeType UnsupportedOperation.UnsupportedRegion
        """
}

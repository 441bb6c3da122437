import Core
import Testing

@testable import Cloud

/// The classes written down a second time, action by action, for every code that is published for it.
@Suite struct ErrorSortingTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var action: CloudAction
        var expected: [CloudErrorClass: String]
        var count: Int
        var testDescription: String { action.rawValue }
    }

    static func prefixed(_ prefix: String, _ names: String) -> String {
        names.split(separator: " ").map { "\(prefix).\($0)" }.joined(separator: " ")
    }

    static let rows: [Row] = [
        Row(
            action: .allocateAddresses,
            expected: [
                .quota: "AddressQuotaLimitExceeded AddressQuotaLimitExceeded.DailyAllocate FailedOperation.BalanceInsufficient InvalidAddressId.Blocked "
                    + prefixed("LimitExceeded", "BandwidthPackageQuota BandwidthPackageResourceQuota MonthlyAddressRecoveryQuota TagQuota")
                    + " ResourceInsufficient",
                .authorisation: "UnauthorizedOperation.AnycastEip UnauthorizedOperation.InvalidAccount",
                .newToken: "UnsupportedOperation.DeliveryFailed",
                .terminal: "FailedOperation.InvalidRegion InvalidAccount.NotSupported InvalidParameterConflict "
                    + prefixed(
                        "InvalidParameterValue",
                        "AddressAttacked AddressIpNotAvailable BandwidthOutOfRange BandwidthPackageIdMalformed BandwidthPackageNotFound BandwidthTooSmall "
                            + "Combination InstanceIdMalformed InvalidDedicatedClusterId InvalidEgress InvalidTag MixedAddressIpSetType Range "
                            + "ResourceIdMalformed ResourceNotSupport TagNotExisted UnavailableZone UnsupportedEgress") + " "
                    + prefixed(
                        "UnsupportedOperation",
                        "AccountNotSupported ActionNotFound BandwidthPackageIdNotSupported InstanceStateNotSupported InvalidAction "
                            + "NotSupportedPurchaseCenterEgressResource OfflineChargeType UnsupportedRegion"),
            ], count: 41),
        Row(
            action: .associateAddress,
            expected: [
                .throttled: "RequestLimitExceeded",
                .transient: "FailedOperation.TaskFailed",
                .busy: "OperationDenied.MutexTaskRunning UnsupportedOperation.AddressStatusNotPermit",
                .conflict: "InvalidInstanceId.AlreadyBindEip InvalidPrivateIpAddress.AlreadyBindEip "
                    + prefixed("InvalidParameterValue", "NetworkInterfaceIdNotMatch PrivateIpAddressNotMatch"),
                .podSideChanged: "FailedOperation.AddressEniInfoNotFound InvalidInstanceId.NotFound InvalidNetworkInterfaceId.NotFound "
                    + "InvalidParameterValue.NetworkInterfaceNotFound InvalidParameterValue.InvalidInstanceState "
                    + "UnsupportedOperation.InstanceStateNotSupported",
                .lost: "InvalidAddressId.NotFound InvalidParameterValue.AddressNotFound",
                .quota: "InvalidAddressId.Blocked LimitExceeded.InstanceAddressQuota OperationDenied.AddressInArrears",
                .terminal: "InvalidAccount.NotSupported InvalidParameter.Conflict InvalidParameterConflict MissingParameter "
                    + prefixed(
                        "InvalidParameterValue",
                        "AddressIdMalformed AddressNotApplicable Combination InstanceDoesNotSupportAnycast InstanceDoesNotSupportEipVisibleOnEni "
                            + "InstanceHasNoWanIP InstanceHasWanIP InstanceIdMalformed InstanceNoWanIP InstanceNormalPublicIpBlocked "
                            + "InstanceNotMatchAssociateEni InstanceVpcDoesNotSupportEipVisibleOnEni InvalidInstanceInternetChargeType LBAlreadyBindEip "
                            + "MissingAssociateEntity PrivateIpAddressDoesNotSupportEipVisibleOnEni ResourceNotSupport") + " "
                    + prefixed(
                        "UnsupportedOperation",
                        "ActionNotFound AddressIpNotSupportInstance IncorrectAddressResourceType InstanceStatusNotPermit InvalidAction "
                            + "InvalidAddressInternetChargeType IspNotSupported"),
            ], count: 47),
        Row(
            action: .disassociateAddress,
            expected: [
                .quota: "AddressQuotaLimitExceeded.DailyAllocate InvalidAddressId.Blocked",
                .podSideChanged: "FailedOperation.AddressEniInfoNotFound InvalidInstanceId.NotFound UnsupportedOperation.InstanceStateNotSupported",
                .transient: "FailedOperation.MasterEniNotFound FailedOperation.TaskFailed",
                .alreadyThere: "InvalidAddressId.NotFound InvalidParameterValue.AddressNotFound",
                .busy: "InvalidAddressIdStatus.NotPermit OperationDenied.MutexTaskRunning UnsupportedOperation.AddressStatusNotPermit",
                .terminal: "InvalidInstance.NotSupported InvalidParameter "
                    + prefixed("InvalidParameterValue", "AddressIdMalformed InstanceIdMalformed OnlySupportedForMasterNetworkCard ResourceNotSupport")
                    + " UnsupportedOperation.ActionNotFound UnsupportedOperation.InvalidAction",
            ], count: 20),
        Row(
            action: .releaseAddresses,
            expected: [
                .transient: "FailedOperation.TaskFailed",
                .alreadyThere: "InvalidAddressId.NotFound InvalidParameterValue.AddressNotFound",
                .busy: "InvalidAddressState OperationDenied.MutexTaskRunning UnsupportedOperation.AddressStatusNotPermit",
                .quota: "LimitExceeded.AccountReturnQuota UnsupportedOperation.UnpaidOrderAlreadyExists",
                .terminal: prefixed("InvalidParameterValue", "AddressIdMalformed AddressInternetChargeTypeConflict AddressTypeConflict")
                    + " OperationDenied.AddressDeletionProtectionEnabled",
            ], count: 12),
        Row(
            action: .describeAddresses,
            expected: [
                .throttled: "RequestLimitExceeded",
                .terminal: "InvalidParameter InvalidParameter.InvalidFilter LimitExceeded.NumberOfFilters UnsupportedOperation "
                    + prefixed(
                        "InvalidParameterValue",
                        "AddressIdMalformed InvalidDedicatedClusterId LimitExceeded NetworkInterfaceIdMalformed ResourceIdMalformed"),
            ], count: 10),
        Row(action: .describeAddressQuota, expected: [.transient: "InternalServerError", .terminal: "UnsupportedOperation"], count: 2),
        Row(
            action: .modifyAddressesBandwidth,
            expected: [
                .throttled: "RequestLimitExceeded",
                .transient: "FailedOperation.TaskFailed InternalServerError",
                .lost: "InvalidAddressId.NotFound InvalidParameterValue.AddressNotFound",
                .quota: "OperationDenied.AddressInArrears UnsupportedOperation.UnpaidOrderAlreadyExists",
                .busy: "OperationDenied.MutexTaskRunning UnsupportedOperation.AddressStatusNotPermit",
                .podSideChanged: "UnsupportedOperation.InstanceStateNotSupported",
                .terminal: prefixed(
                    "InvalidParameterValue",
                    "AddressIdMalformed AddressTypeConflict BandwidthOutOfRange BandwidthTooSmall EgressConflict InconsistentInstanceInternetChargeType "
                        + "InstanceIdMalformed InstanceNoCalcIP InstanceNoWanIP LimitExceeded ResourceExpired ResourceNotExisted ResourceNotSupport")
                    + " UnsupportedOperation.ActionNotFound",
            ], count: 24),
        Row(
            action: .modifyAddressAttribute,
            expected: [
                .throttled: "RequestLimitExceeded",
                .quota: "InvalidAddressId.Blocked",
                .lost: "InvalidAddressId.NotFound InvalidParameterValue.AddressNotFound",
                .busy: "OperationDenied.MutexTaskRunning UnsupportedOperation.AddressStatusNotPermit",
                .terminal: "InvalidParameter.Conflict InvalidParameterValue "
                    + prefixed(
                        "InvalidParameterValue",
                        "AddressAlreadyHasPassThrough AddressIdMalformed InstanceDoesNotSupportEipVisibleOnEni InstanceVpcDoesNotSupportEipVisibleOnEni "
                            + "PrivateIpAddressDoesNotSupportEipVisibleOnEni ResourceNotExisted TooLong")
                    + " UnsupportedOperation.IncorrectAddressResourceType UnsupportedOperation.ModifyAddressAttribute",
            ], count: 17),
        Row(
            action: .describeNetworkInterfaces,
            expected: [
                .transient: "InternalError.ModuleError",
                .throttled: "LimitExceeded.ActionLimited",
                .podSideChanged: "ResourceNotFound",
                .terminal: prefixed("InvalidParameter", "Coexist FilterInvalidKey FilterNotDict FilterValuesNotList") + " "
                    + prefixed("InvalidParameterValue", "LimitExceeded Malformed Range") + " UnsupportedOperation",
            ], count: 11),
    ]

    @Test func `the rows cover every action`() {
        #expect(Set(Self.rows.map(\.action)) == Set(CloudAction.allCases))
    }

    @Test(arguments: rows)
    func `every published code of the action is sorted by name`(_ row: Row) {
        var seen: Set<String> = []
        for (kind, codes) in row.expected {
            for code in codes.split(separator: " ").map(String.init) {
                #expect(seen.insert(code).inserted, "\(code) is listed twice")
                let sorted = ErrorSorting.sort(code, row.action)
                #expect(sorted.kind == kind, "\(code)")
                #expect(sorted.rule == .code, "\(code)")
            }
        }
        #expect(seen.count == row.count, "the published list has \(row.count) codes")
    }

    /// tencentcloud.com/document/product/213/33281
    static let common: [CloudErrorClass: String] = [
        .throttled: "RequestLimitExceeded " + prefixed("RequestLimitExceeded", "GlobalRegionUinLimitExceeded IPLimitExceeded UinLimitExceeded"),
        .transient: "FailedOperation InternalError ResourceUnavailable ServiceUnavailable",
        .busy: "ResourceInUse",
        .podSideChanged: "ResourceNotFound",
        .quota: "LimitExceeded ResourceInsufficient",
        .authorisation: "UnauthorizedOperation IpInBlacklist IpNotInWhitelist "
            + prefixed(
                "AuthFailure",
                "InvalidAuthorization InvalidSecretId MFAFailure SecretIdNotFound SignatureExpire SignatureFailure TokenFailure UnauthorizedOperation"),
        .terminal: "ActionOffline DryRunOperation InvalidAction InvalidParameter InvalidParameterValue InvalidRequest MissingParameter NoSuchProduct "
            + "NoSuchVersion RequestSizeLimitExceeded ResponseSizeLimitExceeded UnknownParameter UnsupportedOperation UnsupportedProtocol UnsupportedRegion",
    ]

    @Test(arguments: CloudAction.allCases)
    func `the common codes mean the same everywhere`(_ action: CloudAction) {
        for (kind, codes) in Self.common {
            for code in codes.split(separator: " ").map(String.init) {
                let sorted = ErrorSorting.sort(code, action)
                #expect(sorted.kind == kind && sorted.rule == .code, "\(code)")
            }
        }
    }

    @Test(arguments: [
        ("DesOperation.MutexTaskRunning", CloudErrorClass.busy), ("MutexOperation.TaskRunning", .busy), ("InvalidAddressId.StatusNotPermit", .busy),
        ("UnsupportedOperation.MutexOperationTaskRunning", .busy), ("UnsupportedOperation.IdempotentProcessing", .busy),
        ("UnsupportedOperation.IdempotentParameterMismatch", .newToken), ("InvalidAddressIdState.InArrears", .quota), ("MissingResourceId", .terminal),
    ])
    func `codes of old lists and of the wild are known`(code: String, kind: CloudErrorClass) {
        let sorted = ErrorSorting.sort(code, .associateAddress)
        #expect(sorted.kind == kind && sorted.rule == .code)
    }

    @Test(arguments: [
        ("RequestLimitExceeded.Novelty", CloudErrorClass.throttled), ("InternalError.Novelty", .transient), ("FailedOperation.Novelty", .transient),
        ("MutexOperation.Novelty", .busy), ("InvalidNetworkInterfaceId.Novelty", .podSideChanged), ("LimitExceeded.Novelty", .quota),
        ("AuthFailure.Novelty", .authorisation), ("UnauthorizedOperation.Novelty", .authorisation), ("InvalidParameterValue.Novelty", .terminal),
        ("UnsupportedOperation.Novelty", .terminal),
    ])
    func `an unknown code of a known family has the family's class`(code: String, kind: CloudErrorClass) {
        let sorted = ErrorSorting.sort(code, .associateAddress)
        #expect(sorted.kind == kind && sorted.rule == .family)
    }

    @Test(arguments: ["", ".", "Novelty", "InvalidAddressId.Novelty", "OperationDenied.Novelty", "internalerror", "LimitExceededNovelty.X"])
    func `any other code is transient`(code: String) {
        let sorted = ErrorSorting.sort(code, .associateAddress)
        #expect(sorted.kind == .transient && sorted.rule == .unknown)
    }
}

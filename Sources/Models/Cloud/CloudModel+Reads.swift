public import Core
internal import JSON

extension CloudModel {
    /// A piece of a list, and how long the whole is.
    public struct Page: Hashable, Sendable {
        public var total: Int
        public var addresses: [Address]
    }
}

/// One of DescribeAddressQuota's `QuotaSet` (product/215/16701).
public struct CloudQuota: Hashable, Sendable {
    /// such as `TOTAL_EIP_QUOTA`
    public var id: String
    public var current: Int
    public var limit: Int
}

/// A private IP and the interface that holds it.
public struct PrivateIPOwner: Hashable, Sendable {
    public var ip: String
    public var interface: NetworkInterface
}

/// The calls that only read. They count as requests too.
extension CloudModel {
    /// Entries of one answer, at most; and if the caller names no limit (product/215/16702).
    public static let limitMax = 100
    public static let limitDefault = 20

    /// DescribeAddresses by ids: the state of `settings.describeLag` ago, cut after `limit` addresses without a word.
    /// Unknown ids, and those of `settings.overlooked`: `settings.unknownID`.
    public mutating func describe(
        ids: [AddressID], limit: Int = CloudModel.limitDefault, by caller: String = "", now: Timestamp
    ) -> Result<[Address], CloudFault> {
        call(.describeAddresses, ["AddressIds": ids.json, "Limit": .int(limit)], by: caller, now: now) { model throws(CloudFault) in
            (try model.doDescribe(ids: ids, offset: 0, limit: limit).1.map(\.0), [])
        }
    }

    /// DescribeAddresses by filters, in the order of creation: the state of `settings.listingLag` ago.
    public mutating func describe(
        filters: [AddressFilter], offset: Int = 0, limit: Int = CloudModel.limitDefault, by caller: String = "", now: Timestamp
    ) -> Result<CloudModel.Page, CloudFault> {
        let parameters: JSONValue = ["Filters": .array(filters.map(\.json)), "Offset": .int(offset), "Limit": .int(limit)]
        return call(.describeAddresses, parameters, by: caller, now: now) { model throws(CloudFault) in
            let (total, page) = try model.doDescribe(filters: filters, offset: offset, limit: limit)
            return (CloudModel.Page(total: total, addresses: page.map(\.0)), [])
        }
    }

    /// DescribeAddressQuota (product/215/16701).
    public mutating func quota(by caller: String = "", now: Timestamp) -> Result<[CloudQuota], CloudFault> {
        call(.describeAddressQuota, [:], by: caller, now: now) { model throws(CloudFault) in (model.quotas, []) }
    }

    /// DescribeTaskResult (product/215/36271); a task that does not exist is `InvalidParameter`.
    public mutating func taskResult(_ task: CloudTaskID, by caller: String = "", now: Timestamp) -> Result<CloudTaskResult, CloudFault> {
        call(.describeTaskResult, ["TaskId": .int(Int(clamping: task.rawValue))], by: caller, now: now) { model throws(CloudFault) in
            (try model.doTaskResult(task), [])
        }
    }

    /// DescribeNetworkInterfaces with the filters `ip-exact-match` and `vpc-id` (product/215/15817). IPs nobody holds are missing.
    public mutating func networkInterfaces(ips: [String], vpc: String, by caller: String = "", now: Timestamp) -> Result<[PrivateIPOwner], CloudFault> {
        let parameters: JSONValue = ["vpc-id": .string(vpc), "ip-exact-match": .array(ips.map { .string($0) })]
        return call(.describeNetworkInterfaces, parameters, by: caller, now: now) { model throws(CloudFault) in
            guard ips.count <= Self.limitMax else { throw CloudCode.limitExceeded.fault("\(ips.count) values of ip-exact-match, at most \(Self.limitMax)") }
            let owners = ips.compactMap { ip in model.interface(holding: ip, vpcID: vpc).map { PrivateIPOwner(ip: ip, interface: $0) } }
            return (owners, [])
        }
    }
}

extension CloudModel.Settings.UnknownID {
    fileprivate var code: CloudCode? {
        switch self {
        case .absent: nil
        case .error: .addressNotFound
        case .invalidValue: .invalidParameterValue
        }
    }
}

// MARK: - What they do

extension CloudModel {
    /// An address as a reader sees it, with its record.
    typealias Seen = (Address, AddressRecord)

    func doDescribe(ids: [AddressID], offset: Int, limit: Int) throws(CloudFault) -> (Int, [Seen]) {
        try Self.check(offset: offset, limit: limit)
        guard ids.count <= Self.limitMax else { throw CloudCode.limitExceeded.fault("\(ids.count) AddressIds, at most \(Self.limitMax)") }
        for id in ids { try Self.check(id) }
        let wanted = Set(ids)
        let found = seen(at: ago(settings.describeLag)).filter { wanted.contains($0.0.id) && !settings.overlooked.contains($0.0.id) }
        let missing = wanted.subtracting(found.map(\.0.id)).sorted()
        if !missing.isEmpty, let code = settings.unknownID.code { throw code.fault("\(missing.map(\.rawValue).joined(separator: ", ")) does not exist") }
        return (found.count, Array(found.dropFirst(offset).prefix(limit)))
    }

    func doDescribe(filters: [AddressFilter], offset: Int, limit: Int) throws(CloudFault) -> (Int, [Seen]) {
        try Self.check(offset: offset, limit: limit)
        guard filters.count <= AddressFilter.countMax else {
            throw CloudCode.numberOfFilters.fault("\(filters.count) filters, at most \(AddressFilter.countMax)")
        }
        for filter in filters where filter.values.isEmpty || filter.values.count > AddressFilter.valuesMax {
            throw CloudCode.limitExceeded.fault("a filter has \(filter.values.count) values, 1 to \(AddressFilter.valuesMax) are possible")
        }
        let found = seen(at: ago(settings.listingLag)).filter { address, record in filters.allSatisfy { $0.passes(address, record) } }
        return (found.count, Array(found.dropFirst(offset).prefix(limit)))
    }

    private func seen(at time: Timestamp) -> [Seen] {
        records.values.sorted { $0.sequence < $1.sequence }.compactMap { record in record.seen(at: time).map { ($0, record) } }
    }

    static func check(offset: Int, limit: Int) throws(CloudFault) {
        guard (1...limitMax).contains(limit) else { throw CloudCode.limitExceeded.fault("Limit \(limit) is not between 1 and \(limitMax)") }
        guard offset >= 0 else { throw CloudCode.invalidParameter.fault("Offset \(offset) is negative") }
    }

    var quotas: [CloudQuota] {
        [
            CloudQuota(id: "TOTAL_EIP_QUOTA", current: existing.count, limit: settings.totalQuota),
            CloudQuota(id: "DAILY_EIP_APPLY", current: allocatedToday, limit: settings.dailyQuota),
            CloudQuota(id: "DAILY_PUBLIC_IP_ASSIGN", current: 0, limit: 10),
        ]
    }

    func doTaskResult(_ task: CloudTaskID) throws(CloudFault) -> CloudTaskResult {
        guard let result = tasks[task] else { throw CloudCode.invalidParameter.fault("task \(task.rawValue) does not exist") }
        return result
    }
}

extension [AddressID] {
    var json: JSONValue { .array(map { .string($0.rawValue) }) }
}

public import Core
internal import JSON

/// One page of DescribeAddresses.
public struct AddressPage: Hashable, Sendable {
    public var addresses: [Address]
    /// of all pages
    public var totalCount: Int
    public init(addresses: [Address], totalCount: Int) {
        self.addresses = addresses
        self.totalCount = totalCount
    }
}

/// One line of DescribeAddressQuota (cloud.tencent.com/document/product/215/16701).
public struct AddressQuota: Hashable, Sendable {
    /// EIPs in the region
    public static let totalID = "TOTAL_EIP_QUOTA"
    /// allocations a day
    public static let dailyID = "DAILY_EIP_APPLY"

    /// the cloud's name of it, such as `TOTAL_EIP_QUOTA`
    public var id: String
    public var used: Int
    public var limit: Int
    public init(id: String, used: Int, limit: Int) {
        self.id = id
        self.used = used
        self.limit = limit
    }
}

/// The inside of `{"Response": …}`, read leniently: members that are null, empty or of an unexpected kind read as absent,
/// unknown ones are ignored, numbers may be written as strings and the other way round. What cannot be done without throws.
package struct Reply {
    let response: JSONValue
    let action: CloudAction
    var requestID: String? { response.text("RequestId") }

    /// - Throws: the cloud's error sorted, or transient when this is no reply of the API.
    package init(_ body: [UInt8], action: CloudAction) throws(CloudFault) {
        self.action = action
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: body)
        } catch {
            throw .transport(.unparsable, "\(action.rawValue): the reply is not JSON (\(error)): \(beginning(of: body))")
        }
        response = document["Response"]
        guard response.object != nil else {
            throw .transport(.unparsable, "\(action.rawValue): the reply has no Response: \(beginning(of: body))")
        }
    }

    /// The error in it, if it is one; it comes with HTTP status 200.
    package var fault: CloudFault? {
        let error = response["Error"]
        guard !error.isNull else { return nil }
        let message = error.text("Message") ?? "no message"
        guard let code = error.text("Code") else {
            return .transport(.unparsable, "\(action.rawValue): an error without a code: \(message)", requestID: requestID)
        }
        return CloudFault(
            ErrorSorting.sort(code, action).kind, code: code, message: CloudFault.short("\(action.rawValue): \(message)"), requestID: requestID)
    }

    package func allocatedID() throws(CloudFault) -> AddressID {
        let ids = response["AddressSet"].array ?? []
        guard ids.count == 1, let id = ids[0].text else { throw unreadable("AddressSet is not one id: \(response["AddressSet"])") }
        return AddressID(id)
    }

    package func addressPage() throws(CloudFault) -> AddressPage {
        var addresses: [Address] = []
        for item in try list("AddressSet") { addresses.append(try address(item)) }
        guard let total = response.number("TotalCount") else { throw unreadable("no TotalCount") }
        return AddressPage(addresses: addresses, totalCount: total)
    }

    package func quotas() throws(CloudFault) -> [AddressQuota] {
        var quotas: [AddressQuota] = []
        for item in try list("QuotaSet") {
            guard let id = item.text("QuotaId"), let used = item.number("QuotaCurrent"), let limit = item.number("QuotaLimit") else {
                throw unreadable("a quota without QuotaId, QuotaCurrent or QuotaLimit: \(item)")
            }
            quotas.append(AddressQuota(id: id, used: used, limit: limit))
        }
        return quotas
    }

    /// The interface of each of these private IPs. Those that are on none are absent, so are those being deleted or moved, and
    /// those that two interfaces claim (a move shows so): whoever asks waits and asks again.
    package func networkInterfaces(of privateIPs: Set<String>) throws(CloudFault) -> [String: NetworkInterface] {
        var found: [String: NetworkInterface] = [:]
        var claimedTwice: Set<String> = []
        for item in try list("NetworkInterfaceSet") {
            guard let id = item.text("NetworkInterfaceId") else { throw unreadable("an interface without NetworkInterfaceId: \(item)") }
            for entry in item["PrivateIpAddressSet"].array ?? [] {
                guard let ip = entry.text("PrivateIpAddress"), privateIPs.contains(ip) else { continue }
                if let state = entry.text("State"), state == "DELETING" || state == "MIGRATING" { continue }
                let interface = NetworkInterface(
                    id: id, instanceID: item["Attachment"].text("InstanceId"), addressID: entry.text("AddressId").map { AddressID($0) })
                if found.updateValue(interface, forKey: ip) != nil { claimedTwice.insert(ip) }
            }
        }
        return found.filter { !claimedTwice.contains($0.key) }
    }

    /// Longest word of a status that is shown; the documented ones are far shorter.
    private static let statusMax = 40

    private func address(_ item: JSONValue) throws(CloudFault) -> Address {
        guard let id = item.text("AddressId") else { throw unreadable("an address without AddressId: \(item)") }
        // A word we do not know, or none, must not hide the other rows of the page, nor make this address look missing.
        let status = AddressStatus(String((item.text("AddressStatus") ?? "none").prefix(Self.statusMax)))
        let tags: [Tag] = (item["TagSet"].array ?? []).compactMap { tag in
            tag.text("Key").map { Tag(key: $0, value: tag.text("Value") ?? "") }
        }
        return Address(
            id: AddressID(id), name: item.text("AddressName") ?? "", status: status, ip: item.text("AddressIp") ?? "",
            instanceID: item.text("InstanceId"), networkInterfaceID: item.text("NetworkInterfaceId"), privateIP: item.text("PrivateAddressIp"),
            bandwidth: item.number("Bandwidth"), chargeType: item.text("InternetChargeType"), isp: item.text("InternetServiceProvider"),
            cascadeRelease: item.flag("CascadeRelease"), isArrears: item.flag("IsArrears"), isBlocked: item.flag("IsBlocked"), tags: tags,
            createdAt: item.text("CreatedTime").flatMap { Timestamp(rfc3339: $0) })
    }

    /// `null` is the empty list: the cloud writes both.
    private func list(_ name: String) throws(CloudFault) -> [JSONValue] {
        let value = response[name]
        guard let items = value.isNull && response.has(name) ? [] : value.array else { throw unreadable("no \(name)") }
        return items
    }

    private func unreadable(_ what: String) -> CloudFault {
        .transport(.unparsable, "\(action.rawValue): \(what)", requestID: requestID)
    }
}

/// Enough to recognise a gateway's error page, not enough to fill a log.
private let beginningBytesMax = 200

func beginning(of body: some Collection<UInt8>, bytesMax: Int = beginningBytesMax) -> String {
    let text = String(decoding: body.prefix(bytesMax), as: UTF8.self)
    return body.count > bytesMax ? text + "…" : text
}

extension JSONValue {
    /// A string that is not empty, or a number as text.
    fileprivate var text: String? {
        switch self {
        case .string(let value): value.isEmpty ? nil : value
        case .int(let value): String(value)
        case .null, .bool, .double, .array, .object: nil
        }
    }
    fileprivate func text(_ name: String) -> String? { self[name].text }

    fileprivate func number(_ name: String) -> Int? {
        switch self[name] {
        case .int(let value): value
        case .string(let value): Int(value)
        case .double(let value): Int(exactly: value)
        case .null, .bool, .array, .object: nil
        }
    }
    fileprivate func flag(_ name: String) -> Bool {
        switch self[name] {
        case .bool(let value): value
        case .string(let value): value.lowercased() == "true"
        case .null, .int, .double, .array, .object: false
        }
    }
}

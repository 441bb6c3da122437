public import Core
internal import JSON

/// One of DescribeAddresses' `Filters` (product/215/16702): the values are ORed, several filters ANDed.
public struct AddressFilter: Hashable, Sendable {
    public enum Field: Hashable, Sendable {
        case addressID, addressName, addressIP, addressStatus, instanceID, privateIP, networkInterfaceID, isArrears, instanceType, addressType, isp
        case dedicatedClusterID, tagKey, tagValue
        /// `tag:<key>`: the value of that key
        case tag(String)
    }
    public var field: Field
    public var values: [String]
    public init(_ field: Field, _ values: [String]) {
        self.field = field
        self.values = values
    }
    public static func name(_ name: String) -> AddressFilter { AddressFilter(.addressName, [name]) }
    public static func tag(_ tag: Tag) -> AddressFilter { AddressFilter(.tag(tag.key), [tag.value]) }

    /// Filters in one call, and values in one filter (product/215/16702).
    public static let countMax = 10
    public static let valuesMax = 100
}

extension AddressFilter.Field {
    private static let names: [String: AddressFilter.Field] = [
        "address-id": .addressID, "address-name": .addressName, "address-ip": .addressIP, "address-status": .addressStatus,
        "instance-id": .instanceID, "private-ip-address": .privateIP, "network-interface-id": .networkInterfaceID, "is-arrears": .isArrears,
        "instance-type": .instanceType, "address-type": .addressType, "address-isp": .isp, "dedicated-cluster-id": .dedicatedClusterID,
        "tag-key": .tagKey, "tag-value": .tagValue,
    ]
    /// Its name on the wire.
    var wire: String {
        if case .tag(let key) = self { return "tag:\(key)" }
        return Self.names.first { $0.value == self }?.key ?? ""
    }

    /// From its name on the wire.
    init?(wire name: String) {
        if let field = Self.names[name] {
            self = field
        } else if name.hasPrefix("tag:"), name.utf8.count > 4 {
            self = .tag(String(name.dropFirst(4)))
        } else {
            return nil
        }
    }
}

extension AddressFilter {
    var json: JSONValue { ["Name": .string(field.wire), "Values": .array(values.map { .string($0) })] }

    /// Whether an address passes, as it looked at the time of the list.
    func passes(_ address: Address, _ record: AddressRecord) -> Bool {
        switch field {
        case .addressID: values.contains(address.id.rawValue)
        // only the first value of these two is used
        case .addressName: values.first == address.name
        case .privateIP: values.first == address.privateIP
        case .addressIP: values.contains(address.ip)
        case .addressStatus: values.contains(address.status.rawValue)
        case .instanceID: has(address.instanceID)
        case .networkInterfaceID: has(address.networkInterfaceID)
        case .isArrears: values.contains(address.isArrears ? "TRUE" : "FALSE")
        case .instanceType: has(address.instanceType)
        case .addressType: values.contains(record.addressType)
        case .isp: has(address.isp)
        case .dedicatedClusterID: false
        case .tagKey: address.tags.contains { values.contains($0.key) }
        case .tagValue: address.tags.contains { values.contains($0.value) }
        case .tag(let key): address.tags.contains { $0.key == key && values.contains($0.value) }
        }
    }
    private func has(_ value: String?) -> Bool { value.map(values.contains) ?? false }
}

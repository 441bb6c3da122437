public import Core
internal import JSON

/// One filter of a Describe call: values are alternatives, filters of a call all have to match.
public struct CloudFilter: Hashable, Sendable {
    public static let filtersMax = 10
    public static let valuesMax = 100

    public var name: String
    public var values: [String]

    public init(_ name: String, _ values: [String]) {
        precondition(!values.isEmpty && values.count <= Self.valuesMax, "a filter has 1 to \(Self.valuesMax) values, not \(values.count)")
        self.name = name
        self.values = values
    }

    public static func tag(_ tag: Tag) -> CloudFilter { CloudFilter("tag:\(tag.key)", [tag.value]) }
    /// Exact; the cloud looks at one value only.
    public static func addressName(_ name: String) -> CloudFilter { CloudFilter("address-name", [name]) }
    public static func networkInterface(_ id: String) -> CloudFilter { CloudFilter("network-interface-id", [id]) }
}

/// Bodies of requests: compact JSON with the members in a fixed order, so that equal values give equal bytes. A replayed
/// AllocateAddresses must be the same request to the letter, or its ClientToken is refused (IdempotentParameterMismatch).
enum RequestBody {
    static func allocate(_ request: AllocateRequest) -> [UInt8] {
        let attributes = request.attributes
        return write { w in
            w.field("AddressCount", 1)
            w.field("AddressName", request.name)
            w.field("InternetServiceProvider", attributes.isp.rawValue)
            w.field("InternetMaxBandwidthOut", attributes.bandwidth)
            // absent where the user said nothing: traditional accounts must not pass a charge type
            for (name, value) in [
                ("InternetChargeType", attributes.chargeType), ("BandwidthPackageId", attributes.bandwidthPackageID),
                ("AddressType", attributes.addressType), ("AnycastZone", attributes.anycastZone), ("Egress", attributes.egress),
            ] {
                if let value { w.field(name, value) }
            }
            if !request.tags.isEmpty {
                w.list("Tags") { w in
                    for tag in request.tags {
                        w.object { w in
                            w.field("Key", tag.key)
                            w.field("Value", tag.value)
                        }
                    }
                }
            }
            w.field("ClientToken", request.clientToken)
        }
    }

    static func associate(_ id: AddressID, networkInterfaceID: String, privateIP: String) -> [UInt8] {
        write { w in
            w.field("AddressId", id.rawValue)
            w.field("NetworkInterfaceId", networkInterfaceID)
            w.field("PrivateIpAddress", privateIP)
        }
    }

    static func disassociate(_ id: AddressID) -> [UInt8] { write { w in w.field("AddressId", id.rawValue) } }

    static func release(_ ids: [AddressID]) -> [UInt8] { write { w in w.texts("AddressIds", ids.map(\.rawValue)) } }

    static func modifyBandwidth(_ ids: [AddressID], bandwidth: Int) -> [UInt8] {
        write { w in
            w.texts("AddressIds", ids.map(\.rawValue))
            w.field("InternetMaxBandwidthOut", bandwidth)
        }
    }

    static func rename(_ id: AddressID, name: String) -> [UInt8] {
        write { w in
            w.field("AddressId", id.rawValue)
            w.field("AddressName", name)
        }
    }

    /// With Limit: its default of 20 would cut the answer silently.
    static func describe(_ ids: [AddressID]) -> [UInt8] {
        write { w in
            w.texts("AddressIds", ids.map(\.rawValue))
            w.field("Limit", TencentCloudClient.pageMax)
        }
    }

    static func describe(_ filters: [CloudFilter], offset: Int, limit: Int) -> [UInt8] {
        precondition(filters.count <= CloudFilter.filtersMax, "a call has at most \(CloudFilter.filtersMax) filters, not \(filters.count)")
        return write { w in
            if !filters.isEmpty {
                w.list("Filters") { w in
                    for filter in filters {
                        w.object { w in
                            w.field("Name", filter.name)
                            w.texts("Values", filter.values)
                        }
                    }
                }
            }
            w.field("Offset", offset)
            w.field("Limit", limit)
        }
    }

    static var empty: [UInt8] { write { _ in } }

    private static func write(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(members)
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func texts(_ name: String, _ values: [String]) {
        list(name) { w in for value in values { w.string(value) } }
    }
}

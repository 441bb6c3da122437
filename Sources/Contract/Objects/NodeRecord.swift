public import Core
public import JSON

/// The part of a node that is needed to find its pods' instance and to report its EIP capacity.
public struct NodeRecord: Hashable, Sendable {
    public var name: String
    public var uid: String
    public var resourceVersion: String
    /// from `spec.providerID` `qcloud:///<zone>/ins-…`; nil when it has none of that form
    public var instanceID: String?
    /// `status.capacity.cpu`, rounded up; nil when it is missing or no quantity
    public var cores: Int?
    /// the override annotation as written
    public var capacityAnnotation: String?
    /// EIPs in `status.capacity`, as this controller last wrote it
    public var eipCapacity: Int?
    /// EIPs in `status.allocatable`: kubelet's copy, which the scheduler counts by
    public var eipAllocatable: Int?
    /// label `topology.kubernetes.io/region`; on TKE a short form such as `cd`
    public var region: String?
    /// label `topology.kubernetes.io/zone`
    public var zone: String?

    public init(
        name: String, uid: String, resourceVersion: String, instanceID: String? = nil, cores: Int? = nil, capacityAnnotation: String? = nil,
        eipCapacity: Int? = nil, eipAllocatable: Int? = nil, region: String? = nil, zone: String? = nil
    ) {
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.instanceID = instanceID
        self.cores = cores
        self.capacityAnnotation = capacityAnnotation
        self.eipCapacity = eipCapacity
        self.eipAllocatable = eipAllocatable
        self.region = region
        self.zone = zone
    }

    /// What the planner needs of it.
    public var node: Node { Node(name: name, instanceID: instanceID) }
}

/// Reads nodes as lists and watches bring them.
public struct NodeDecoder: Sendable {
    private let names: AnnotationNames
    private let annotationPrefix: String

    public init(names: AnnotationNames) {
        self.names = names
        annotationPrefix = names.domain + "/"
    }

    /// Reads one node and leaves the reader after it. Unknown fields are skipped.
    /// - Throws: where the text is no JSON, or a field that is needed has another type than Kubernetes gives it.
    public func decode(_ reader: inout JSONReader) throws(JSONError) -> NodeRecord {
        var meta: ObjectMeta?
        var instanceID: String?
        var (cpu, capacity, allocatable): (String?, String?, String?)
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "metadata": meta = try ObjectMeta(&r, annotationPrefix: annotationPrefix)
            case "spec":
                instanceID = nil  // of two equal members the last one counts, here and below
                try r.object { r, key throws(JSONError) in
                    if case "providerID" = key { instanceID = NodeDecoder.instanceID(ofProvider: try r.string()) } else { try r.skip() }
                }
            case "status":
                (cpu, capacity, allocatable) = (nil, nil, nil)
                try r.object { r, key throws(JSONError) in
                    switch key {
                    case "capacity": (cpu, capacity) = try quantities(&r)
                    case "allocatable": (_, allocatable) = try quantities(&r)
                    default: try r.skip()
                    }
                }
            default: try r.skip()
            }
        }
        guard let meta else { throw JSONError(offset: 0, reason: "node without metadata") }
        try meta.checkIdentity()
        return NodeRecord(
            name: meta.name, uid: meta.uid, resourceVersion: meta.resourceVersion, instanceID: instanceID,
            cores: cpu.flatMap(Quantity.roundedUp), capacityAnnotation: meta.annotations[names.nodeCapacity],
            eipCapacity: capacity.flatMap(Quantity.roundedUp), eipAllocatable: allocatable.flatMap(Quantity.roundedUp),
            region: meta.region, zone: meta.zone)
    }

    /// Reads a document that is one node.
    public func decode(bytes: [UInt8]) throws(JSONError) -> NodeRecord {
        try JSONReader.read(bytes) { reader throws(JSONError) in try decode(&reader) }
    }

    /// The node in a value that is already parsed.
    public func decode(_ value: JSONValue) throws(JSONError) -> NodeRecord { try decode(bytes: value.bytes()) }

    private func quantities(_ reader: inout JSONReader) throws(JSONError) -> (cpu: String?, eip: String?) {
        var (cpu, eip): (String?, String?)
        try reader.object { r, key throws(JSONError) in
            if case "cpu" = key {
                cpu = try r.quantityText()
            } else if try r.text(key) == names.resource {
                eip = try r.quantityText()
            } else {
                try r.skip()
            }
        }
        return (cpu, eip)
    }

    /// The instance in `qcloud:///<zone id>/ins-…`; nil for nodes of another provider.
    static func instanceID(ofProvider providerID: String) -> String? {
        guard providerID.hasPrefix("qcloud://"), let slash = providerID.lastIndex(of: "/") else { return nil }
        let id = providerID[providerID.index(after: slash)...]
        return id.hasPrefix("ins-") && id.count > 4 ? String(id) : nil
    }
}

/// `resource.Quantity`, as far as counts of cores and EIPs need it: `4`, `3920m`, `0.5`, `1k`.
enum Quantity {
    /// Nil for what is no such quantity, is negative or does not fit.
    static func roundedUp(_ text: String) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let factors: [Substring: Double] = ["n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3]
        guard let factor = factors[text.dropFirst(number.count)], let value = Double(number) else { return nil }
        // a thousandth of slack: 3 * 0.1 must not become one more for being 0.30000000000000004
        let rounded = (value * factor - 1e-9).rounded(.up)
        return rounded < 1e9 ? Int(max(0, rounded)) : nil
    }
}

extension JSONReader {
    /// Quantities come as strings; numbers are legal too.
    mutating func quantityText() throws(JSONError) -> String {
        let value = try value()
        return value.string ?? value.text()
    }
}

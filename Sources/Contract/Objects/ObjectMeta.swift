internal import Core
internal import JSON

/// The part of `metadata` that pods, nodes and claims are read for. `managedFields`, usually the larger half, is skipped.
struct ObjectMeta {
    var namespace = ""
    var name = ""
    var uid = ""
    var resourceVersion = ""
    var generation = 0
    var createdAt: Timestamp?
    var isDeleting = false
    var finalizers: [String] = []
    /// only those under the domain asked for
    var annotations: [String: String] = [:]
    var owner: Owner?
    var region: String?
    var zone: String?

    /// - Parameter annotationPrefix: such as `tke.cloud.tencent.com/`; nil reads no annotations.
    init(_ reader: inout JSONReader, annotationPrefix: String?) throws(JSONError) {
        var meta = ObjectMeta()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "name": meta.name = try r.string()
            case "namespace": meta.namespace = try r.string()
            case "uid": meta.uid = try r.string()
            case "resourceVersion": meta.resourceVersion = try r.string()
            case "generation": meta.generation = try r.int()
            case "creationTimestamp": meta.createdAt = Timestamp(rfc3339: try r.string())
            case "deletionTimestamp": meta.isDeleting = try !r.string().isEmpty
            case "finalizers":
                meta.finalizers = []  // of two equal members the last one counts
                try r.array { r throws(JSONError) in meta.finalizers.append(try r.string()) }
            case "annotations": try meta.readAnnotations(&r, prefix: annotationPrefix)
            case "ownerReferences":
                meta.owner = nil
                try r.array { r throws(JSONError) in
                    if let owner = try ObjectMeta.controller(&r) { meta.owner = owner }
                }
            case "labels": try meta.readTopology(&r)
            default: try r.skip()
            }
        }
        self = meta
    }

    private init() {}

    /// Every object of a list or a watch has them; without, it could not be told from another.
    func checkIdentity() throws(JSONError) {
        guard !name.isEmpty, !uid.isEmpty, !resourceVersion.isEmpty else {
            throw JSONError(offset: 0, reason: "object without metadata.name, uid or resourceVersion")
        }
    }

    private mutating func readAnnotations(_ reader: inout JSONReader, prefix: String?) throws(JSONError) {
        guard let prefix else { return try reader.skip() }
        var found: [String: String] = [:]
        try reader.object { r, key throws(JSONError) in
            let name = try r.text(key)
            if name.hasPrefix(prefix) { found[name] = try r.string() } else { try r.skip() }
        }
        annotations = found
    }

    private mutating func readTopology(_ reader: inout JSONReader) throws(JSONError) {
        var (region, zone): (String?, String?)
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "topology.kubernetes.io/region": region = try r.string()
            case "topology.kubernetes.io/zone": zone = try r.string()
            default: try r.skip()
            }
        }
        self.region = region
        self.zone = zone
    }

    /// The owner if it is the managing one, of which there is at most one.
    private static func controller(_ reader: inout JSONReader) throws(JSONError) -> Owner? {
        var owner = Owner(apiVersion: "", kind: "", name: "", uid: "")
        var isController = false
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "apiVersion": owner.apiVersion = try r.string()
            case "kind": owner.kind = try r.string()
            case "name": owner.name = try r.string()
            case "uid": owner.uid = try r.string()
            case "controller": isController = try r.bool()
            default: try r.skip()
            }
        }
        return isController ? owner : nil
    }
}

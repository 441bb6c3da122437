public import Core
package import JSON

/// `coordination.k8s.io/v1` Lease as client-go's leader election keeps it
/// (k8s.io/client-go/tools/leaderelection/resourcelock/leaselock.go). Who may take it is decided elsewhere.
public struct Lease: Hashable, Sendable {
    /// Name, namespace, and for a replace the resource version that makes it conditional; labels and annotations are kept.
    public var meta: ObjectMeta
    /// Empty: nobody, the holder gave it up.
    public var holderIdentity = ""
    public var leaseDuration = Duration.zero
    /// Microseconds on the wire; read and written here to the millisecond.
    public var acquireTime: Timestamp?
    public var renewTime: Timestamp?
    public var leaseTransitions = 0

    public init(meta: ObjectMeta) { self.meta = meta }

    package static func read(_ reader: inout JSONReader) throws(JSONError) -> Lease {
        var lease = Lease(meta: ObjectMeta())
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "metadata": lease.meta = try ObjectMeta.read(&r)
            case "spec":
                try r.object { s, key throws(JSONError) in
                    switch key {
                    case "holderIdentity": lease.holderIdentity = try s.string()
                    case "leaseDurationSeconds": lease.leaseDuration = .seconds(try int32(&s))
                    case "acquireTime": lease.acquireTime = Timestamp(rfc3339: try s.string())
                    case "renewTime": lease.renewTime = Timestamp(rfc3339: try s.string())
                    case "leaseTransitions": lease.leaseTransitions = try int32(&s)
                    default: try s.skip()
                    }
                }
            default: try r.skip()
            }
        }
        return lease
    }

    /// The API's own range: sums with such a number cannot overflow.
    private static func int32(_ reader: inout JSONReader) throws(JSONError) -> Int {
        let offset = reader.offset
        guard let number = Int32(exactly: try reader.int()) else { throw JSONError(offset: offset, reason: "integer out of range") }
        return Int(number)
    }

    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.field("apiVersion", Resource.leases.apiVersion)
            w.field("kind", "Lease")
            w.field("metadata") { w in
                w.field("name", meta.name)
                w.field("namespace", meta.namespace)
                if !meta.resourceVersion.isEmpty { w.field("resourceVersion", meta.resourceVersion) }
                for (name, map) in [("labels", meta.labels), ("annotations", meta.annotations)] where !map.isEmpty {
                    w.field(name) { w in for (key, value) in map.sorted(by: { $0.key < $1.key }) { w.field(key, value) } }
                }
            }
            w.field("spec") { w in
                w.field("holderIdentity", holderIdentity)
                // the API refuses less than a second
                w.field("leaseDurationSeconds", max(1, leaseDuration.components.seconds))
                if let acquireTime { w.field("acquireTime", acquireTime.rfc3339Micro) }
                if let renewTime { w.field("renewTime", renewTime.rfc3339Micro) }
                w.field("leaseTransitions", leaseTransitions)
            }
        }
        return writer.bytes
    }
}

extension KubernetesClient {
    public func lease(_ namespace: String, _ name: String) async throws(KubernetesError) -> Answer<Lease> {
        try await get(Resource.leases.at(namespace, name)) { r throws(JSONError) in try Lease.read(&r) }
    }
    /// `.alreadyExists` when somebody was faster.
    public func create(_ lease: Lease) async throws(KubernetesError) -> Answer<Lease> {
        try stored(await create(Resource.leases.all(in: lease.meta.namespace), lease.json))
    }
    /// `.conflict` when somebody wrote it after `meta.resourceVersion`.
    public func replace(_ lease: Lease) async throws(KubernetesError) -> Answer<Lease> {
        precondition(!lease.meta.resourceVersion.isEmpty, "a lease is replaced at the version that was read")
        return try stored(await replace(Resource.leases.at(lease.meta.namespace, lease.meta.name), lease.json))
    }
    private func stored(_ answer: Answer<[UInt8]>) throws(KubernetesError) -> Answer<Lease> {
        Answer(try decode(answer.value, what: "write of a lease") { r throws(JSONError) in try Lease.read(&r) }, serverTime: answer.serverTime)
    }
}

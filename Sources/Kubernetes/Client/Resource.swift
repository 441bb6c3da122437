/// A kind of object as the API server's paths name it (kubernetes.io/docs/reference/using-api/api-concepts).
public struct Resource: Hashable, Sendable, CustomStringConvertible {
    /// Empty for the core group.
    public var group: String
    public var version: String
    public var plural: String
    public var namespaced: Bool

    public init(group: String, version: String, plural: String, namespaced: Bool) {
        self.group = group
        self.version = version
        self.plural = plural
        self.namespaced = namespaced
    }

    public static let pods = Resource(group: "", version: "v1", plural: "pods", namespaced: true)
    public static let events = Resource(group: "", version: "v1", plural: "events", namespaced: true)
    public static let nodes = Resource(group: "", version: "v1", plural: "nodes", namespaced: false)
    public static let namespaces = Resource(group: "", version: "v1", plural: "namespaces", namespaced: false)
    public static let leases = Resource(group: "coordination.k8s.io", version: "v1", plural: "leases", namespaced: true)
    public static let statefulSets = Resource(group: "apps", version: "v1", plural: "statefulsets", namespaced: true)
    public static let replicaSets = Resource(group: "apps", version: "v1", plural: "replicasets", namespaced: true)
    public static let deployments = Resource(group: "apps", version: "v1", plural: "deployments", namespaced: true)
    public static let customResourceDefinitions = Resource(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions", namespaced: false)

    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    public var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// The objects of one namespace; nil, or a resource without namespaces: of the whole cluster.
    public func all(in namespace: String? = nil) -> ResourcePath { ResourcePath(self, namespace: namespace, name: nil, subresource: nil) }
    /// One object, or a subresource of it such as `status`.
    public func at(_ namespace: String?, _ name: String, subresource: String? = nil) -> ResourcePath {
        ResourcePath(self, namespace: namespace, name: name, subresource: subresource)
    }
}

/// Where an object, or a collection of them, is.
public struct ResourcePath: Hashable, Sendable, CustomStringConvertible {
    public var resource: Resource
    public var namespace: String?
    public var name: String?
    public var subresource: String?

    init(_ resource: Resource, namespace: String?, name: String?, subresource: String?) {
        precondition(resource.namespaced || namespace == nil, "\(resource) has no namespaces")
        precondition(!resource.namespaced || name == nil || namespace != nil, "an object of \(resource) is in a namespace")
        (self.resource, self.namespace, self.name, self.subresource) = (resource, namespace, name, subresource)
    }

    /// The path under the server's URL; whatever a name holds, it stays one segment.
    public var path: String {
        var path = resource.group.isEmpty ? "/api/\(resource.version)" : "/apis/\(percentEncoded(resource.group))/\(resource.version)"
        if let namespace { path += "/namespaces/" + percentEncoded(namespace) }
        path += "/" + resource.plural
        if let name { path += "/" + percentEncoded(name) }
        if let subresource { path += "/" + percentEncoded(subresource) }
        return path
    }
    /// As kubectl names things: `pods/team-1/web-0`.
    public var description: String { ([resource.description] + [namespace, name, subresource].compactMap { $0 }).joined(separator: "/") }
}

/// Everything but RFC 3986's unreserved characters becomes %XX; a name that is only dots would be a path of its own.
func percentEncoded(_ text: String) -> String {
    if text == "." || text == ".." { return text.utf8.map { _ in "%2E" }.joined() }
    let hex = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for c in text.utf8 {
        switch c {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: bytes.append(c)
        default: bytes += [0x25, hex[Int(c >> 4)], hex[Int(c & 15)]]  // over bytes, not an enum of ours
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// `?a=b&c=d`, without what is nil.
func queryString(_ items: [(String, String?)]) -> String {
    let pairs = items.compactMap { name, value in value.map { "\(name)=\(percentEncoded($0))" } }
    return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
}

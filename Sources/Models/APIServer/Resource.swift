public import JSON

/// What the API server knows about one kind of object: its names, and the rules in which kinds differ.
public struct Resource: Hashable, Sendable {
    /// One column of `kubectl get`, as in a CRD's `additionalPrinterColumns`.
    public struct Column: Hashable, Sendable {
        public var name: String
        /// `string`, `integer`, `number`, `boolean` or `date` (shown as an age).
        public var type: String
        /// A simple path, `.status.phase`.
        public var jsonPath: String
        /// Columns above 0 show with `-o wide` only.
        public var priority: Int
        public init(name: String, type: String, jsonPath: String, priority: Int = 0) {
            self.name = name
            self.type = type
            self.jsonPath = jsonPath
            self.priority = priority
        }
    }
    /// When `metadata.generation` goes up.
    public enum Generation: Hashable, Sendable {
        /// Never set by the server.
        case none
        /// At every change of `spec`.
        case spec
        /// At every change outside metadata (and outside status, if that is a subresource): custom resources.
        case content
    }

    /// Empty for the core group.
    public var group: String
    public var version: String
    public var plural: String
    public var singular: String
    public var kind: String
    public var shortNames: [String] = []
    public var categories: [String] = []
    public var namespaced = true
    /// `status` is written through its own path only.
    public var hasStatus = false
    /// Has the `scale` subresource (of autoscaling/v1).
    public var hasScale = false
    public var generation = Generation.none
    /// A PUT without resourceVersion is accepted (core kinds), not refused with 422 (leases, custom resources).
    public var unconditionalUpdate = true
    /// A PUT of something that does not exist creates it.
    public var createOnUpdate = false
    /// `DELETE` waits for the kubelet (pods).
    public var graceful = false
    /// Defined by a CustomResourceDefinition.
    public var custom = false
    public var columns: [Column] = []
    /// `openAPIV3Schema` of a custom resource; null for the others.
    public var schema: JSONValue = .null

    /// `pods`, `eipclaims.networking.tke.cloud.tencent.com`: unique, and what error messages say.
    public var name: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// `Pod`, `EIPClaim.networking.tke.cloud.tencent.com`: what messages about invalid objects say.
    public var qualifiedKind: String { group.isEmpty ? kind : "\(kind).\(group)" }
    /// `v1`, `apps/v1`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    public var listKind: String { "\(kind)List" }
    /// `/api/v1` or `/apis/<group>/<version>`.
    public var rootPath: String { group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)" }

    public init(_ group: String, _ version: String, _ plural: String, kind: String) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        singular = kind.lowercased()
    }

    /// The path of a collection, or of one object of it.
    public func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var path = rootPath
        if let namespace { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

// The Kubernetes API server as a plain value: a store with revisions, and the rules by which requests change it.
//
// It rejects what the real one rejects (stale resourceVersion, duplicate create, expired watch, immutable fields, schema
// violations), and it is deterministic: the same requests at the same times give the same uids and revisions. Copying the
// struct is a snapshot of etcd. What it leaves out: authorisation, admission plug-ins, server-side apply, protobuf,
// managedFields, quantities other than whole numbers.

public import Core
public import JSON

/// One object's place in the API.
public struct ObjectRef: Sendable {
    public var resource: Resource
    /// Empty for kinds without namespace.
    public var namespace: String
    public var name: String
    public init(_ resource: Resource, namespace: String = "", name: String) {
        self.resource = resource
        self.namespace = namespace
        self.name = name
    }
    /// In the order of etcd's keys, which is the order of lists.
    var key: String { "\(namespace)/\(name)" }
}

/// The API server. `mutating` functions are single requests; each takes effect wholly or throws and changes nothing.
public struct APIServerModel: Sendable {
    /// What happened to one object at one revision.
    struct Change: Sendable {
        var revision: UInt64
        /// `Resource.name`.
        var resource: String
        var key: String
        /// Nil: the object was created.
        var before: JSONValue?
        /// Nil: the object was deleted.
        var after: JSONValue?
    }
    /// Changes kept for watches, continued lists and rewinds; at the limit the older half is compacted away.
    public static let changesMax = 20_000

    /// The resourceVersion of the last change.
    public private(set) var revision: UInt64
    /// Watches and lists at this revision or an older one get 410.
    public private(set) var compactedRevision: UInt64
    /// Goes up when history was rewritten; every watch of an older epoch is cut.
    public private(set) var epoch = 0
    /// What is served, built-in kinds first.
    public private(set) var resources = Resource.builtin
    var changes: [Change] = []
    private var objects: [String: [String: JSONValue]] = [:]
    var identity: Identity

    /// A cluster with the four namespaces that every cluster has.
    ///
    /// - Parameters:
    ///   - seed: two models with one seed give the same uids.
    ///   - now: the time of creation of those namespaces.
    public init(seed: UInt64 = 1, now: Timestamp) {
        revision = 100
        compactedRevision = 100
        identity = Identity(seed: seed)
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            var namespace: JSONValue = ["metadata": ["name": .string(name)]]
            KindRules.complete(&namespace, of: .namespaces)
            stamp(&namespace, of: .namespaces, now: now)
            commit(namespace, at: ObjectRef(.namespaces, name: name))
        }
    }

    /// The served kind of that group, version and plural name.
    public func resource(group: String, version: String, plural: String) -> Resource? {
        resources.first { $0.plural == plural && $0.group == group && $0.version == version }
    }
    /// The served kind of that `apiVersion` and `kind`.
    public func resource(apiVersion: String, kind: String) -> Resource? { resources.first { $0.kind == kind && $0.apiVersion == apiVersion } }

    // MARK: - Reading

    /// - Throws: 404.
    public func get(_ ref: ObjectRef) throws(APIStatus) -> JSONValue {
        guard let object = find(ref) else { throw .notFound(ref.resource, ref.name) }
        return object
    }
    public func find(_ ref: ObjectRef) -> JSONValue? { objects[ref.resource.name]?[ref.key] }

    /// All objects of a kind in the order of their names; nil for all namespaces.
    public func all(_ resource: Resource, namespace: String? = nil) -> [JSONValue] {
        sorted(objects[resource.name] ?? [:], namespace: namespace).map(\.value)
    }
    func sorted(_ present: [String: JSONValue], namespace: String?) -> [(key: String, value: JSONValue)] {
        let prefix = namespace.map { "\($0)/" } ?? ""
        return present.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
    }
    /// The objects of a kind as they were at that revision, found by undoing what came after.
    func state(of resource: Resource, at revision: UInt64) -> [String: JSONValue] {
        var present = objects[resource.name] ?? [:]
        for change in changes.reversed() {
            guard change.revision > revision else { break }
            if change.resource == resource.name { present[change.key] = change.before }
        }
        return present
    }

    // MARK: - The store

    /// Writes the object (nil: removes it) at the next revision and returns it as stored, or as it was last.
    @discardableResult
    mutating func commit(_ object: JSONValue?, at ref: ObjectRef) -> JSONValue {
        let before = find(ref)
        precondition(object != nil || before != nil, "only what exists is removed")
        revision += 1
        var stored = object ?? before ?? .null
        stored["metadata"]["resourceVersion"] = .string(String(revision))
        objects[ref.resource.name, default: [:]][ref.key] = object == nil ? nil : stored
        changes.append(Change(revision: revision, resource: ref.resource.name, key: ref.key, before: before, after: object == nil ? nil : stored))
        if changes.count > Self.changesMax { compact(to: changes[changes.count / 2].revision) }
        if ref.resource.name == Resource.customResourceDefinitions.name { serveDefinitions() }
        return stored
    }
    /// What the server sets on every new object.
    mutating func stamp(_ object: inout JSONValue, of resource: Resource, now: Timestamp) {
        object["metadata"]["uid"] = .string(identity.uid())
        object["metadata"]["creationTimestamp"] = .string(now.rfc3339)
        if resource.generation != .none { object["metadata"]["generation"] = 1 }
        object["apiVersion"] = .string(resource.apiVersion)
        object["kind"] = .string(resource.kind)
    }
    /// Serves the kinds that the stored CRDs define.
    private mutating func serveDefinitions() {
        resources = Resource.builtin + all(.customResourceDefinitions).flatMap(Resource.defined(by:))
    }

    // MARK: - History

    /// Forgets the changes up to and including `revision`, as etcd's compaction does; watches from there get 410.
    public mutating func compact(to revision: UInt64) {
        let revision = min(revision, self.revision)
        guard revision > compactedRevision else { return }
        compactedRevision = revision
        changes.removeAll { $0.revision <= revision }
    }
    /// etcd restored from a snapshot taken at `revision`: later changes never happened, their resourceVersions are given out
    /// anew, to other changes. New uids stay new.
    ///
    /// - Throws: 410 if the changes up to there are no longer kept.
    public mutating func rewind(to revision: UInt64) throws(APIStatus) {
        guard revision >= compactedRevision, revision <= self.revision else {
            throw .expired("revision \(revision) is not kept: choose one from \(compactedRevision) to \(self.revision)")
        }
        while let change = changes.last, change.revision > revision {
            objects[change.resource, default: [:]][change.key] = change.before
            changes.removeLast()
        }
        self.revision = revision
        epoch += 1
        serveDefinitions()
    }
    /// Uses up revisions without a change, as other clients of a busy etcd do.
    public mutating func advance(by revisions: UInt64) { revision += revisions }
}

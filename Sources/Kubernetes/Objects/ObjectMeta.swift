public import Core
public import JSON

/// The part of `metav1.ObjectMeta` that anybody here asks for. Everything else is skipped unread.
public struct ObjectMeta: Hashable, Sendable {
    public struct OwnerReference: Hashable, Sendable {
        public var apiVersion = ""
        public var kind = ""
        public var name = ""
        public var uid = ""
        public var controller = false
        public init() {}
    }
    public var name = ""
    /// Empty for objects of the cluster.
    public var namespace = ""
    public var uid = ""
    public var resourceVersion = ""
    public var generation = 0
    public var creationTimestamp: Timestamp?
    public var deletionTimestamp: Timestamp?
    public var finalizers: [String] = []
    public var labels: [String: String] = [:]
    public var annotations: [String: String] = [:]
    public var ownerReferences: [OwnerReference] = []

    public init() {}
    public init(namespace: String, name: String) { (self.namespace, self.name) = (namespace, name) }

    /// Reads the value of `metadata`.
    /// - Parameter annotationPrefix: only annotations that begin so are kept (`last-applied-configuration` alone may have
    ///   hundreds of kilobytes); nil keeps all.
    public static func read(_ reader: inout JSONReader, annotationPrefix: String? = nil) throws(JSONError) -> ObjectMeta {
        var meta = ObjectMeta()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "name": meta.name = try r.string()
            case "namespace": meta.namespace = try r.string()
            case "uid": meta.uid = try r.string()
            case "resourceVersion": meta.resourceVersion = try r.string()
            case "generation": meta.generation = try r.int()
            case "creationTimestamp": meta.creationTimestamp = Timestamp(rfc3339: try r.string())
            case "deletionTimestamp": meta.deletionTimestamp = Timestamp(rfc3339: try r.string())
            case "finalizers":
                meta.finalizers = []
                try r.array { r throws(JSONError) in meta.finalizers.append(try r.string()) }
            case "labels": meta.labels = try r.stringMap()
            case "annotations": meta.annotations = try annotations(&r, under: annotationPrefix)
            case "ownerReferences":
                meta.ownerReferences = []
                try r.array { r throws(JSONError) in meta.ownerReferences.append(try OwnerReference.read(&r)) }
            default: try r.skip()
            }
        }
        return meta
    }

    /// Reads a whole object for nothing but its `metadata`.
    public static func readObject(_ reader: inout JSONReader) throws(JSONError) -> ObjectMeta {
        var meta = ObjectMeta()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "metadata": meta = try read(&r)
            default: try r.skip()
            }
        }
        return meta
    }

    private static func annotations(_ reader: inout JSONReader, under prefix: String?) throws(JSONError) -> [String: String] {
        guard let prefix else { return try reader.stringMap() }
        var kept: [String: String] = [:]
        try reader.object { r, key throws(JSONError) in
            let name = try r.text(key)
            if name.hasPrefix(prefix) { kept[name] = try r.string() } else { try r.skip() }
        }
        return kept
    }
}

extension ObjectMeta.OwnerReference {
    static func read(_ reader: inout JSONReader) throws(JSONError) -> Self {
        var owner = Self()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "apiVersion": owner.apiVersion = try r.string()
            case "kind": owner.kind = try r.string()
            case "name": owner.name = try r.string()
            case "uid": owner.uid = try r.string()
            case "controller": owner.controller = try r.bool()
            default: try r.skip()
            }
        }
        return owner
    }
}

/// How objects of one kind are read from lists and watches.
public struct ObjectReader<Object: Sendable>: Sendable {
    /// Reads one whole object. What it throws costs that object only: it is reported as unreadable.
    public var read: @Sendable (inout JSONReader) throws(JSONError) -> Object
    public var resourceVersion: @Sendable (Object) -> String

    public init(
        read: @escaping @Sendable (inout JSONReader) throws(JSONError) -> Object, resourceVersion: @escaping @Sendable (Object) -> String
    ) {
        self.read = read
        self.resourceVersion = resourceVersion
    }
}

extension ObjectReader<ObjectMeta> {
    /// For those who need to know no more than that an object is there.
    public static let metadata = ObjectReader(read: { r throws(JSONError) in try ObjectMeta.readObject(&r) }, resourceVersion: \.resourceVersion)
}

/// An object of which nothing but the metadata could be read.
public struct UnreadableObject: Hashable, Sendable {
    public var meta: ObjectMeta
    /// What was wrong, and at which byte.
    public var problem: String
}

extension ObjectReader {
    /// The object, or what can be known of one that does not read.
    func readOrReport(_ reader: inout JSONReader) throws(JSONError) -> Result<Object, UnreadableError> {
        let start = reader.offset
        do throws(JSONError) {
            return .success(try read(&reader))
        } catch {
            reader.move(to: start)
            return .failure(UnreadableError(object: UnreadableObject(meta: try ObjectMeta.readObject(&reader), problem: error.description)))
        }
    }
}
struct UnreadableError: Error { var object: UnreadableObject }

public import Core
public import JSON

extension APIServerModel {
    /// POST of a new object; the name may be left to `generateName`.
    ///
    /// - Parameter namespace: from the request's path, empty for kinds without.
    /// - Returns: the object as stored.
    /// - Throws: 400, 403 (namespace terminating), 404 (no such namespace), 409 AlreadyExists, 422.
    @discardableResult
    public mutating func create(_ object: JSONValue, in resource: Resource, namespace: String = "", now: Timestamp) throws(APIStatus) -> JSONValue {
        var object = object
        try checkKind(object, resource)
        try placeInNamespace(&object, resource, namespace)
        guard object["metadata"]["resourceVersion"].string ?? "" == "" else {
            throw .internalError("resourceVersion should not be set on objects to be created")
        }
        var name = object.name
        if name.isEmpty, let prefix = object["metadata"]["generateName"].string, !prefix.isEmpty {
            name = String(prefix.prefix(58)) + identity.suffix()
            object["metadata"]["name"] = .string(name)
        }
        try checkNamespace(resource, namespace, name)
        for field in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "managedFields"] {
            object["metadata"].removeValue(forKey: field)
        }
        KindRules.complete(&object, of: resource)
        if resource.custom {
            if resource.hasStatus { object.removeValue(forKey: "status") }
            Schema.complete(&object, of: resource)
        }
        stamp(&object, of: resource, now: now)

        var causes = MetadataRules.problems(object, of: resource)
        causes += resource.custom ? Schema.problems(object, of: resource) : KindRules.problems(object, of: resource)
        guard causes.isEmpty else { throw .invalid(resource, name, causes) }
        let ref = ObjectRef(resource, namespace: namespace, name: name)
        guard find(ref) == nil else { throw .alreadyExists(resource, name) }
        return commit(object, at: ref)
    }

    /// A body may leave out apiVersion and kind for built-in kinds, but not name others.
    func checkKind(_ object: JSONValue, _ resource: Resource) throws(APIStatus) {
        let kind = object["kind"].string ?? ""
        let version = object["apiVersion"].string ?? ""
        guard object.object != nil, !(resource.custom && (kind.isEmpty || version.isEmpty)) else {
            throw .badRequest("the object provided is unrecognized (must be of type \(resource.kind)): Object 'Kind' is missing")
        }
        guard kind.isEmpty || kind == resource.kind, version.isEmpty || version == resource.apiVersion else {
            throw .badRequest("\(kind) in version \"\(version)\" cannot be handled as a \(resource.kind)")
        }
    }
    private func placeInNamespace(_ object: inout JSONValue, _ resource: Resource, _ namespace: String) throws(APIStatus) {
        guard resource.namespaced else {
            object["metadata"].removeValue(forKey: "namespace")
            return
        }
        guard object.namespace.isEmpty || object.namespace == namespace else {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        object["metadata"]["namespace"] = .string(namespace)
    }
    private func checkNamespace(_ resource: Resource, _ namespace: String, _ name: String) throws(APIStatus) {
        guard resource.namespaced else { return }
        let owner = try get(ObjectRef(.namespaces, name: namespace))
        guard owner.isTerminating else { return }
        var refusal = APIStatus.forbidden(
            resource, name, "unable to create new content in namespace \(namespace) because it is being terminated")
        refusal.causes = [.init(reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated", field: "metadata.namespace")]
        throw refusal
    }
}

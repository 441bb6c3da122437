public import Core
public import JSON

/// Which part of an object a write is for.
public enum ObjectPart: Hashable, Sendable {
    /// Everything but `status`, where that is a subresource.
    case main
    /// `status`, and for built-in kinds labels and annotations too, as the real server has it.
    case status
    /// The namespace's `spec.finalizers`.
    case finalize
}

extension APIServerModel {
    /// PUT. A resourceVersion in the object makes it conditional; some kinds demand one.
    ///
    /// - Throws: 400, 404, 409 Conflict (resourceVersion or uid differ), 422.
    @discardableResult
    public mutating func replace(_ object: JSONValue, at ref: ObjectRef, part: ObjectPart = .main, now: Timestamp) throws(APIStatus) -> JSONValue {
        try checkKind(object, ref.resource)
        guard object.name == ref.name else {
            throw .badRequest("the name of the object (\(object.name)) does not match the name on the URL (\(ref.name))")
        }
        guard object.namespace.isEmpty || object.namespace == ref.namespace else {
            throw .badRequest("the namespace of the object (\(object.namespace)) does not match the namespace on the URL (\(ref.namespace))")
        }
        guard let old = find(ref) else {
            guard ref.resource.createOnUpdate, part == .main else { throw .notFound(ref.resource, ref.name) }
            return try create(object, in: ref.resource, namespace: ref.namespace, now: now)
        }
        let version = object["metadata"]["resourceVersion"].string ?? ""
        guard ref.resource.unconditionalUpdate || !version.isEmpty else {
            var refusal = APIStatus.invalid(
                ref.resource, ref.name, [.invalid("metadata.resourceVersion", "0x0", "must be specified for an update")])
            refusal.kind = ref.resource.plural
            refusal.message = "\(ref.resource.name) \"\(ref.name)\" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update"
            throw refusal
        }
        guard object.uid.isEmpty || object.uid == old.uid else {
            throw .conflict(ref.resource, ref.name, "Precondition failed: UID in precondition: \(object.uid), UID in object meta: \(old.uid)")
        }
        return try store(object, over: old, at: ref, part: part)
    }

    /// PATCH. `metadata.resourceVersion` in the patch makes it conditional (409). `metadata.uid` does too, but the refusal is
    /// 422 ("field is immutable"), and a status patch of a custom resource ignores all metadata but the resourceVersion: so
    /// does the real server.
    ///
    /// - Throws: 400, 404, 409, 415, 422.
    @discardableResult
    public mutating func patch(_ patch: Patch, at ref: ObjectRef, part: ObjectPart = .main) throws(APIStatus) -> JSONValue {
        if case .strategic = patch, ref.resource.custom { throw .unsupportedPatch(ref.resource) }
        let old = try get(ref)
        let new = try patch.applied(to: old)
        guard new.name == ref.name, new.namespace == ref.namespace else {
            throw .badRequest("the name of the object (\(new.name)) does not match the name on the URL (\(ref.name))")
        }
        return try store(new, over: old, at: ref, part: part)
    }

    /// What PUT and PATCH have in common.
    private mutating func store(_ object: JSONValue, over old: JSONValue, at ref: ObjectRef, part: ObjectPart) throws(APIStatus) -> JSONValue {
        let version = object["metadata"]["resourceVersion"].string ?? ""
        guard version.isEmpty || version == old["metadata"]["resourceVersion"].string else { throw .modified(ref.resource, ref.name) }
        var new = object
        select(part, &new, old, ref.resource)
        new["apiVersion"] = old["apiVersion"]
        new["kind"] = old["kind"]
        for field in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "namespace", "selfLink"] {
            new["metadata"].take(field, from: old["metadata"])
        }
        if new.uid.isEmpty { new["metadata"]["uid"] = .string(old.uid) }
        new["metadata"].removeValue(forKey: "managedFields")
        if ref.resource.custom { Schema.complete(&new, of: ref.resource) } else { KindRules.complete(&new, of: ref.resource) }

        var causes = MetadataRules.problems(new, of: ref.resource) + MetadataRules.problems(changing: old, to: new)
        causes += ref.resource.custom ? Schema.problems(new, of: ref.resource) : KindRules.problems(new, of: ref.resource)
        if !ref.resource.custom { causes += KindRules.problems(changing: old, to: new, of: ref.resource) }
        guard causes.isEmpty else { throw .invalid(ref.resource, ref.name, causes) }

        guard new != old else { return old }
        if part == .main, contentChanged(old, new, ref.resource) {
            new["metadata"]["generation"] = .int((old["metadata"]["generation"].int ?? 0) + 1)
        }
        guard !isFinished(new) else {
            commit(nil, at: ref)
            return new
        }
        return commit(new, at: ref)
    }

    /// Keeps of `new` only what a write to this part may change.
    private func select(_ part: ObjectPart, _ new: inout JSONValue, _ old: JSONValue, _ resource: Resource) {
        switch part {
        case .main:
            if resource.hasStatus { new.take("status", from: old) }
            if resource.name == Resource.namespaces.name { new.take("spec", from: old) }
        case .status where resource.custom:
            let status = new
            new = old
            new.take("status", from: status)
        case .status:
            new.take("spec", from: old)
            new["metadata"].take("ownerReferences", from: old["metadata"])
        case .finalize:
            let spec = new["spec"]
            new = old
            new["spec"]["finalizers"] = spec["finalizers"]
        }
    }
    private func contentChanged(_ old: JSONValue, _ new: JSONValue, _ resource: Resource) -> Bool {
        switch resource.generation {
        case .none: return false
        case .spec: return old["spec"] != new["spec"]
        case .content:
            func content(_ object: JSONValue) -> JSONValue {
                var object = object
                object.removeValue(forKey: "metadata")
                if resource.hasStatus { object.removeValue(forKey: "status") }
                return object
            }
            return content(old) != content(new)
        }
    }
    /// A terminating object that nothing holds any longer goes with the write that let go of it.
    private func isFinished(_ object: JSONValue) -> Bool {
        object.isTerminating && object.finalizers.isEmpty && object["metadata"]["deletionGracePeriodSeconds"].int ?? 0 == 0
            && (object["kind"].string != "Namespace" || (object["spec"]["finalizers"].array ?? []).isEmpty)
    }
}

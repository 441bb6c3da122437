public import Core
public import JSON

/// The body of a DELETE.
public struct DeleteOptions: Hashable, Sendable {
    /// What becomes of the objects that name this one as their owner.
    public enum Propagation: String, Hashable, Sendable {
        /// They are deleted after it, by the garbage collector.
        case background = "Background"
        /// They are deleted first; it waits for them.
        case foreground = "Foreground"
        /// They stay and lose the reference.
        case orphan = "Orphan"
    }
    /// Seconds; nil for the object's own. 0 removes a pod at once: what the kubelet sends at the end.
    public var gracePeriod: Int?
    public var uid: String?
    public var resourceVersion: String?
    public var propagation = Propagation.background
    public init(gracePeriod: Int? = nil, uid: String? = nil, resourceVersion: String? = nil, propagation: Propagation = .background) {
        self.gracePeriod = gracePeriod
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagation = propagation
    }
}

/// What a DELETE came to.
public enum Deletion: Hashable, Sendable {
    /// It is gone; the object as it was last.
    case removed(JSONValue)
    /// It is terminating: a grace period runs, or finalizers hold it.
    case marked(JSONValue)
}

extension APIServerModel {
    /// - Throws: 403 (namespaces that must stay), 404, 409 Conflict (a precondition does not hold).
    @discardableResult
    public mutating func delete(_ ref: ObjectRef, _ options: DeleteOptions = DeleteOptions(), now: Timestamp) throws(APIStatus) -> Deletion {
        let old = try get(ref)
        try check(options, old, ref)
        if ref.resource.name == Resource.namespaces.name { return try deleteNamespace(ref, old, now: now) }
        var new = old
        if ref.resource.graceful {
            let period = gracePeriod(old, options)
            if let running = old["metadata"]["deletionGracePeriodSeconds"].int, old.isTerminating, period >= running {
                // A later request can only shorten the wait. One that has run down to 0 goes on to the finalizers.
                if running > 0 { return .marked(old) }
            } else {
                mark(&new, period: period, now: now)
                if period > 0 { return .marked(commit(new, at: ref)) }
            }
        }
        switch options.propagation {
        case .background: break
        case .foreground: hold(&new, "foregroundDeletion")
        case .orphan: hold(&new, "orphan")
        }
        guard !new.finalizers.isEmpty else {
            commit(nil, at: ref)
            return .removed(new)
        }
        if !new.isTerminating { mark(&new, period: 0, now: now) }
        return .marked(new == old ? old : commit(new, at: ref))
    }

    private func check(_ options: DeleteOptions, _ old: JSONValue, _ ref: ObjectRef) throws(APIStatus) {
        if let uid = options.uid, uid != old.uid {
            throw .conflict(
                ref.resource, ref.name,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(old.uid)). The object might have been deleted and then recreated")
        }
        let version = old["metadata"]["resourceVersion"].string ?? ""
        if let wanted = options.resourceVersion, wanted != version {
            throw .conflict(
                ref.resource, ref.name,
                "the ResourceVersion in the precondition (\(wanted)) does not match the ResourceVersion in record (\(version)). "
                    + "The object might have been modified")
        }
    }
    /// A pod that never ran, or has ended, has nobody who would have to stop it.
    private func gracePeriod(_ pod: JSONValue, _ options: DeleteOptions) -> Int {
        let phase = pod["status"]["phase"].string
        if pod["spec"]["nodeName"].string ?? "" == "" || phase == "Succeeded" || phase == "Failed" { return 0 }
        if pod.isTerminating, options.gracePeriod == nil { return .max }
        return max(0, options.gracePeriod ?? pod["spec"]["terminationGracePeriodSeconds"].int ?? 30)
    }
    private func mark(_ object: inout JSONValue, period: Int, now: Timestamp) {
        var end = now + .seconds(period)
        if let running = object["metadata"]["deletionTimestamp"].string.flatMap(Timestamp.init(rfc3339:)) {
            // counted from the first request, as the real server does
            end = running + .seconds(period - (object["metadata"]["deletionGracePeriodSeconds"].int ?? 0))
        }
        object["metadata"]["deletionTimestamp"] = .string(end.rfc3339)
        object["metadata"]["deletionGracePeriodSeconds"] = .int(period)
        if let generation = object["metadata"]["generation"].int { object["metadata"]["generation"] = .int(generation + 1) }
    }
    private func hold(_ object: inout JSONValue, _ finalizer: String) {
        guard !object.finalizers.contains(finalizer) else { return }
        object.setFinalizers(object.finalizers + [finalizer])
    }
    /// A namespace waits until its content is gone; a controller empties it and takes the finalizer off.
    private mutating func deleteNamespace(_ ref: ObjectRef, _ old: JSONValue, now: Timestamp) throws(APIStatus) -> Deletion {
        guard !["default", "kube-system", "kube-public"].contains(ref.name) else {
            throw .forbidden(ref.resource, ref.name, "this namespace may not be deleted")
        }
        var new = old
        if !old.isTerminating {
            new["metadata"]["deletionTimestamp"] = .string(now.rfc3339)
            new["status"]["phase"] = "Terminating"
        }
        guard !new.finalizers.isEmpty || !(new["spec"]["finalizers"].array ?? []).isEmpty else {
            commit(nil, at: ref)
            return .removed(new)
        }
        return .marked(new == old ? old : commit(new, at: ref))
    }
}

internal import Core
public import JSON

extension APIServerModel {
    /// `status`, `scale`, `finalize`, `binding`, `eviction`.
    mutating func answer(_ request: APIRequest, _ subresource: String, _ ref: ObjectRef, now: Timestamp) throws(APIStatus) -> APIResponse {
        func value(_ object: JSONValue, code: Int = 200) -> APIResponse { .value(code: code, object, of: ref.resource) }
        switch (subresource, request.method) {
        case ("status", _) where !ref.resource.hasStatus: throw .unknownPath
        case ("status", "GET"): return value(try get(ref))
        case ("status", "PUT"): return value(try replace(try body(request), at: ref, part: .status, now: now))
        case ("status", "PATCH"): return value(try patch(try patch(request, ref.resource), at: ref, part: .status))
        case ("finalize", "PUT") where ref.resource.name == Resource.namespaces.name:
            return value(try replace(try body(request), at: ref, part: .finalize, now: now))
        case ("binding", "POST") where ref.resource.name == Resource.pods.name:
            try bind(ref, to: try body(request)["target"]["name"].string ?? "", now: now)
            return .value(code: 201, ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201], of: nil)
        case ("eviction", "POST") where ref.resource.name == Resource.pods.name:
            let options = try body(request)["deleteOptions"]
            try delete(ref, DeleteOptions(gracePeriod: options["gracePeriodSeconds"].int, uid: options["preconditions"]["uid"].string), now: now)
            return .value(code: 201, ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201], of: nil)
        case ("scale", _) where !ref.resource.hasScale: throw .unknownPath
        case ("scale", "GET"): return .value(code: 200, scale(try get(ref)), of: nil)
        case ("scale", "PUT"): return try rescale(try body(request), ref)
        case ("scale", "PATCH"): return try rescale(try patch(request, ref.resource).applied(to: scale(try get(ref))), ref)
        case ("status", _), ("finalize", _), ("binding", _), ("eviction", _), ("scale", _): throw .methodNotAllowed
        default: throw .unknownPath
        }
    }

    /// The scheduler's decision.
    ///
    /// - Throws: 400, 404, 409 if the pod has a node already or is being deleted.
    mutating func bind(_ ref: ObjectRef, to node: String, now: Timestamp) throws(APIStatus) {
        let old = try get(ref)
        guard !node.isEmpty else { throw .badRequest("a binding names its node in target.name") }
        guard !old.isTerminating else {
            throw .conflict(ref.resource, ref.name, "pod \(ref.name) is being deleted, cannot be assigned to a host", subresource: "binding")
        }
        if let present = old["spec"]["nodeName"].string, !present.isEmpty {
            throw .conflict(ref.resource, ref.name, "pod \(ref.name) is already assigned to node \"\(present)\"", subresource: "binding")
        }
        var new = old
        new["spec"]["nodeName"] = .string(node)
        new.setCondition("PodScheduled", status: "True", now: now)
        commit(new, at: ref)
    }

    private func scale(_ object: JSONValue) -> JSONValue {
        let selector = object["spec"]["selector"]["matchLabels"].stringMembers.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var metadata: JSONValue = [:]
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] { metadata[field] = object["metadata"][field] }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": ["replicas": object["spec"]["replicas"]],
            "status": ["replicas": .int(object["status"]["replicas"].int ?? 0), "selector": .string(selector.joined(separator: ","))],
        ]
    }
    private mutating func rescale(_ scale: JSONValue, _ ref: ObjectRef) throws(APIStatus) -> APIResponse {
        guard let replicas = scale["spec"]["replicas"].int ?? (scale["spec"].has("replicas") ? nil : 0), replicas >= 0 else {
            throw .badRequest("spec.replicas of a Scale is a number of at least 0")
        }
        var change: JSONValue = ["spec": ["replicas": .int(replicas)]]
        if let version = scale["metadata"]["resourceVersion"].string { change["metadata"]["resourceVersion"] = .string(version) }
        return .value(code: 200, self.scale(try patch(.merge(change), at: ref)), of: nil)
    }
}

extension JSONValue {
    /// Sets one of `status.conditions`; the transition time changes only with the status.
    mutating func setCondition(_ type: String, status: String, reason: String = "", message: String = "", now: Timestamp) {
        var condition: JSONValue = ["type": .string(type), "status": .string(status), "lastTransitionTime": .string(now.rfc3339)]
        if !reason.isEmpty { condition["reason"] = .string(reason) }
        if !message.isEmpty { condition["message"] = .string(message) }
        var all = self["status"]["conditions"].array ?? []
        if let at = all.firstIndex(where: { $0["type"].string == type }) {
            if all[at]["status"].string == status { condition["lastTransitionTime"] = all[at]["lastTransitionTime"] }
            all[at] = condition
        } else {
            all.append(condition)
        }
        self["status"]["conditions"] = .array(all)
    }
    /// Whether a condition of that type is `True`.
    public func hasCondition(_ type: String) -> Bool {
        (self["status"]["conditions"].array ?? []).contains { $0["type"].string == type && $0["status"].string == "True" }
    }
}

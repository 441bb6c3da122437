// The model's HTTP façade: method, path, query and body in, status and body out. No bytes and no sockets: the sandbox adds
// those, the conformance table runs the same requests against a real API server.

public import Core
public import JSON

/// One request, decoded.
public struct APIRequest: Hashable, Sendable {
    public var method: String
    /// Without query, percent-decoded.
    public var path: String
    public var query: [String: String]
    /// Decides how a PATCH is read.
    public var contentType: String
    /// Nil for an empty body.
    public var body: JSONValue?
    public init(_ method: String, _ path: String, query: [String: String] = [:], contentType: String = "application/json", body: JSONValue? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.contentType = contentType
        self.body = body
    }
}

/// The answer to one request.
public enum APIResponse: Sendable {
    /// An object, a list or a `Status`; `of` is the kind that a table would be made of.
    case value(code: Int, JSONValue, of: Resource?)
    /// A stream that begins with these events.
    case watch(Watch, first: [WatchEvent])
    /// A stream of this one event: how the API server answers a watch that comes too late.
    case brokenWatch(WatchEvent)
}

extension APIServerModel {
    public mutating func handle(_ request: APIRequest, now: Timestamp) -> APIResponse {
        do throws(APIStatus) {
            let route = try route(request.path)
            guard request.query["dryRun"] != "All" else {
                var copy = self
                return try copy.answer(request, route, now: now)
            }
            return try answer(request, route, now: now)
        } catch {
            return .value(code: error.code, error.json, of: nil)
        }
    }

    // MARK: - Paths

    struct Route {
        var resource: Resource
        var namespace: String?
        var name: String?
        var subresource: String?
    }
    /// - Throws: 404 for what is not served.
    private func route(_ path: String) throws(APIStatus) -> Route {
        var parts = path.split(separator: "/").map(String.init)[...]
        func take() -> String? { parts.popFirst() }
        let root = take()
        guard root == "api" || root == "apis", let group = root == "api" ? "" : take(), let version = take(), var plural = take() else {
            throw .unknownPath
        }
        var namespace: String?
        // `namespaces/x` is an object, `namespaces/x/status` its part, `namespaces/x/pods` a collection within
        if plural == "namespaces", parts.count >= 2, !(group.isEmpty && ["status", "finalize"].contains(parts[parts.startIndex + 1])) {
            namespace = take()
            plural = take() ?? ""
        }
        guard let resource = resource(group: group, version: version, plural: plural) else { throw .unknownPath }
        let route = Route(resource: resource, namespace: namespace, name: take(), subresource: take())
        let allNamespaces = resource.namespaced && namespace == nil && route.name == nil
        guard parts.isEmpty, resource.namespaced == (namespace != nil) || allNamespaces else { throw .unknownPath }
        return route
    }

    // MARK: - Verbs

    private mutating func answer(_ request: APIRequest, _ route: Route, now: Timestamp) throws(APIStatus) -> APIResponse {
        guard let name = route.name else { return try answerCollection(request, route, now: now) }
        let ref = ObjectRef(route.resource, namespace: route.namespace ?? "", name: name)
        func value(_ object: JSONValue, code: Int = 200) -> APIResponse { .value(code: code, object, of: route.resource) }
        if let subresource = route.subresource { return try answer(request, subresource, ref, now: now) }
        switch request.method {
        case "GET": return value(try get(ref))
        case "PUT":
            let existed = find(ref) != nil
            return value(try replace(try body(request), at: ref, now: now), code: existed ? 200 : 201)
        case "PATCH": return value(try patch(try patch(request, ref.resource), at: ref))
        case "DELETE":
            switch try delete(ref, try deleteOptions(request), now: now) {
            case .marked(let object): return value(object)
            case .removed(let object) where ref.resource.graceful: return value(object)
            case .removed(let object): return .value(code: 200, success(ref, object), of: nil)
            }
        default: throw .methodNotAllowed
        }
    }
    private func success(_ ref: ObjectRef, _ object: JSONValue) -> JSONValue {
        var details: JSONValue = ["name": .string(ref.name), "kind": .string(ref.resource.plural), "uid": .string(object.uid)]
        if !ref.resource.group.isEmpty { details["group"] = .string(ref.resource.group) }
        return ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details]
    }

    private mutating func answerCollection(_ request: APIRequest, _ route: Route, now: Timestamp) throws(APIStatus) -> APIResponse {
        let resource = route.resource
        let selectors = try Selectors(labels: request.query["labelSelector"] ?? "", fields: request.query["fieldSelector"] ?? "", for: resource)
        switch request.method {
        case "GET" where ["1", "true"].contains(request.query["watch"]):
            do throws(APIStatus) {
                let (watch, first) = try watch(resource, namespace: route.namespace, from: request.query["resourceVersion"] ?? "", selectors)
                return .watch(watch, first: first)
            } catch {
                guard error.code == 410 else { throw error }
                return .brokenWatch(WatchEvent(.error, error.json))
            }
        case "GET":
            let options = ListOptions(
                selectors: selectors, limit: max(0, Int(request.query["limit"] ?? "") ?? 0), continueToken: request.query["continue"] ?? "",
                resourceVersion: request.query["resourceVersion"] ?? "")
            return .value(code: 200, Self.json(try list(resource, namespace: route.namespace, options), of: resource), of: resource)
        case "POST":
            guard resource.namespaced == (route.namespace != nil) else { throw .methodNotAllowed }
            return .value(code: 201, try create(try body(request), in: resource, namespace: route.namespace ?? "", now: now), of: resource)
        case "DELETE":
            let page = try list(resource, namespace: route.namespace, ListOptions(selectors: selectors))
            let options = try deleteOptions(request)
            for object in page.items { try delete(ObjectRef(resource, namespace: object.namespace, name: object.name), options, now: now) }
            return .value(code: 200, Self.json(page, of: resource), of: resource)
        default: throw .methodNotAllowed
        }
    }
    /// A list as the API server sends it. Items of built-in kinds carry no apiVersion and kind there; here they do.
    public static func json(_ page: ObjectList, of resource: Resource) -> JSONValue {
        var metadata: JSONValue = ["resourceVersion": .string(String(page.resourceVersion))]
        if !page.continueToken.isEmpty { metadata["continue"] = .string(page.continueToken) }
        if let remaining = page.remaining { metadata["remainingItemCount"] = .int(remaining) }
        return ["kind": .string(resource.listKind), "apiVersion": .string(resource.apiVersion), "metadata": metadata, "items": .array(page.items)]
    }

    // MARK: - Bodies

    func body(_ request: APIRequest) throws(APIStatus) -> JSONValue {
        guard let body = request.body else { throw .badRequest("the request has no body: send the object as JSON") }
        return body
    }
    func patch(_ request: APIRequest, _ resource: Resource) throws(APIStatus) -> Patch {
        let body = try body(request)
        switch request.contentType.split(separator: ";").first ?? "" {
        case "application/merge-patch+json": return .merge(body)
        case "application/json-patch+json": return .json(body)
        case "application/strategic-merge-patch+json": return .strategic(body)
        default: throw .unsupportedPatch(resource)
        }
    }
    private func deleteOptions(_ request: APIRequest) throws(APIStatus) -> DeleteOptions {
        let body = request.body ?? [:]
        var options = DeleteOptions()
        options.gracePeriod = body["gracePeriodSeconds"].int ?? request.query["gracePeriodSeconds"].flatMap { Int($0) }
        options.uid = body["preconditions"]["uid"].string
        options.resourceVersion = body["preconditions"]["resourceVersion"].string
        if body["orphanDependents"].bool == true { options.propagation = .orphan }
        if let text = body["propagationPolicy"].string ?? request.query["propagationPolicy"] {
            guard let propagation = DeleteOptions.Propagation(rawValue: text) else {
                throw .badRequest("propagationPolicy \"\(text)\": write Background, Foreground or Orphan")
            }
            options.propagation = propagation
        }
        return options
    }
}

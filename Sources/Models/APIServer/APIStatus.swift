public import JSON

/// A refusal of the API server: Kubernetes' `Status` with `status: Failure`.
///
/// Codes, reasons and messages are those of kube-apiserver 1.20, as far as clients can be expected to look at them; the
/// conformance table runs the same requests against both.
public struct APIStatus: Error, Hashable, Sendable, CustomStringConvertible {
    /// One field that was found wrong.
    public struct Cause: Hashable, Sendable {
        public var reason: String
        public var message: String
        public var field: String
    }
    /// The HTTP status.
    public var code: Int
    /// `NotFound`, `Conflict`, …; empty where the server gives none.
    public var reason: String
    public var message: String
    /// What `details` says; kind is the resource's plural name, or the kind for invalid objects.
    public var name = ""
    public var group = ""
    public var kind = ""
    public var causes: [Cause] = []
    public var retryAfterSeconds: Int?

    public init(code: Int, reason: String, message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }
    public var description: String { "\(code) \(reason): \(message)" }

    /// As the API server sends it.
    public var json: JSONValue {
        var body: JSONValue = ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message)]
        if !reason.isEmpty { body["reason"] = .string(reason) }
        var details: JSONValue = [:]
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] where !value.isEmpty { details[key] = .string(value) }
        if !causes.isEmpty {
            details["causes"] = .array(causes.map { ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)] })
        }
        if let retryAfterSeconds { details["retryAfterSeconds"] = .int(retryAfterSeconds) }
        if details != [:] { body["details"] = details }
        body["code"] = .int(code)
        return body
    }
}

extension APIStatus {
    private static func about(_ resource: Resource, _ name: String, _ code: Int, _ reason: String, _ message: String) -> APIStatus {
        var status = APIStatus(code: code, reason: reason, message: message)
        status.name = name
        status.group = resource.group
        status.kind = resource.plural
        return status
    }
    static func notFound(_ resource: Resource, _ name: String) -> APIStatus {
        about(resource, name, 404, "NotFound", "\(resource.name) \"\(name)\" not found")
    }
    static func alreadyExists(_ resource: Resource, _ name: String) -> APIStatus {
        about(resource, name, 409, "AlreadyExists", "\(resource.name) \"\(name)\" already exists")
    }
    static func conflict(_ resource: Resource, _ name: String, _ why: String, subresource: String? = nil) -> APIStatus {
        let what = subresource.map { "\(resource.name)/\($0)" } ?? resource.name
        return about(resource, name, 409, "Conflict", "Operation cannot be fulfilled on \(what) \"\(name)\": \(why)")
    }
    static func modified(_ resource: Resource, _ name: String) -> APIStatus {
        conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again")
    }
    static func forbidden(_ resource: Resource, _ name: String, _ why: String) -> APIStatus {
        about(resource, name, 403, "Forbidden", "\(resource.name) \"\(name)\" is forbidden: \(why)")
    }
    static func badRequest(_ message: String) -> APIStatus { APIStatus(code: 400, reason: "BadRequest", message: message) }
    static func internalError(_ message: String) -> APIStatus { APIStatus(code: 500, reason: "", message: message) }
    static let unknownPath = APIStatus(code: 404, reason: "NotFound", message: "the server could not find the requested resource")
    static let methodNotAllowed = APIStatus(
        code: 405, reason: "MethodNotAllowed", message: "the server does not allow this method on the requested resource")
    /// A watch or a list continues from a revision that is no longer kept.
    static func expired(_ message: String) -> APIStatus { APIStatus(code: 410, reason: "Expired", message: message) }
    static func tooLargeResourceVersion(_ asked: UInt64, current: UInt64) -> APIStatus {
        var status = APIStatus(code: 504, reason: "Timeout", message: "Timeout: Too large resource version: \(asked), current: \(current)")
        status.causes = [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "")]
        status.retryAfterSeconds = 1
        return status
    }
    static func unsupportedPatch(_ resource: Resource) -> APIStatus {
        let accepted =
            "application/json-patch+json, application/merge-patch+json"
            + (resource.custom ? "" : ", application/strategic-merge-patch+json")
        return APIStatus(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format - accepted media types include: \(accepted)")
    }
    /// The object breaks the rules named by the causes.
    static func invalid(_ resource: Resource, _ name: String, _ causes: [Cause]) -> APIStatus {
        let all = causes.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
        let what = all.count == 1 ? all[0] : "[\(all.joined(separator: ", "))]"
        var status = about(resource, name, 422, "Invalid", "\(resource.qualifiedKind) \"\(name)\" is invalid: \(what)")
        status.kind = resource.kind
        status.causes = causes
        return status
    }
}

extension APIStatus.Cause {
    static func invalid(_ field: String, _ value: String, _ why: String) -> Self {
        Self(reason: "FieldValueInvalid", message: "Invalid value: \(value): \(why)", field: field)
    }
    static func required(_ field: String, _ why: String = "") -> Self {
        Self(reason: "FieldValueRequired", message: why.isEmpty ? "Required value" : "Required value: \(why)", field: field)
    }
    static func forbidden(_ field: String, _ why: String) -> Self { Self(reason: "FieldValueForbidden", message: "Forbidden: \(why)", field: field) }
    static func unsupported(_ field: String, _ value: String, _ supported: [String]) -> Self {
        Self(
            reason: "FieldValueNotSupported",
            message: "Unsupported value: \(value): supported values: \(supported.joined(separator: ", "))", field: field)
    }
}

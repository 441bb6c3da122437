internal import JSON

/// Faults that wait for the calls they are meant for.
struct CloudFaults {
    enum Kind: String, CaseIterable {
        /// answered with RequestLimitExceeded, not executed
        case throttle
        /// answered with a code, not executed
        case error
        /// answered with HTTP 500 and no JSON, not executed
        case http500
        /// never answered, not executed
        case timeout
        /// executed, then the connection is cut
        case lostReply
        /// the connection is cut, and the call executed later if its signature is valid then
        case late
    }
    struct Fault {
        /// nil: any action
        var action: String?
        var kind: Kind
        /// for `error`
        var code: String
        /// calls it is still for
        var count: Int
        /// for `late`
        var delay: Duration
        /// parameters that the call must have; of a list, one element
        var match: JSONObject

        func fits(_ action: String, _ parameters: JSONValue) -> Bool {
            guard self.action == nil || self.action == action else { return false }
            return match.allSatisfy { key, wanted in
                parameters[key] == wanted || (parameters[key].array?.contains(wanted) ?? false)
            }
        }

        var json: JSONValue {
            [
                "action": action.map { .string($0) } ?? .null, "kind": .string(kind.rawValue), "code": .string(code), "count": .int(count),
                "delayMs": .int(Int(delay / .milliseconds(1))), "match": .object(match),
            ]
        }
    }

    private(set) var waiting: [Fault] = []

    mutating func add(_ fault: Fault) { waiting.append(fault) }

    /// The first that fits, once less.
    mutating func take(_ action: String, _ parameters: JSONValue) -> Fault? {
        guard let at = waiting.firstIndex(where: { $0.fits(action, parameters) }) else { return nil }
        let fault = waiting[at]
        waiting[at].count -= 1
        if waiting[at].count <= 0 { waiting.remove(at: at) }
        return fault
    }
}

extension CloudFaults.Fault {
    /// From the control side's `{"action", "kind", "code", "count", "delayMs", "match"}`.
    init(_ value: JSONValue) throws(ControlRefusal) {
        guard let name = value["kind"].string, let kind = CloudFaults.Kind(rawValue: name) else {
            throw ControlRefusal("kind must be one of \(CloudFaults.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        if kind == .error, value["code"].string == nil { throw ControlRefusal("kind error needs a code, such as InternalError") }
        self.init(
            action: value["action"].string, kind: kind, code: value["code"].string ?? "InternalError", count: max(1, value["count"].int ?? 1),
            delay: .milliseconds(value["delayMs"].int ?? 0), match: value["match"].object ?? [:])
    }
}

/// A request of the control side that cannot be done as it is.
struct ControlRefusal: Error {
    var status = 400
    var message: String
    init(_ message: String, status: Int = 400) {
        self.message = message
        self.status = status
    }
}

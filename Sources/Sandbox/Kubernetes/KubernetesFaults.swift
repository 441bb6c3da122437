internal import Core
internal import JSON
internal import Models

/// Faults that wait for the requests they are meant for.
struct KubernetesFaults: Sendable {
    struct Fault: Sendable {
        /// nil: any method
        var method: String?
        /// The path, in which `*` stands for any text.
        var path: String
        /// Refuses the request with this.
        var refusal: APIStatus?
        /// The request is executed and its answer cut off.
        var losesReply: Bool
        /// Before anything else.
        var delay: Duration
        /// Requests it is still for.
        var count: Int

        func fits(_ request: APIRequest) -> Bool { (method == nil || method == request.method) && Self.match(path[...], request.path[...]) }
        private static func match(_ pattern: Substring, _ text: Substring) -> Bool {
            guard let star = pattern.firstIndex(of: "*") else { return pattern == text }
            guard text.hasPrefix(pattern[..<star]) else { return false }
            let rest = pattern[pattern.index(after: star)...]
            var tail = text.dropFirst(pattern.distance(from: pattern.startIndex, to: star))
            while true {
                if match(rest, tail) { return true }
                if tail.popFirst() == nil { return false }
            }
        }
        var json: JSONValue {
            [
                "method": method.map { .string($0) } ?? .null, "path": .string(path), "code": .int(refusal?.code ?? 0), "lostReply": .bool(losesReply),
                "delayMs": .int(Int(delay.milliseconds)), "count": .int(count),
            ]
        }
    }

    private(set) var waiting: [Fault] = []

    mutating func add(_ fault: Fault) { waiting.append(fault) }

    /// The first that fits, once less.
    mutating func take(_ request: APIRequest) -> Fault? {
        guard let at = waiting.firstIndex(where: { $0.fits(request) }) else { return nil }
        let fault = waiting[at]
        waiting[at].count -= 1
        if waiting[at].count <= 0 { waiting.remove(at: at) }
        return fault
    }
}

extension KubernetesFaults.Fault {
    /// From the control side's `{"method", "path", "code", "reason", "lostReply", "delayMs", "count"}`.
    init(_ value: JSONValue) throws(ControlRefusal) {
        guard let path = value["path"].string else { throw ControlRefusal("path is missing: a path, in which * stands for any text") }
        var refusal: APIStatus?
        if let code = value["code"].int {
            guard 400...599 ~= code else { throw ControlRefusal("code must be from 400 to 599") }
            refusal = APIStatus(code: code, reason: value["reason"].string ?? "InternalError", message: "injected by the sandbox")
        }
        self.init(
            method: value["method"].string, path: path, refusal: refusal, losesReply: value["lostReply"].bool ?? false,
            delay: .milliseconds(value["delayMs"].int ?? 0), count: max(1, value["count"].int ?? 1))
    }
}

internal import JSON

/// `metav1.Status`: how the API server says that something failed.
package struct Status: Hashable {
    var code = 0
    var reason: String?
    var message: String?
    var retryAfterSeconds: Int?
    /// `details.causes[].field`: what the server found invalid.
    var fields: [String] = []
    /// `details.causes[].reason`: why, in the server's words for machines.
    var causes: [String] = []

    /// Nil when the bytes are no `Status` at all.
    init?(parsing bytes: [UInt8]) {
        do throws(JSONError) {
            let (status, kind) = try JSONReader.read(bytes) { r throws(JSONError) in try Status.read(&r) }
            guard kind == "Status" else { return nil }
            self = status
        } catch {
            return nil  // an HTML page of a proxy, a line of text: the caller has the HTTP code
        }
    }
    private init() {}

    static func read(_ reader: inout JSONReader) throws(JSONError) -> (Status, kind: String) {
        var status = Status()
        var kind = ""
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "kind": kind = try r.string()
            case "code": status.code = try r.int()
            case "reason": status.reason = try r.string()
            case "message": status.message = try r.string()
            case "details":
                try r.object { d, key throws(JSONError) in
                    switch key {
                    case "retryAfterSeconds": status.retryAfterSeconds = try d.int()
                    case "causes":
                        try d.array { c throws(JSONError) in
                            try c.object { c, key throws(JSONError) in
                                switch key {
                                case "field": status.fields.append(try c.string())
                                case "reason": status.causes.append(try c.string())
                                default: try c.skip()
                                }
                            }
                        }
                    default: try d.skip()
                    }
                }
            default: try r.skip()
            }
        }
        return (status, kind)
    }

    var knownReason: KubernetesError.Reason? {
        guard let reason else { return nil }
        // A patch that names another uid: older servers (seen with 1.20) call it an invalid change of an immutable field, newer
        // ones a conflict. It means that the object of that name is no longer the one that was read.
        if reason == "Invalid" && fields.contains("metadata.uid") { return .conflict }
        if reason == "Forbidden" && causes.contains("NamespaceTerminating") { return .namespaceTerminating }
        return reason == "Gone" ? .expired : KubernetesError.Reason(rawValue: reason)
    }
}

public import JSON

/// The body of a PATCH, by its content type.
public enum Patch: Hashable, Sendable {
    /// `application/merge-patch+json` (RFC 7386).
    case merge(JSONValue)
    /// `application/strategic-merge-patch+json`: a merge in which known lists merge by a key.
    case strategic(JSONValue)
    /// `application/json-patch+json` (RFC 6902): add, remove, replace, test.
    case json(JSONValue)

    /// - Throws: 400 (not such a patch), 422 (a path or a test of a JSON patch that does not fit).
    func applied(to object: JSONValue) throws(APIStatus) -> JSONValue {
        var result = object
        switch self {
        case .merge(let patch):
            guard patch.object != nil else { throw .badRequest("a merge patch is a JSON object") }
            result.merge(patch: patch)
        case .strategic(let patch):
            guard patch.object != nil else { throw .badRequest("a strategic merge patch is a JSON object") }
            StrategicMerge.apply(patch, to: &result)
        case .json(let operations):
            guard let operations = operations.array else { throw .badRequest("a JSON patch is an array of operations") }
            for operation in operations { try Self.apply(operation, to: &result) }
        }
        return result
    }

    private static func apply(_ operation: JSONValue, to object: inout JSONValue) throws(APIStatus) {
        guard let verb = operation["op"].string, let path = operation["path"].string, path.isEmpty || path.hasPrefix("/") else {
            throw .badRequest("an operation of a JSON patch has op and path")
        }
        let keys = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { decoded(String($0)) }
        guard ["add", "remove", "replace", "test"].contains(verb) else { throw .badRequest("JSON patch: unsupported op \"\(verb)\"") }
        guard change(&object, keys[...], verb, operation["value"]) else {
            // the words of kube-apiserver, which does not say what did not fit
            throw APIStatus(code: 422, reason: "Invalid", message: "the server rejected our request due to an error in our request")
        }
    }
    private static func decoded(_ token: String) -> String {
        var text = ""
        var rest = token[...]
        while let tilde = rest.firstIndex(of: "~") {
            text += rest[..<tilde] + (rest[tilde...].hasPrefix("~1") ? "/" : "~")
            rest = rest[tilde...].dropFirst(2)
        }
        return text + rest
    }
    /// False if the path does not exist or the test fails.
    private static func change(_ value: inout JSONValue, _ path: ArraySlice<String>, _ verb: String, _ argument: JSONValue) -> Bool {
        guard let key = path.first else {
            if verb == "test" { return value == argument }
            value = verb == "remove" ? .null : argument
            return true
        }
        let last = path.count == 1
        if case .array(var elements) = value {
            let at = key == "-" ? elements.count : Int(key) ?? -1
            guard at >= 0, at < elements.count || (last && verb == "add" && at == elements.count) else { return false }
            if last, verb == "add" {
                elements.insert(argument, at: at)
            } else if last, verb == "remove" {
                elements.remove(at: at)
            } else {
                guard change(&elements[at], path.dropFirst(), verb, argument) else { return false }
            }
            value = .array(elements)
            return true
        }
        guard value.object != nil, value.has(key) || (last && verb == "add") else { return false }
        if last, verb == "remove" {
            value.removeValue(forKey: key)
            return true
        }
        return change(&value[key], path.dropFirst(), verb, argument)
    }
}

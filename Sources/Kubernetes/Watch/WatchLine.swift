package import JSON

/// One line of a watch (kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes").
package enum WatchLine<Object: Sendable>: Sendable {
    case change(ReflectorChange, Object)
    case unreadable(ReflectorChange, UnreadableObject)
    case bookmark(resourceVersion: String)
    case error(Status)

    package init(parsing line: [UInt8], _ object: ObjectReader<Object>) throws(JSONError) {
        self = try JSONReader.read(line) { r throws(JSONError) in try WatchLine.read(&r, object) }
    }

    private static func read(_ reader: inout JSONReader, _ object: ObjectReader<Object>) throws(JSONError) -> WatchLine {
        var type: String?
        var objectAt: Int?
        var result: WatchLine?
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "type": type = try r.string()
            case "object":
                if let type {
                    result = try value(&r, type, object)
                } else {
                    objectAt = r.offset  // its type comes later: come back then
                    try r.skip()
                }
            default: try r.skip()
            }
        }
        if result == nil, let type, let objectAt {
            let end = reader.offset
            reader.move(to: objectAt)
            result = try value(&reader, type, object)
            reader.move(to: end)
        }
        guard let result else { throw JSONError(offset: 0, reason: "a watch event without type or object") }
        return result
    }

    private static func value(_ reader: inout JSONReader, _ type: String, _ object: ObjectReader<Object>) throws(JSONError) -> WatchLine {
        if type == "BOOKMARK" { return .bookmark(resourceVersion: try ObjectMeta.readObject(&reader).resourceVersion) }
        if type == "ERROR" { return .error(try Status.read(&reader).0) }
        guard let change = ReflectorChange(rawValue: type) else { throw JSONError(offset: reader.offset, reason: "an unknown type of watch event") }
        switch try object.readOrReport(&reader) {
        case .success(let read): return .change(change, read)
        case .failure(let error): return .unreadable(change, error.object)
        }
    }
}

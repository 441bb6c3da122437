internal import JSON

/// Structural schemas of custom resources: unknown fields are pruned, defaults filled in, the rest is checked.
///
/// Left out: `oneOf`, `anyOf`, `allOf`, `not` (except what `x-kubernetes-int-or-string` means), CEL rules, formats.
enum Schema {
    /// Prunes and fills in, below the top level's apiVersion, kind and metadata.
    static func complete(_ object: inout JSONValue, of resource: Resource) {
        let kept = ["apiVersion", "kind", "metadata"].map { ($0, object[$0]) }
        prune(&object, resource.schema)
        fill(&object, resource.schema)
        for (key, value) in kept where !value.isNull { object[key] = value }
    }
    private static func prune(_ value: inout JSONValue, _ schema: JSONValue) {
        if schema["x-kubernetes-preserve-unknown-fields"].bool == true { return }
        if let elements = value.array, schema.has("items") {
            value = .array(
                elements.map { element in
                    var element = element
                    prune(&element, schema["items"])
                    return element
                })
        }
        guard let members = value.object, schema["type"].string == "object" || schema.has("properties") else { return }
        for key in members.keys {
            if schema["properties"].has(key) {
                prune(&value[key], schema["properties"][key])
            } else if schema["additionalProperties"].object != nil {
                prune(&value[key], schema["additionalProperties"])
            } else if schema["additionalProperties"].bool != true {
                value.removeValue(forKey: key)
            }
        }
    }
    private static func fill(_ value: inout JSONValue, _ schema: JSONValue) {
        if value.object != nil {
            for (key, property) in schema["properties"].object ?? [:] {
                // null counts as absent for defaulting, unless the field is nullable
                if property.has("default"), !value.has(key) || value[key].isNull && property["nullable"].bool != true { value[key] = property["default"] }
                if value.has(key) { fill(&value[key], property) }
            }
        }
        if let elements = value.array, schema.has("items") {
            value = .array(
                elements.map { element in
                    var element = element
                    fill(&element, schema["items"])
                    return element
                })
        }
    }

    static func problems(_ object: JSONValue, of resource: Resource) -> [APIStatus.Cause] { check(object, resource.schema, "") }

    private static func check(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [APIStatus.Cause] {
        if value.isNull, schema["nullable"].bool == true { return [] }
        if let type = schema["type"].string, !has(value, type) {
            return [.invalid(path, "\"\(typeName(value))\"", "\(path) in body must be of type \(type): \"\(typeName(value))\"")]
        }
        if schema["x-kubernetes-int-or-string"].bool == true, value.int == nil, value.string == nil {
            return [.invalid(path, "\"\(typeName(value))\"", "\(path) in body must be of type integer,string: \"\(typeName(value))\"")]
        }
        var causes: [APIStatus.Cause] = []
        if let allowed = schema["enum"].array, !allowed.contains(value) {
            causes.append(.unsupported(path, value.text(), allowed.map { $0.text() }))
        }
        causes += bounds(value, schema, path)
        func child(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        if let members = value.object {
            for key in (schema["required"].array ?? []).compactMap(\.string) where !value.has(key) { causes.append(.required(child(key))) }
            for (key, member) in members {
                if schema["properties"].has(key) {
                    causes += check(member, schema["properties"][key], child(key))
                } else if schema["additionalProperties"].object != nil {
                    causes += check(member, schema["additionalProperties"], child(key))
                }
            }
        }
        for (index, element) in (value.array ?? []).enumerated() { causes += check(element, schema["items"], "\(path)[\(index)]") }
        return causes
    }
    private static func bounds(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [APIStatus.Cause] {
        var causes: [APIStatus.Cause] = []
        func require(_ holds: Bool, _ why: String) { if !holds { causes.append(.invalid(path, value.text(), "\(path) in body should be \(why)")) } }
        if let number = value.double {
            if let least = schema["minimum"].double { require(number >= least, "greater than or equal to \(schema["minimum"])") }
            if let most = schema["maximum"].double { require(number <= most, "less than or equal to \(schema["maximum"])") }
        }
        if let text = value.string {
            if let least = schema["minLength"].int { require(text.unicodeScalars.count >= least, "at least \(least) chars long") }
            if let most = schema["maxLength"].int { require(text.unicodeScalars.count <= most, "at most \(most) chars long") }
            if let pattern = schema["pattern"].string { require(matches(text, pattern), "matching '\(pattern)'") }
        }
        if let count = value.array?.count ?? value.object?.count {
            let (least, most) = value.array == nil ? ("minProperties", "maxProperties") : ("minItems", "maxItems")
            if let least = schema[least].int { require(count >= least, "at least \(least) items") }
            if let most = schema[most].int { require(count <= most, "at most \(most) items") }
        }
        return causes
    }
    /// A pattern that Swift cannot read matches nothing, so that it is noticed.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        do {
            return try text.contains(Regex(pattern))
        } catch {
            return false
        }
    }
    private static func has(_ value: JSONValue, _ type: String) -> Bool {
        switch value {
        case .null: false
        case .bool: type == "boolean"
        case .int: type == "integer" || type == "number"
        case .double: type == "number"
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }
    private static func typeName(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

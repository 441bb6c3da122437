public import JSON

/// The fields of `metadata` that every object has, read and written in place.
extension JSONValue {
    public var name: String { self["metadata"]["name"].string ?? "" }
    /// Empty for objects without namespace.
    public var namespace: String { self["metadata"]["namespace"].string ?? "" }
    public var uid: String { self["metadata"]["uid"].string ?? "" }
    /// 0 if absent or not a number.
    public var resourceVersion: UInt64 { self["metadata"]["resourceVersion"].string.flatMap { UInt64($0) } ?? 0 }
    public var labels: [String: String] { self["metadata"]["labels"].stringMembers }
    public var annotations: [String: String] { self["metadata"]["annotations"].stringMembers }
    public var finalizers: [String] { (self["metadata"]["finalizers"].array ?? []).compactMap(\.string) }
    public var ownerReferences: [JSONValue] { self["metadata"]["ownerReferences"].array ?? [] }
    /// The reference with `controller: true`.
    public var controllerReference: JSONValue? { ownerReferences.first { $0["controller"].bool == true } }
    public var isTerminating: Bool { self["metadata"]["deletionTimestamp"].string != nil }

    /// The members that are strings; others are left out.
    var stringMembers: [String: String] {
        var members: [String: String] = [:]
        for (key, value) in object ?? JSONObject() { members[key] = value.string }
        return members
    }
    /// Sets the list, or removes the field when it is empty, as the API server prints it.
    mutating func setFinalizers(_ finalizers: [String]) {
        if finalizers.isEmpty {
            self["metadata"].removeValue(forKey: "finalizers")
        } else {
            self["metadata"]["finalizers"] = .array(finalizers.map { .string($0) })
        }
    }
    /// Sets the member if it is absent or null.
    mutating func setDefault(_ key: String, _ value: JSONValue) {
        if self[key].isNull { self[key] = value }
    }
    /// Replaces the member by another object's, absence included.
    mutating func take(_ key: String, from other: JSONValue) {
        if other.has(key) { self[key] = other[key] } else { removeValue(forKey: key) }
    }
    /// A simple JSON path as in `additionalPrinterColumns`: `.spec.a`, `.status.conditions[0].type`,
    /// `.metadata.annotations.example\.com/x`. Null where it breaks off or is of another kind.
    public func at(jsonPath: String) -> JSONValue {
        var value = self
        var key = ""
        var escaped = false
        func step() {
            if !key.isEmpty { value = Int(key).flatMap { i in value.array.map { i < $0.count && i >= 0 ? $0[i] : .null } } ?? value[key] }
            key = ""
        }
        for character in jsonPath {
            if escaped {
                key.append(character)
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "." || character == "[" || character == "]" {
                step()
            } else if character != "'" && character != "\"" {
                key.append(character)
            }
        }
        step()
        return value
    }
}

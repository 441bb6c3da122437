/// Any JSON value, for objects whose shape is not ours. It is what the models keep and what the codecs build on.
///
/// Reading never fails: `value["metadata"]["name"].string` is nil wherever the path breaks off. Writing creates the objects
/// on the way: `value["status"]["phase"] = "Bound"`. `.int(1)` and `.double(1)` are different values.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case int(Int)
    /// Any other number; always finite.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

// MARK: - Reading

extension JSONValue {
    public var isNull: Bool { self == .null }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var int: Int? { if case .int(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// Of both kinds of number.
    public var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// Whether this is an object with that member, be it `null`.
    public func has(_ key: String) -> Bool { object?.position(of: key) != nil }
}

// MARK: - Writing

extension JSONValue {
    /// The member of that name; `.null` if there is none (`has` tells the two apart).
    ///
    /// Setting a member of something that is no object replaces it by an object, as a merge patch does. Setting `.null` keeps a
    /// member `null`; `removeValue(forKey:)` removes.
    public subscript(key: String) -> JSONValue {
        get { object?[key] ?? .null }
        set {
            var object = takeObject()
            object[key] = newValue
            self = .object(object)
        }
        _modify {
            // Taken out and put back, so that a nested change copies nothing.
            let before = self
            var object = takeObject()
            let position = object.position(of: key)
            var value = JSONValue.null
            if let position { swap(&value, &object.members[position].value) }
            defer {
                if let position {
                    swap(&value, &object.members[position].value)
                    self = .object(object)
                } else if case .null = value {
                    self = before  // nothing was there and nothing came of it
                } else {
                    object.append(key, value)
                    self = .object(object)
                }
            }
            yield &value
        }
    }

    /// The element at that place; `.null` beyond the end or if this is no array. Setting needs an element that exists.
    public subscript(position: Int) -> JSONValue {
        get {
            guard case .array(let elements) = self, elements.indices.contains(position) else { return .null }
            return elements[position]
        }
        _modify {
            guard case .array(var elements) = self else { preconditionFailure("element \(position) of something that is no array") }
            self = .null
            defer { self = .array(elements) }
            yield &elements[position]
        }
    }

    /// Removes the member and returns it; nil if there is none.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        guard case .object(var object) = self else { return nil }
        self = .null
        defer { self = .object(object) }
        return object.removeValue(forKey: key)
    }

    /// Adds an element; anything that is no array becomes one first.
    public mutating func append(_ element: JSONValue) {
        var elements: [JSONValue] = []
        if case .array(let present) = self { elements = present }
        self = .null  // leaves `elements` the only owner, so that appending copies nothing
        elements.append(element)
        self = .array(elements)
    }

    /// Applies a JSON merge patch (RFC 7386): objects merge member by member, `null` removes, anything else replaces.
    public mutating func merge(patch: JSONValue) {
        guard case .object(let changes) = patch else {
            self = patch
            return
        }
        var object = takeObject()
        for (key, change) in changes {
            if case .null = change {
                object.removeValue(forKey: key)
            } else if let position = object.position(of: key) {
                object.members[position].value.merge(patch: change)
            } else {
                var value = JSONValue.null
                value.merge(patch: change)  // a patch's nested nulls must not be kept
                object.append(key, value)
            }
        }
        self = .object(object)
    }

    /// Leaves `self` null, so that the object has one owner.
    private mutating func takeObject() -> JSONObject {
        guard case .object(let object) = self else { return JSONObject() }
        self = .null
        return object
    }
}

extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSONValue: CustomStringConvertible {
    /// Reads one whole document.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        self = try JSONReader.read(bytes) { reader throws(JSONError) in try reader.value() }
    }
    /// Reads one whole document.
    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }

    /// Compact JSON. With sorted keys equal values give equal bytes.
    public func bytes(sortedKeys: Bool = false) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self, sortedKeys: sortedKeys)
        return writer.bytes
    }
    /// Compact JSON. With sorted keys equal values give equal texts.
    public func text(sortedKeys: Bool = false) -> String { String(decoding: bytes(sortedKeys: sortedKeys), as: UTF8.self) }
    public var description: String { text() }
}

extension JSONReader {
    /// Any value at all. Numbers without fraction and exponent that fit are `.int`.
    public mutating func value() throws(JSONError) -> JSONValue { try value(depth: 0) }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        let first = try peek()
        switch first {
        case 0x22: return .string(try string())
        case 0x74, 0x66: return .bool(try bool())
        case 0x6e:
            _ = try null()
            return .null
        case 0x5b:
            guard depth < Self.depthMax else { throw fail("nested too deeply") }
            var elements: [JSONValue] = []
            try array { r throws(JSONError) in elements.append(try r.value(depth: depth + 1)) }
            return .array(elements)
        case 0x7b:
            guard depth < Self.depthMax else { throw fail("nested too deeply") }
            var object = JSONObject()
            try self.object { r, key throws(JSONError) in
                let name = try r.text(key)
                object[name] = try r.value(depth: depth + 1)
            }
            return .object(object)
        default:
            let text = try numberText()
            if let int = Int(text) { return .int(int) }
            guard let double = Double(text), double.isFinite else { throw fail("number out of range") }
            return .double(double)
        }
    }
}

extension JSONWriter {
    /// Any value at all.
    public mutating func value(_ value: JSONValue, sortedKeys: Bool = false) {
        switch value {
        case .null: null()
        case .bool(let b): bool(b)
        case .int(let i): int(i)
        case .double(let d): double(d)
        case .string(let s): string(s)
        case .array(let elements): array { w in for e in elements { w.value(e, sortedKeys: sortedKeys) } }
        case .object(let object):
            self.object { w in
                for (key, member) in sortedKeys ? object.members.sorted(by: { $0.key < $1.key }) : object.members {
                    w.key(key)
                    w.value(member, sortedKeys: sortedKeys)
                }
            }
        }
    }
    /// Writes one member of the object around it.
    public mutating func field(_ name: String, _ value: JSONValue) {
        key(name)
        self.value(value)
    }
}

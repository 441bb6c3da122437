internal import Glibc

extension JSONReader {
    /// `body` gets each key and must consume its value. Keys with escapes are matched decoded, through a copy.
    @inline(__always) public mutating func object(_ body: (inout JSONReader, Key) throws(JSONError) -> Void) throws(JSONError) {
        if try null() { return }
        guard try peek() == 0x7b else { throw fail("expected an object") }
        p += 1
        if try peek() == 0x7d {
            p += 1
            return
        }
        while true {
            guard try peek() == 0x22 else { throw fail("expected a key") }
            let k = try raw()
            guard try peek() == 0x3a else { throw fail("expected :") }
            p += 1
            try body(&self, Key(raw: k))
            let c = try peek()
            if c == 0x2c {
                p += 1
                continue
            }
            guard c == 0x7d else { throw fail("expected , or }") }
            p += 1
            return
        }
    }
    /// `body` is called at each element and must consume it.
    @inline(__always) public mutating func array(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        if try null() { return }
        guard try peek() == 0x5b else { throw fail("expected an array") }
        p += 1
        if try peek() == 0x5d {
            p += 1
            return
        }
        while true {
            try body(&self)
            let c = try peek()
            if c == 0x2c {
                p += 1
                continue
            }
            guard c == 0x5d else { throw fail("expected , or ]") }
            p += 1
            return
        }
    }

    /// An object of strings; `null` is the empty one.
    public mutating func stringMap() throws(JSONError) -> [String: String] {
        var map: [String: String] = [:]
        try object { r, key throws(JSONError) in
            let name = try r.text(key)
            map[name] = try r.string()
        }
        return map
    }

    /// The key itself, for objects whose keys are data.
    public func text(_ key: Key) throws(JSONError) -> String { try decode(key.raw) }

    /// A key inside `object`: matches string literals in a `switch`, without being decoded.
    public struct Key {
        let raw: RawString

        @inline(never) func matchesDecoded(_ name: StaticString) -> Bool {
            do throws(JSONError) {
                return try JSONReader.unescape(raw.bytes, at: 0) == String(describing: name)
            } catch {
                return false  // a key that cannot be decoded is nobody's key
            }
        }
        @inline(__always) public static func ~= (name: StaticString, key: Key) -> Bool {
            if key.raw.escaped { return key.matchesDecoded(name) }
            return key.raw.bytes.count == name.utf8CodeUnitCount
                && memcmp(key.raw.bytes.baseAddress!, name.utf8Start, name.utf8CodeUnitCount) == 0
        }
    }
}

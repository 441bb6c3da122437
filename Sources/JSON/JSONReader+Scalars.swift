internal import Glibc

extension JSONReader {
    /// Consumes a `null`, which reads as "absent", as Kubernetes' own decoders have it; false and nothing consumed otherwise.
    @inline(__always) public mutating func null() throws(JSONError) -> Bool {
        guard try peek() == 0x6e else { return false }
        try literal("null")
        return true
    }
    /// A string; `null` is the empty one.
    public mutating func string() throws(JSONError) -> String {
        if try null() { return "" }
        guard try peek() == 0x22 else { throw fail("expected a string") }
        return try decode(try raw())
    }
    /// `true` or `false`; `null` is false.
    public mutating func bool() throws(JSONError) -> Bool {
        switch try peek() {
        case 0x74:
            try literal("true")
            return true
        case 0x66:
            try literal("false")
            return false
        case 0x6e:
            try literal("null")
            return false
        default: throw fail("expected true or false")
        }
    }
    /// A number without fraction and exponent that fits; `null` is 0.
    public mutating func int() throws(JSONError) -> Int {
        if try null() { return 0 }
        _ = try peek()
        let s = p
        try number()
        var i = s
        var v = 0
        let negative = i.pointee == 0x2d
        if negative { i += 1 }
        while i < p {
            let d = Int(i.pointee) - 0x30
            guard 0...9 ~= d else { throw fail("expected an integer") }
            let (m, o1) = v.multipliedReportingOverflow(by: 10)
            let (a, o2) = m.subtractingReportingOverflow(d)
            guard !o1, !o2 else { throw fail("integer out of range") }
            v = a
            i += 1
        }
        guard !negative else { return v }
        guard v != .min else { throw fail("integer out of range") }
        return -v
    }
    @inline(__always) mutating func literal(_ s: StaticString) throws(JSONError) {
        guard end - p >= s.utf8CodeUnitCount, memcmp(p, s.utf8Start, s.utf8CodeUnitCount) == 0 else { throw fail("unknown literal") }
        p += s.utf8CodeUnitCount
        guard p == end || !(p.pointee | 0x20 >= 0x61 && p.pointee | 0x20 <= 0x7a) else { throw fail("unknown literal") }
    }
    /// A finite number; `null` is 0.
    public mutating func double() throws(JSONError) -> Double {
        if try null() { return 0 }
        _ = try peek()
        guard let value = Double(try numberText()), value.isFinite else { throw fail("number out of range") }
        return value
    }
    mutating func number() throws(JSONError) {
        func digits(_ q: inout UnsafePointer<UInt8>) -> Bool {
            let s = q
            while q < end, q.pointee &- 0x30 < 10 { q += 1 }
            return q > s
        }
        var q = p
        if q < end, q.pointee == 0x2d { q += 1 }
        guard q < end else { throw fail("bad number") }
        if q.pointee == 0x30 { q += 1 } else { guard digits(&q) else { throw fail("unknown value") } }
        if q < end, q.pointee == 0x2e {
            q += 1
            guard digits(&q) else { throw fail("bad number") }
        }
        if q < end, q.pointee | 0x20 == 0x65 {
            q += 1
            if q < end, q.pointee == 0x2b || q.pointee == 0x2d { q += 1 }
            guard digits(&q) else { throw fail("bad number") }
        }
        p = q
    }
    mutating func numberText() throws(JSONError) -> String {
        let s = p
        try number()
        return String(decoding: UnsafeBufferPointer(start: s, count: p - s), as: UTF8.self)
    }
    @inline(__always) mutating func scalar(_ c: UInt8) throws(JSONError) {
        switch c {
        case 0x74: try literal("true")
        case 0x66: try literal("false")
        case 0x6e: try literal("null")
        default: try number()
        }
    }
}

internal import Glibc

extension JSONReader {
    /// The bytes between two quotes, not decoded yet.
    struct RawString {
        let bytes: UnsafeBufferPointer<UInt8>
        let escaped: Bool, ascii: Bool
    }

    /// `p` is at the opening quote. Eight bytes at a time: the lowest set bit of the mask is exact (borrows only travel upwards).
    @inline(__always) mutating func raw() throws(JSONError) -> RawString {
        p += 1
        let start = p
        var escaped = false
        var high: UInt64 = 0
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        while true {
            while end - p >= 8 {
                let x = UInt64(littleEndian: UnsafeRawPointer(p).loadUnaligned(as: UInt64.self))
                let q = x ^ (ones &* 0x22)
                let b = x ^ (ones &* 0x5c)
                let hit = ((q &- ones) & ~q | (b &- ones) & ~b | (x &- ones &* 0x20) & ~x) & tops
                if hit == 0 {
                    high |= x & tops
                    p += 8
                    continue
                }
                let n = hit.trailingZeroBitCount >> 3
                high |= x & tops & ((1 << UInt64(n << 3)) &- 1)
                p += n
                break
            }
            guard p < end else { throw fail("unterminated string") }
            let c = p.pointee
            if c == 0x22 {
                let n = p - start
                p += 1
                return RawString(bytes: UnsafeBufferPointer(start: start, count: n), escaped: escaped, ascii: high == 0)
            }
            if c == 0x5c {
                escaped = true
                guard end - p >= 2 else { throw fail("unterminated string") }
                p += 2
            } else if c < 0x20 {
                throw fail("control character in string")
            } else {
                high |= UInt64(c & 0x80)
                p += 1
            }
        }
    }
    @inline(__always) func decode(_ r: RawString) throws(JSONError) -> String {
        if r.escaped { return try Self.unescape(r.bytes, at: p - base) }
        var s = String(decoding: r.bytes, as: UTF8.self)
        if r.ascii { return s }
        // decoding repairs what is invalid, so equal bytes mean valid ones
        guard s.withUTF8({ $0.count == r.bytes.count && memcmp($0.baseAddress!, r.bytes.baseAddress!, r.bytes.count) == 0 }) else {
            throw fail("invalid UTF-8")
        }
        return s
    }
    @inline(never) static func unescape(_ b: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONError) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(b.count)
        var i = 0
        func hex4() throws(JSONError) -> UInt32 {
            guard i + 4 <= b.count else { throw JSONError(offset: offset, reason: "short \\u escape") }
            var v: UInt32 = 0
            for _ in 0..<4 {
                let c = b[i]
                i += 1
                switch c {
                case 0x30...0x39: v = v << 4 | UInt32(c - 0x30)
                case 0x41...0x46, 0x61...0x66: v = v << 4 | UInt32((c | 0x20) - 0x57)
                default: throw JSONError(offset: offset, reason: "bad \\u escape")
                }
            }
            return v
        }
        while i < b.count {
            let c = b[i]
            i += 1
            if c != 0x5c {
                out.append(c)
                continue
            }
            let e = b[i]
            i += 1  // raw() never ends a string on a lone backslash
            switch e {
            case 0x22, 0x5c, 0x2f: out.append(e)
            case 0x6e: out.append(10)
            case 0x74: out.append(9)
            case 0x72: out.append(13)
            case 0x62: out.append(8)
            case 0x66: out.append(12)
            case 0x75:
                var u = try hex4()
                if 0xd800 <= u, u < 0xdc00 {
                    guard i + 6 <= b.count, b[i] == 0x5c, b[i + 1] == 0x75 else { throw JSONError(offset: offset, reason: "lone surrogate") }
                    i += 2
                    let low = try hex4()
                    guard 0xdc00 <= low, low < 0xe000 else { throw JSONError(offset: offset, reason: "lone surrogate") }
                    u = 0x10000 + (u - 0xd800) << 10 + (low - 0xdc00)
                }
                guard let scalar = UnicodeScalar(u) else { throw JSONError(offset: offset, reason: "lone surrogate") }
                out.append(contentsOf: UTF8.encode(scalar)!)
            default: throw JSONError(offset: offset, reason: "unknown escape")
            }
        }
        guard let s = String(validating: out, as: UTF8.self) else { throw JSONError(offset: offset, reason: "invalid UTF-8") }
        return s
    }
}

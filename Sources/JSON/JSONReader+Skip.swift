extension JSONReader {
    /// Passes over any value. Its grammar is checked without recursion: one bit per open bracket, so at most `depthMax` levels.
    @inline(never) public mutating func skip() throws(JSONError) {
        var c = try peek()
        if c == 0x22 {
            _ = try raw()
            return
        }
        guard c == 0x7b || c == 0x5b else { return try scalar(c) }
        var stack: UInt128 = 0
        var depth = 0  // the bit of an object is 1
        value: while true {
            if c == 0x22 {
                _ = try raw()
            } else if c == 0x7b || c == 0x5b {
                guard depth < Self.depthMax else { throw fail("nested too deeply") }
                let object = c == 0x7b
                stack = stack << 1 | (object ? 1 : 0)
                depth += 1
                p += 1
                c = try peek()
                if c == (object ? 0x7d : 0x5d) {
                    p += 1
                    stack >>= 1
                    depth -= 1
                } else {
                    if object { c = try key(c) }
                    continue value
                }
            } else {
                try scalar(c)
            }
            while true {
                if depth == 0 { return }
                c = try peek()
                let object = stack & 1 == 1
                if c == 0x2c {
                    p += 1
                    c = try peek()
                    if object { c = try key(c) }
                    continue value
                }
                guard c == (object ? 0x7d : 0x5d) else { throw fail("expected , or a closing bracket") }
                p += 1
                stack >>= 1
                depth -= 1
            }
        }
    }
    @inline(__always) mutating func key(_ c: UInt8) throws(JSONError) -> UInt8 {
        guard c == 0x22 else { throw fail("expected a key") }
        _ = try raw()
        guard try peek() == 0x3a else { throw fail("expected :") }
        p += 1
        return try peek()
    }
}

internal import Glibc

/// Forward-only, validating reader of JSON over bytes that stay alive for its lifetime.
///
/// What nobody asks for is skipped: its grammar is checked, its strings are not decoded. It never traps, never loops, uses
/// constant stack in skipped values, and refuses whatever RFC 8259 refuses, except that skipped strings may hold invalid
/// UTF-8 or unknown escapes. Of two equal keys the last one wins, as in Go.
///
/// Bytes are written in hexadecimal here (`0x22` is the quote, `0x5c` the backslash, `0x7b` and `0x5b` open an object and an
/// array): this is the hot path of every watch, in debug builds too.
public struct JSONReader: ~Copyable {
    /// Arrays and objects inside each other; one more is an error. Also bounds the recursion of `value()`.
    public static let depthMax = 128

    var p: UnsafePointer<UInt8>
    let base: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    /// - Parameter bytes: must outlive the reader.
    public init(_ bytes: UnsafeRawBufferPointer) {
        // an empty buffer has no address; one that is never read will do
        base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(bitPattern: 8)!
        p = base
        end = base + bytes.count
    }

    /// Reads one whole document: what `body` reads, and nothing but white space after it.
    public static func read<Result>(
        _ bytes: [UInt8], _ body: (inout JSONReader) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        // through Swift.Result, because Swift 6.3.1 crashes on a closure with typed throws that returns Void here
        let result: Swift.Result<Result, JSONError> = bytes.withUnsafeBytes { buffer in
            var reader = JSONReader(buffer)
            do throws(JSONError) {
                let value = try body(&reader)
                try reader.finish()
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    @inline(__always) func fail(_ reason: StaticString) -> JSONError { JSONError(offset: p - base, reason: reason) }

    /// Skips white space and returns the next byte without consuming it.
    @inline(__always) mutating func peek() throws(JSONError) -> UInt8 {
        while p < end {
            let c = p.pointee
            if c > 0x20 { return c }
            guard c == 0x20 || c == 0x0a || c == 0x0d || c == 0x09 else { throw fail("control character") }
            p += 1
        }
        throw fail("unexpected end")
    }

    /// Throws unless nothing but white space follows.
    public mutating func finish() throws(JSONError) {
        while p < end, p.pointee == 0x20 || p.pointee == 0x0a || p.pointee == 0x0d || p.pointee == 0x09 { p += 1 }
        guard p == end else { throw fail("trailing content") }
    }
}

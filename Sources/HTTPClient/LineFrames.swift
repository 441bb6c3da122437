internal import Glibc

/// Cuts chunks at newlines: one event of a Kubernetes watch is one line. Pure; feed it chunks, take lines.
///
/// At `lineBytesMax` without a newline it refuses, so that a server which never ends its line cannot fill the memory.
public struct LineFrames: Sendable {
    public struct TooLong: Error, Hashable, CustomStringConvertible {
        public let bytesMax: Int
        public var description: String { "a line of the answer has more than \(bytesMax) bytes" }
    }
    private let lineBytesMax: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0

    public init(lineBytesMax: Int = 8 << 20) { self.lineBytesMax = lineBytesMax }

    public mutating func append(_ chunk: [UInt8]) {
        if start > 0 {
            buffer.removeSubrange(0..<start)
            scanned -= start
            start = 0
        }
        buffer += chunk
    }

    /// The next whole line without its newline; nil: more bytes are needed. Empty lines are skipped.
    public mutating func next() throws(TooLong) -> [UInt8]? {
        while true {
            let from = scanned
            let found: Int? = buffer.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress, bytes.count > from, let hit = memchr(base + from, 0x0a, bytes.count - from) else { return nil }
                return UnsafeRawPointer(hit) - base
            }
            guard let newline = found else {
                scanned = buffer.count
                guard buffer.count - start <= lineBytesMax else { throw TooLong(bytesMax: lineBytesMax) }
                return nil
            }
            let line = Array(buffer[start..<newline])
            start = newline + 1
            scanned = start
            guard line.count <= lineBytesMax else { throw TooLong(bytesMax: lineBytesMax) }
            if !line.isEmpty { return line }
        }
    }

    /// Bytes that no newline has ended: what a connection lost in the middle of an event leaves.
    public var rest: Int { buffer.count - start }
}

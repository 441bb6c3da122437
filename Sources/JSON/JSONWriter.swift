/// Writes compact JSON straight into bytes. Keys come out in the order written; commas are its business, the grammar around
/// them is the caller's: one `key` and one value in turn inside an object, values inside an array.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }
    private mutating func separate() {
        if needsComma { bytes.append(0x2c) }
        needsComma = true
    }
    /// `body` writes the members.
    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(0x7b)
        needsComma = false
        body(&self)
        bytes.append(0x7d)
        needsComma = true
    }
    /// `body` writes the elements.
    public mutating func array(_ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(0x5b)
        needsComma = false
        body(&self)
        bytes.append(0x5d)
        needsComma = true
    }
    /// The name of the member whose value is written next.
    public mutating func key(_ k: some StringProtocol) {
        separate()
        quote(k)
        bytes.append(0x3a)
        needsComma = false
    }
    public mutating func string(_ s: some StringProtocol) {
        separate()
        quote(s)
    }
    public mutating func int(_ i: some BinaryInteger) {
        separate()
        bytes.append(contentsOf: String(i).utf8)
    }
    public mutating func bool(_ b: Bool) {
        separate()
        bytes.append(contentsOf: (b ? "true" : "false").utf8)
    }
    /// - Precondition: finite; JSON has no other numbers.
    public mutating func double(_ d: Double) {
        precondition(d.isFinite, "JSON has no \(d)")
        separate()
        bytes.append(contentsOf: d.description.utf8)
    }
    /// Explicit, because a merge patch deletes with it.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }
    /// Escapes what JSON demands and nothing else.
    private mutating func quote(_ s: some StringProtocol) {
        bytes.append(0x22)
        for c in s.utf8 {
            switch c {
            case 0x22, 0x5c:
                bytes.append(0x5c)
                bytes.append(c)
            case 0x0a: bytes.append(contentsOf: "\\n".utf8)
            case 0x0d: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case ..<0x20:
                let hex: StaticString = "0123456789abcdef"
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(hex.utf8Start[Int(c >> 4)])
                bytes.append(hex.utf8Start[Int(c & 15)])
            default: bytes.append(c)
            }
        }
        bytes.append(0x22)
    }
}
// Members of the object around them, by name.
extension JSONWriter {
    public mutating func field(_ k: String, _ v: String) {
        key(k)
        string(v)
    }
    public mutating func field(_ k: String, _ v: some BinaryInteger) {
        key(k)
        int(v)
    }
    public mutating func field(_ k: String, _ v: Bool) {
        key(k)
        bool(v)
    }
    public mutating func field(_ k: String, _ body: (inout JSONWriter) -> Void) {
        key(k)
        object(body)
    }
    public mutating func list(_ k: String, _ body: (inout JSONWriter) -> Void) {
        key(k)
        array(body)
    }
}

/// Builds one line in either format. JSON's escapes are used in both, so that no value can forge a line.
struct LogLine {
    private let json: Bool
    private let textBytesMax: Int
    private(set) var bytes: [UInt8] = []

    init(format: Log.Format, textBytesMax: Int) {
        json = format == .json
        self.textBytesMax = textBytesMax
        bytes.reserveCapacity(256)
    }

    mutating func begin(time: String, level: Log.Level, message: StaticString) {
        append(json ? "{\"time\":\"" : "")
        bytes.append(contentsOf: time.utf8)
        append(json ? "\",\"level\":\"" : " ")
        bytes.append(contentsOf: (json ? level.rawValue : level.rawValue.uppercased()).utf8)
        append(json ? "\",\"msg\":\"" : " ")
        append(message)
        if json { append("\"") }
    }
    mutating func append(_ field: Field) {
        append(json ? ",\"" : " ")
        append(field.key)
        append(json ? "\":" : "=")
        switch field.content {
        case .text(let text): quote(text)
        case .number(let number): bytes.append(contentsOf: String(number).utf8)
        case .decimal(let decimal): bytes.append(contentsOf: (decimal.isFinite || !json ? String(decimal) : "null").utf8)
        case .flag(let flag): append(flag ? "true" : "false")
        }
    }
    mutating func end() { append(json ? "}\n" : "\n") }

    private mutating func append(_ constant: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: constant.utf8Start, count: constant.utf8CodeUnitCount))
    }
    /// In text format, quotes only where the value would not end at the next space.
    private mutating func quote(_ text: String) {
        let plain = !json && !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3d && $0 != 0x5c && $0 != 0x7f }
        let cut = text.utf8.count > textBytesMax
        if !plain { append("\"") }
        // decoding again repairs a character that was cut through
        for byte in cut ? String(decoding: text.utf8.prefix(textBytesMax), as: UTF8.self).utf8 : text.utf8 { escape(byte) }
        if cut { append("…") }
        if !plain { append("\"") }
    }
    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            append("\\")
            bytes.append(byte)
        case UInt8(ascii: "\n"): append("\\n")
        case UInt8(ascii: "\r"): append("\\r")
        case UInt8(ascii: "\t"): append("\\t")
        case ..<0x20, 0x7f:
            append("\\u00")
            bytes.append(contentsOf: String(0x100 + Int(byte), radix: 16).utf8.dropFirst())
        default: bytes.append(byte)
        }
    }
}

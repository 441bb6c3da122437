/// What a plain scalar means. `legacyBool` (yes, no, on, off, y, n) and `timestamp` are strings to us, but other tools read them
/// as something else, so they are quoted when written.
enum Scalar: Equatable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    case legacyBool, timestamp, string

    init(_ s: String) {
        if let word = Scalar(word: s) { self = word } else { self = Scalar(number: s) ?? .string }
    }

    private init?(word s: String) {
        switch s {
        case "", "~", "null", "Null", "NULL":
            self = .null
        case "true", "True", "TRUE":
            self = .bool(true)
        case "false", "False", "FALSE":
            self = .bool(false)
        case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF":
            self = .legacyBool
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
            self = .double(.infinity)
        case "-.inf", "-.Inf", "-.INF":
            self = .double(-.infinity)
        case ".nan", ".NaN", ".NAN":
            self = .double(.nan)
        default: return nil
        }
    }

    private init?(number s: String) {
        guard let first = s.utf8.first, first &- 0x30 < 10 || first == 0x2d || first == 0x2b || first == 0x2e else {
            return nil
        }
        var digits = s[...]
        var sign = ""
        if digits.hasPrefix("-") || digits.hasPrefix("+") { sign = digits.removeFirst() == "-" ? "-" : "" }
        func int(_ prefix: String, _ radix: Int) -> Int? { digits.hasPrefix(prefix) ? Int(sign + digits.dropFirst(prefix.count), radix: radix) : nil }
        if let i = int("0x", 16) ?? int("0o", 8) ?? int("0b", 2) {
            self = .int(i)
            // 0644 is octal
        } else if digits.count > 1, digits.hasPrefix("0"), digits.utf8.allSatisfy({ 0x30...0x37 ~= $0 }), let i = int("0", 8) {
            self = .int(i)
        } else if digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let i = Int(sign + digits) {
            self = .int(i)
        } else if digits.utf8.first.map({ $0 &- 0x30 < 10 || $0 == 0x2e }) == true,
            digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 || [0x2e, 0x65, 0x45, 0x2b, 0x2d].contains($0) }), digits.utf8.contains(where: { $0 &- 0x30 < 10 }),
            let d = Double(sign + digits.replacing("_", with: ""))
        {
            self = .double(d)
        } else if digits.utf8.count >= 10, Scalar.startsWithDate(s) {
            self = .timestamp
        } else {
            return nil
        }
    }

    /// 1:20 is eighty to YAML 1.1.
    static func isBase60(_ s: String) -> Bool {
        s.first?.isNumber == true && s.contains(":") && s.utf8.allSatisfy { 0x30...0x3a ~= $0 || $0 == 0x2e || $0 == 0x5f }
    }

    /// 2026-11-01, alone or followed by a time
    static func startsWithDate(_ s: String) -> Bool {
        let b = Array(s.utf8.prefix(11))
        let shape = b.prefix(10).map { $0 &- 0x30 < 10 ? UInt8(ascii: "0") : $0 }
        return shape.elementsEqual("0000-00-00".utf8) && (b.count == 10 || [0x54, 0x74, 0x20, 0x09].contains(b[10]))
    }
}

/// The parts of a request's target, decoded. No IO here.
extension HTTPRequest {
    /// The target up to the query, as sent.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The path's parts between slashes, each percent-decoded, empty ones left out. nil if one does not decode to UTF-8.
    ///
    /// Split before decoding, so that an encoded slash never makes a part more.
    public var pathComponents: [String]? {
        var parts: [String] = []
        for part in path.split(separator: "/") {
            guard let decoded = Self.percentDecoded(part, plusIsSpace: false) else { return nil }
            parts.append(decoded)
        }
        return parts
    }

    /// The query's pairs in order, decoded as HTML forms are: `+` is a space. One without `=` has an empty value; one that
    /// does not decode to UTF-8 is left out.
    public var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").compactMap { pair in
            let cut = pair.firstIndex(of: "=") ?? pair.endIndex
            guard let name = Self.percentDecoded(pair[..<cut], plusIsSpace: true),
                let value = Self.percentDecoded(pair[cut...].dropFirst(), plusIsSpace: true)
            else { return nil }
            return (name, value)
        }
    }

    /// The first value of that name in the query.
    public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    private static func percentDecoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        var out: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: out.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = String(rest.prefix(2)) ?? ""
                guard digits.utf8.count == 2, digits.first?.isHexDigit == true, let value = UInt8(digits, radix: 16) else { return nil }
                out.append(value)
                rest = rest.dropFirst(2)
            default: out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }
}

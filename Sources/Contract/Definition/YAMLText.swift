internal import JSON

/// Writes a JSON value as a YAML document in block style, for people to read. Strings are quoted unless they are plain words.
enum YAMLText {
    static func document(_ value: JSONValue) -> String {
        var lines: [String] = []
        append(value, after: "", indent: 0, to: &lines)
        return lines.map { $0 + "\n" }.joined()
    }

    /// - Parameter head: what stands before the value on its first line: a key with its colon, or a dash.
    private static func append(_ value: JSONValue, after head: String, indent: Int, to lines: inout [String]) {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let object) where !object.isEmpty:
            let isItem = head == "-"
            if !head.isEmpty, !isItem { lines.append(margin + head) }
            let inner = head.isEmpty ? indent : indent + 2
            let first = lines.count
            for (key, member) in object { append(member, after: scalar(key) + ":", indent: inner, to: &lines) }
            // the first member of a list's item stands behind the dash
            if isItem { lines[first] = margin + "- " + lines[first].dropFirst(inner) }
        case .array(let elements) where !elements.isEmpty:
            if !head.isEmpty { lines.append(margin + head) }
            let inner = head.isEmpty ? indent : indent + 2
            for element in elements { append(element, after: "-", indent: inner, to: &lines) }
        case .string(let text): lines.append(margin + joined(head, scalar(text)))
        case .null, .bool, .int, .double, .object, .array: lines.append(margin + joined(head, value.text()))
        }
    }

    private static func joined(_ head: String, _ text: String) -> String { head.isEmpty ? text : "\(head) \(text)" }

    /// Words that YAML 1.1 reads as something else than a string.
    private static let reserved: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"]

    private static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && !reserved.contains(text.lowercased())
            && text.utf8.allSatisfy { 0x61...0x7a ~= $0 | 0x20 || 0x30...0x39 ~= $0 || "-_./ ".utf8.contains($0) }
            && text.first?.isLetter == true && text.last != " "
        // JSON's strings are YAML's double-quoted ones
        return isPlain ? text : JSONValue.string(text).text()
    }
}

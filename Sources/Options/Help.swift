extension Command {
    var usage: String {
        let words = positional.map { p in " " + (p.count.lowerBound == 0 ? "[\(p.name)]" : p.name) + (p.count.upperBound > 1 ? "..." : "") } ?? ""
        return children.isEmpty ? (rows.isEmpty ? "" : " [options]") + words : " COMMAND"
    }

    /// - Parameter path: the command's own name and those before it.
    public func help(_ path: [String]) -> String {
        var s = "\(summary)\n\nUsage:\n  \(path.joined(separator: " "))\(usage)\n"
        if !discussion.isEmpty { s = s.replacing("\n\nUsage", with: "\n\n\(discussion)\n\nUsage") }
        func table(_ title: String, _ lines: [(String, String)]) {
            guard !lines.isEmpty else { return }
            let width = min(34, lines.map(\.0.count).max()!)
            s += "\n\(title):\n"
            for (l, r) in lines {
                s += "  " + l + (l.count > width ? "\n  " + String(repeating: " ", count: width) : String(repeating: " ", count: width - l.count)) + "   \(r)\n"
            }
        }
        table("Commands", children.map { ($0.name, $0.summary) })
        if let p = positional { table("Arguments", [(p.name, p.help)]) }
        table(
            "Options",
            rows.map { r in
                let left = (r.short.map { "-\($0), " } ?? "    ") + "--\(r.name)" + (r.isFlag ? "" : " \(r.placeholder)")
                let notes = [r.required ? "required" : nil, r.defaultText.isEmpty ? nil : "default \(r.defaultText)", r.environment.map { "$\($0)" }].compactMap
                { $0 }
                return (left, r.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"))
            })
        return s
    }

    /// The whole tree as Markdown, for docs/; a test compares it with the committed file.
    public func reference(_ path: [String] = []) -> String {
        let path = path + [name]
        var s = "\(String(repeating: "#", count: min(6, path.count + 1))) `\(path.joined(separator: " "))`\n\n\(summary)\n\n"
        if !discussion.isEmpty { s += discussion + "\n\n" }
        s += "```\n\(path.joined(separator: " "))\(usage)\n```\n\n"
        if !rows.isEmpty {
            s += "| option | default | environment | |\n| --- | --- | --- | --- |\n"
            for r in rows { s += Self.line(r) }
            s += "\n"
        }
        return s + children.map { $0.reference(path) }.joined()
    }

    private static func line(_ r: OptionRow) -> String {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        let option = (r.short.map { "-\($0), " } ?? "") + "--\(r.name)" + (r.isFlag ? "" : " " + cell(r.placeholder))
        let usual = r.required ? "required" : r.defaultText.isEmpty ? "" : "`\(cell(r.defaultText))`"
        return "| `\(option)` | \(usual) | \(r.environment.map { "`\($0)`" } ?? "") | \(cell(r.help)) |\n"
    }
}

/// Just enough of Swift's lexical rules to tell code from text.
enum Code {
    /// The same lines with comments, string literals and names in backquotes blanked out, so that words in them are nobody's code.
    static func bare(_ text: String) -> String {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.code(untilParenthesis: false)
        return String(decoding: scanner.bytes, as: UTF8.self)
    }

    struct Function: Equatable {
        let line: Int
        /// From its first line to the one of its closing brace.
        let lines: Int
    }
    /// Functions and initialisers that have a body. A simple counter of braces: the code must be bare.
    static func functions(_ bare: String) -> [Function] {
        let lines = bare.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.utf8) }
        var found: [Function] = []
        for (number, line) in lines.enumerated() where startsFunction(String(decoding: line, as: UTF8.self)) {
            var braces = 0
            var parentheses = 0
            scan: for (offset, line) in lines[number...].enumerated() {
                for byte in line {
                    switch byte {
                    case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                    case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                    case UInt8(ascii: "{") where parentheses == 0 || braces > 0: braces += 1
                    case UInt8(ascii: "}") where parentheses == 0 || braces > 0:
                        braces -= 1
                        guard braces <= 0 else { break }
                        if braces == 0 { found.append(Function(line: number + 1, lines: offset + 1)) }
                        break scan
                    default: break
                    }
                }
                // a requirement of a protocol ends with its line
                if braces == 0, parentheses == 0, !continues(lines.dropFirst(number + offset + 1).first) { break scan }
            }
        }
        return found
    }
    private static func startsFunction(_ line: String) -> Bool {
        let words = line.prefix { $0 != "(" && $0 != "{" && $0 != "=" && $0 != "." }.split { !($0.isLetter || $0 == "_") }
        return words.contains("func") || (words.last == "init" || words.last == "deinit" || words.last == "subscript")
    }
    private static func continues(_ line: [UInt8]?) -> Bool {
        let text = String(decoding: line ?? [], as: UTF8.self).drop { $0 == " " }
        return ["{", "where", "->", "async", "throws", ")"].contains { text.hasPrefix($0) }
    }

    private struct Scanner {
        var bytes: [UInt8]
        private var at = 0
        init(bytes: [UInt8]) { self.bytes = bytes }

        private func has(_ word: StaticString) -> Bool {
            at + word.utf8CodeUnitCount <= bytes.count && (0..<word.utf8CodeUnitCount).allSatisfy { bytes[at + $0] == word.utf8Start[$0] }
        }
        /// Steps over bytes and erases them; line ends stay.
        private mutating func blank(_ count: Int = 1) {
            for _ in 0..<count where at < bytes.count {
                if bytes[at] != UInt8(ascii: "\n") { bytes[at] = UInt8(ascii: " ") }
                at += 1
            }
        }
        /// Code up to the end, or up to the parenthesis that ends an interpolation.
        mutating func code(untilParenthesis: Bool) {
            var depth = 0
            while at < bytes.count {
                if has("//") {
                    while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { blank() }
                } else if has("/*") {
                    comment()
                } else if has("\"") || has("#\"") || has("##\"") {
                    string()
                } else if has("`") {
                    blank()
                    while at < bytes.count, !has("`"), !has("\n") { blank() }
                    blank()
                } else {
                    if has("(") { depth += 1 }
                    if has(")") {
                        if depth == 0, untilParenthesis { return }
                        depth -= 1
                    }
                    at += 1
                }
            }
        }
        private mutating func comment() {
            var depth = 0
            repeat {
                if has("/*") {
                    depth += 1
                    blank(2)
                } else if has("*/") {
                    depth -= 1
                    blank(2)
                } else {
                    blank()
                }
            } while depth > 0 && at < bytes.count
        }
        private mutating func string() {
            var hashes = 0
            while has("#") {
                hashes += 1
                blank()
            }
            let quotes = has("\"\"\"") ? 3 : 1
            blank(quotes)
            while at < bytes.count {
                if closes(quotes, hashes) { return blank(quotes + hashes) }
                if has("\\"), follows(hashes) {
                    blank(1 + hashes)
                    if has("(") {
                        blank()
                        let start = at
                        code(untilParenthesis: true)
                        // what is computed inside a text is left out too: it is checked nowhere, but it confuses nothing
                        let end = at
                        at = start
                        blank(end - start + 1)
                    } else {
                        blank()
                    }
                } else if quotes == 1, has("\n") {
                    return  // not Swift; the compiler says so
                } else {
                    blank()
                }
            }
        }
        private func follows(_ hashes: Int) -> Bool { (0..<hashes).allSatisfy { at + 1 + $0 < bytes.count && bytes[at + 1 + $0] == UInt8(ascii: "#") } }
        private func closes(_ quotes: Int, _ hashes: Int) -> Bool {
            guard at + quotes + hashes <= bytes.count else { return false }
            return (0..<quotes).allSatisfy { bytes[at + $0] == UInt8(ascii: "\"") }
                && (0..<hashes).allSatisfy { bytes[at + quotes + $0] == UInt8(ascii: "#") }
        }
    }
}

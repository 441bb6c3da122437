internal import JSON

/// A conversation with an API server and what it must answer, read from a transcript. The same cases run against the model
/// and, over HTTP, against the sandbox and real servers; that is what keeps the model honest.
public struct ConformanceCase: Sendable, CustomStringConvertible {
    /// One request and its answer.
    struct Step: Sendable {
        var method: String
        var target: String
        var body: String?
        var contentType: String
        var code = 0
        /// Of a refusal; empty where the server gives none.
        var reason = ""
        var fields = JSONObject()
        var captures: [(name: String, path: String)] = []
    }
    public internal(set) var title: String
    var steps: [Step] = []
    public var description: String { title }
}

/// The transcript cannot be read.
public struct TranscriptError: Error, CustomStringConvertible {
    public var line: Int
    public var message: String
    public var description: String { "line \(line): \(message)" }
}

extension ConformanceCase {
    /// Reads a transcript; its first lines say how one is written.
    public static func read(transcript: String) throws(TranscriptError) -> [ConformanceCase] {
        var cases: [ConformanceCase] = []
        var texts: [(name: String, text: String)] = []
        for (number, raw) in transcript.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            func fail(_ message: String) -> TranscriptError { TranscriptError(line: number + 1, message: message) }
            if raw.isEmpty || raw.hasPrefix(";") { continue }
            if raw.hasPrefix(":") {
                let parts = raw.dropFirst().split(separator: " ", maxSplits: 2).map(String.init)
                guard parts.count == 3, parts[1] == "=" else { throw fail("write :name = text") }
                texts.append((parts[0], parts[2]))
                texts.sort { $0.name.utf8.count > $1.name.utf8.count }  // $fooDefinition before $foo
                continue
            }
            if raw.hasPrefix("# ") {
                cases.append(ConformanceCase(title: String(raw.dropFirst(2))))
                continue
            }
            guard !cases.isEmpty else { throw fail("a case begins with # and its title") }
            var line = String(raw)
            for (name, text) in texts { line = line.replacing("$\(name)", with: text) }
            if line.hasPrefix("-> ") {
                guard let last = cases[cases.count - 1].steps.indices.last, cases[cases.count - 1].steps[last].code == 0 else {
                    throw fail("an answer without request")
                }
                do {
                    try cases[cases.count - 1].steps[last].readAnswer(line.dropFirst(3))
                } catch {
                    throw fail("\(error)")
                }
            } else {
                guard let step = Step(request: line) else { throw fail("write VERB path body") }
                cases[cases.count - 1].steps.append(step)
            }
        }
        return cases
    }
}

extension ConformanceCase.Step {
    init?(request: String) {
        guard let space = request.firstIndex(of: " ") else { return nil }
        var rest = request[request.index(after: space)...]
        for opening in [" {", " ["] {
            if let at = rest.firstRange(of: opening) {
                body = String(rest[rest.index(after: at.lowerBound)...])
                rest = rest[..<at.lowerBound]
                break
            }
        }
        target = String(rest)
        switch request[..<space] {
        case "MERGE": (method, contentType) = ("PATCH", "application/merge-patch+json")
        case "STRATEGIC": (method, contentType) = ("PATCH", "application/strategic-merge-patch+json")
        case "JSONPATCH": (method, contentType) = ("PATCH", "application/json-patch+json")
        default: (method, contentType) = (String(request[..<space]), "application/json")
        }
    }
    fileprivate mutating func readAnswer(_ text: Substring) throws(JSONError) {
        let sides = text.split(separator: " | ", maxSplits: 1)
        let head = sides[0].prefix { $0 != "{" }
        let words = head.split(separator: " ")
        code = words.first.flatMap { Int($0) } ?? 0
        reason = words.count > 1 ? String(words[1]) : ""
        if head.endIndex < sides[0].endIndex { fields = try JSONValue(parsing: String(sides[0][head.endIndex...])).object ?? [:] }
        for pair in sides.count > 1 ? sides[1].split(separator: " ") : [] {
            let names = pair.split(separator: "=", maxSplits: 1).map(String.init)
            if names.count == 2 { captures.append((names[0], names[1])) }
        }
    }
}

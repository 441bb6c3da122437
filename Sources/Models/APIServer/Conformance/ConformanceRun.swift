public import JSON

/// Goes through one case; whoever drives it sends the requests.
public struct ConformanceRun: Sendable {
    private let steps: [ConformanceCase.Step]
    private var variables: [String: String]
    private var position = 0

    /// - Parameters:
    ///   - namespace: exists, and belongs to this run.
    ///   - group: for the kind that cases define. One of its own for each run of all cases: a server may take a while until it
    ///     serves a deleted and newly defined kind again.
    public init(_ test: ConformanceCase, namespace: String, group: String) {
        steps = test.steps
        variables = ["ns": namespace, "group": group]
    }

    /// The next request, its query decoded; nil at the end.
    public func next() throws(JSONError) -> APIRequest? {
        guard position < steps.count else { return nil }
        let step = steps[position]
        let parts = filled(step.target).split(separator: "?", maxSplits: 1).map(String.init)
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            query[sides[0]] = sides.count > 1 ? sides[1] : ""
        }
        var body: JSONValue?
        if let text = step.body { body = try JSONValue(parsing: filled(text)) }
        return APIRequest(step.method, parts[0], query: query, contentType: step.contentType, body: body)
    }

    /// Takes the answer to `next()` and moves on.
    ///
    /// - Returns: what is wrong with it, one sentence each.
    public mutating func answer(_ code: Int, _ body: JSONValue) -> [String] {
        let step = steps[position]
        position += 1
        let place = "step \(position), \(step.method) \(filled(step.target)) \(step.body ?? "")"
        var problems: [String] = []
        if code != step.code { problems.append("\(place): status \(code), expected \(step.code): \(body)") }
        let reason = body["status"].string == "Failure" ? body["reason"].string ?? "" : ""
        if reason != step.reason { problems.append("\(place): reason \(reason), expected \(step.reason)") }
        for (path, expected) in step.fields {
            let wanted = expected.string.map { JSONValue.string(filled($0)) } ?? expected
            let found = body.at(jsonPath: path)
            if found != wanted { problems.append("\(place): \(path) is \(found), expected \(wanted)") }
        }
        for (name, path) in step.captures { variables[name] = body.at(jsonPath: path).string ?? "" }
        return problems
    }

    private func filled(_ text: String) -> String {
        var text = text
        for (name, value) in variables { text = text.replacing("{\(name)}", with: value) }
        return text
    }
}

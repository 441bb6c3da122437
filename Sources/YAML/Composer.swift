internal import CYaml
internal import JSON

/// Builds values from libyaml's events.
struct Composer {
    /// A value, what it costs of the budget when an alias repeats it, and where it began.
    struct Node {
        var value: JSONValue
        var weight: Int
        var isPlain: Bool
        var mark: yaml_mark_t
    }
    private enum Seen {
        case scalar(String, isPlain: Bool)
        case list
        case map
        case alias(String)
        case end
    }

    /// Of a text, counted as one node when an alias repeats it.
    private static let bytesPerNode = 64

    private let limits: YAMLLimits
    private let bytes: [UInt8]
    private var anchors: [String: (value: JSONValue, weight: Int)] = [:]
    private var budget: Int

    init(limits: YAMLLimits, bytes: [UInt8]) {
        (self.limits, self.bytes) = (limits, bytes)
        budget = limits.nodesMax
    }

    mutating func documents(_ parser: inout yaml_parser_t) throws(YAMLError) -> [JSONValue] {
        var all: [JSONValue] = []
        while true {
            let type = try next(&parser) { event in event.type }
            if type == YAML_STREAM_END_EVENT { return all }
            guard type == YAML_DOCUMENT_START_EVENT else { continue }
            anchors = [:]
            if let node = try node(&parser, depth: 0) { all.append(node.value) }
        }
    }

    /// nil at the end of the collection around it.
    private mutating func node(_ parser: inout yaml_parser_t, depth: Int) throws(YAMLError) -> Node? {
        let (seen, anchor, mark) = try next(&parser, Self.seen)
        if case .end = seen { return nil }
        guard depth < limits.depthMax else { throw fail(mark, "nested more than \(limits.depthMax) deep") }
        var node = Node(value: .null, weight: 1, isPlain: false, mark: mark)
        var cost = 1  // children have paid for themselves
        switch seen {
        case .end: return nil
        case .alias(let name):
            guard let known = anchors[name] else { throw fail(mark, "unknown alias *\(name)") }
            (node.value, node.weight) = known
            cost = known.weight
        case .scalar(let text, let isPlain):
            node.isPlain = isPlain
            // a long text is cheap where it is written and dear where it is repeated
            node.weight += text.utf8.count / Self.bytesPerNode
            node.value = isPlain ? try resolve(text, mark) : .string(text)
        case .list: try fillList(&node, &parser, depth)
        case .map: try fillMap(&node, &parser, depth)
        }
        budget -= cost
        guard budget >= 0 else { throw fail(mark, "more than \(limits.nodesMax) nodes after expanding aliases") }
        if let anchor { anchors[anchor] = (node.value, node.weight) }
        return node
    }

    private mutating func fillList(_ node: inout Node, _ parser: inout yaml_parser_t, _ depth: Int) throws(YAMLError) {
        var elements: [JSONValue] = []
        while let element = try self.node(&parser, depth: depth + 1) {
            elements.append(element.value)
            node.weight += element.weight
        }
        node.value = .array(elements)
    }

    private mutating func fillMap(_ node: inout Node, _ parser: inout yaml_parser_t, _ depth: Int) throws(YAMLError) {
        var object = JSONObject()
        var merged: [JSONObject] = []
        while let key = try self.node(&parser, depth: depth + 1) {
            guard let member = try self.node(&parser, depth: depth + 1) else { break }
            node.weight += member.weight + 1
            if key.isPlain, key.value == .string("<<") {
                for source in member.value.array ?? [member.value] {
                    guard let source = source.object else { throw fail(key.mark, "<< needs a map") }
                    merged.append(source)
                }
                continue
            }
            let name = try self.key(key)
            guard object[name] == nil else { throw fail(key.mark, "duplicate key \"\(name)\"") }
            object[name] = member.value
        }
        for source in merged { for (name, value) in source where object[name] == nil { object[name] = value } }
        node.value = .object(object)
    }

    private func key(_ node: Node) throws(YAMLError) -> String {
        switch node.value {
        case .string(let text): return text
        case .int(let number): return String(number)
        case .bool(let flag): return String(flag)
        case .null, .double, .array, .object: throw fail(node.mark, "a key must be a string")
        }
    }

    private func resolve(_ text: String, _ mark: yaml_mark_t) throws(YAMLError) -> JSONValue {
        switch Scalar(text) {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .int(let number): return .int(number)
        case .double(let number):
            guard number.isFinite else { throw fail(mark, "\(text) has no JSON value") }
            return .double(number)
        case .legacyBool, .timestamp, .string: return .string(text)
        }
    }

    // MARK: libyaml's events

    /// One event, freed when `body` returns.
    private func next<Result>(_ parser: inout yaml_parser_t, _ body: (yaml_event_t) -> Result) throws(YAMLError) -> Result {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { throw problem(parser) }
        defer { yaml_event_delete(&event) }
        return body(event)
    }

    private static func seen(_ event: yaml_event_t) -> (Seen, anchor: String?, yaml_mark_t) {
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            return (.scalar(String(decoding: bytes, as: UTF8.self), isPlain: isPlain), text(scalar.anchor), event.start_mark)
        case YAML_SEQUENCE_START_EVENT: return (.list, text(event.data.sequence_start.anchor), event.start_mark)
        case YAML_MAPPING_START_EVENT: return (.map, text(event.data.mapping_start.anchor), event.start_mark)
        case YAML_ALIAS_EVENT: return (.alias(text(event.data.alias.anchor) ?? ""), nil, event.start_mark)
        default: return (.end, nil, event.start_mark)
        }
    }
    private static func text(_ pointer: UnsafePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }

    private func fail(_ mark: yaml_mark_t, _ reason: String) -> YAMLError {
        YAMLError(line: Int(mark.line) + 1, column: Int(mark.column) + 1, reason: reason)
    }
    private func problem(_ parser: yaml_parser_t) -> YAMLError {
        let reason = parser.problem.map { String(cString: $0) } ?? "unreadable"
        guard parser.error != YAML_READER_ERROR else {  // sets no mark, only a byte offset
            let before = bytes.prefix(parser.problem_offset)
            let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            return YAMLError(line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: before.count - lineStart + 1, reason: reason)
        }
        let context = parser.context.map { " (" + String(cString: $0) + ")" } ?? ""
        return fail(parser.problem_mark, reason + context)
    }
}

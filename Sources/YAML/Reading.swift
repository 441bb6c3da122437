internal import CYaml
public import JSON

/// YAML over libyaml (grammar of YAML 1.1; scalars resolve by the JSON-like core schema that Kubernetes' tools agree on).
/// Refused: duplicate keys, keys that are not scalars, numbers that JSON does not have, and what exceeds `YAMLLimits`.
extension JSONValue {
    /// Every document of a stream.
    public static func documents(yaml text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> [JSONValue] {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
            var parser = yaml_parser_t()
            guard yaml_parser_initialize(&parser) == 1 else { throw YAMLError(line: 1, column: 1, reason: "out of memory") }
            defer { yaml_parser_delete(&parser) }
            // borrowed until the parser is deleted; an empty buffer has no address
            yaml_parser_set_input_string(&parser, buffer.baseAddress ?? UnsafePointer(bitPattern: 8)!, buffer.count)
            var composer = Composer(limits: limits, bytes: bytes)
            return try composer.documents(&parser)
        }
    }

    /// Exactly one document; an empty text is null.
    public init(yaml text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
        let all = try Self.documents(yaml: text, limits: limits)
        guard all.count <= 1 else { throw YAMLError(line: 1, column: 1, reason: "expected one document, found \(all.count)") }
        self = all.first ?? .null
    }
}

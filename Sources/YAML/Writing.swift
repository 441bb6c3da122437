internal import CYaml
public import JSON

extension JSONValue {
    /// As `kubectl -o yaml` prints it: keys sorted, lists not indented, folded at 80 columns, quotes only where another reader
    /// would take the plain text for something else. libyaml's emitter is the one that Go's was ported from.
    public func yaml(sortedKeys: Bool = true) -> String {
        let emitter = Emitter(sortedKeys: sortedKeys)
        emitter.document(self)
        return String(decoding: emitter.bytes, as: UTF8.self)
    }
}

/// Owns one libyaml emitter and what it wrote.
private final class Emitter {
    private let emitter: UnsafeMutablePointer<yaml_emitter_t>  // does not move, as libyaml demands
    private let sortedKeys: Bool
    private(set) var bytes: [UInt8] = []

    init(sortedKeys: Bool) {
        self.sortedKeys = sortedKeys
        emitter = .allocate(capacity: 1)
        let code = yaml_emitter_initialize(emitter)
        precondition(code == 1, "out of memory")
        yaml_emitter_set_unicode(emitter, 1)
        yaml_emitter_set_output(
            emitter,
            { context, start, count in
                // unretained: the emitter lives no longer than its owner
                Unmanaged<Emitter>.fromOpaque(context!).takeUnretainedValue().bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
                return 1
            }, Unmanaged.passUnretained(self).toOpaque())
    }
    deinit {
        yaml_emitter_delete(emitter)
        emitter.deallocate()
    }

    func document(_ value: JSONValue) {
        send { yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
        send { yaml_document_start_event_initialize($0, nil, nil, nil, 1) }
        emit(value)
        send { yaml_document_end_event_initialize($0, 1) }
        send { yaml_stream_end_event_initialize($0) }
        yaml_emitter_flush(emitter)
    }

    private func emit(_ value: JSONValue) {
        switch value {
        case .null, .bool, .int, .double: scalar(value.text(), YAML_PLAIN_SCALAR_STYLE)
        case .string(let text): string(text)
        case .array(let elements):
            send { yaml_sequence_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_SEQUENCE_STYLE) }
            for element in elements { emit(element) }
            send { yaml_sequence_end_event_initialize($0) }
        case .object(let object):
            send { yaml_mapping_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_MAPPING_STYLE) }
            for (key, member) in sortedKeys ? object.sorted(by: { $0.key < $1.key }) : Array(object) {
                string(key)
                emit(member)
            }
            send { yaml_mapping_end_event_initialize($0) }
        }
    }

    private func string(_ text: String) {
        if text.contains("\n") { return scalar(text, YAML_LITERAL_SCALAR_STYLE) }
        let isPlain = Scalar(text) == .string && Scalar(text.replacing("_", with: "")) == .string && text != "<<" && !Scalar.isBase60(text)
        scalar(text, isPlain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE)
    }
    private func scalar(_ text: String, _ style: yaml_scalar_style_t) {
        var text = text
        text.withUTF8 { utf8 in
            let start = utf8.baseAddress ?? UnsafePointer(bitPattern: 8)!  // an empty buffer has no address
            send { yaml_scalar_event_initialize($0, nil, nil, start, Int32(utf8.count), 1, 1, style) }
        }
    }
    /// The emitter takes the event over and frees it. A refusal is a bug in `emit`, never the value's fault.
    private func send(_ initialize: (UnsafeMutablePointer<yaml_event_t>) -> Int32) {
        var event = yaml_event_t()
        let made = initialize(&event)
        precondition(made == 1, "out of memory")
        let code = yaml_emitter_emit(emitter, &event)
        precondition(code == 1, "libyaml refused an event")
    }
}

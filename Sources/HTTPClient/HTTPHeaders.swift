/// Header fields in the order they were given or received. Names compare without regard to case (RFC 9110 §5.1).
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral, CustomStringConvertible, CustomReflectable {
    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
    public private(set) var fields: [Field] = []

    public init() {}
    public init(dictionaryLiteral elements: (String, String)...) { fields = elements.map { Field($0.0, $0.1) } }

    /// The first value of that name. Setting replaces every field of that name, or removes them with nil.
    public subscript(name: String) -> String? {
        get { fields.first { Self.equal($0.name, name) }?.value }
        set {
            fields.removeAll { Self.equal($0.name, name) }
            if let newValue { append(name, newValue) }
        }
    }
    public func all(_ name: String) -> [String] { fields.filter { Self.equal($0.name, name) }.map(\.value) }
    public mutating func append(_ name: String, _ value: String) { fields.append(Field(name, value)) }

    /// Names only, in dumps too: values may be secrets (`Authorization`), and a description ends in logs.
    public var description: String { fields.map(\.name).joined(separator: ", ") }
    public var customMirror: Mirror { Mirror(self, unlabeledChildren: fields.map(\.name)) }

    private static func equal(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && zip(a.utf8, b.utf8).allSatisfy { lower($0) == lower($1) }
    }
    private static func lower(_ c: UInt8) -> UInt8 { 0x41...0x5a ~= c ? c | 0x20 : c }
}

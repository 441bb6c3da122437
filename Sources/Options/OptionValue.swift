/// A text that is no value of an option's type.
public struct BadValue: Error, Equatable {
    /// What it should be, as the end of a sentence "… is not …".
    public let expected: String
    public init(expected: String) { self.expected = expected }
}

/// What an option's text may become.
public protocol OptionValue: Sendable {
    init(option text: String) throws(BadValue)
    /// Reads back as the same value.
    var optionText: String { get }
    static var placeholder: String { get }
    static var choices: [String] { get }
}
extension OptionValue { public static var choices: [String] { [] } }

extension String: OptionValue {
    public init(option text: String) throws(BadValue) { self = text }
    public var optionText: String { self }
    public static var placeholder: String { "STRING" }
}
extension Int: OptionValue {
    public init(option text: String) throws(BadValue) {
        guard let v = Int(text) else { throw BadValue(expected: "a whole number") }
        self = v
    }
    public var optionText: String { String(self) }
    public static var placeholder: String { "N" }
}
extension Bool: OptionValue {
    public init(option text: String) throws(BadValue) {
        switch text.lowercased() {
        case "true", "1", "t", "yes": self = true
        case "false", "0", "f", "no": self = false
        default: throw BadValue(expected: "true or false")
        }
    }
    public var optionText: String { self ? "true" : "false" }
    public static var placeholder: String { "BOOL" }
    public static var choices: [String] { ["true", "false"] }
}
/// Enumerations of words need only `: String, CaseIterable, OptionValue`.
extension OptionValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    public init(option text: String) throws(BadValue) {
        guard let v = Self(rawValue: text) else { throw BadValue(expected: "one of " + Self.choices.joined(separator: ", ")) }
        self = v
    }
    public var optionText: String { rawValue }
    public static var placeholder: String { choices.joined(separator: "|") }
    public static var choices: [String] { allCases.map(\.rawValue) }
}

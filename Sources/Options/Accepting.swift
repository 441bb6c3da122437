/// Which values of its type an option takes. Help and reference tell it, and so does the error.
public struct Accepting<Value: OptionValue>: Sendable {
    /// The end of a sentence "… is not …".
    let expected: String
    let isGood: @Sendable (Value) -> Bool

    /// - Parameter expected: the end of a sentence "… is not …", such as "a DNS name".
    public init(_ expected: String, where isGood: @escaping @Sendable (Value) -> Bool) { (self.expected, self.isGood) = (expected, isGood) }

    func read(_ text: String) throws(BadValue) -> Value {
        let value = try Value(option: text)
        guard isGood(value) else { throw BadValue(expected: expected) }
        return value
    }
}

extension Accepting where Value: Comparable {
    public init(_ range: ClosedRange<Value>) {
        self.init("within \(range.lowerBound.optionText) to \(range.upperBound.optionText)") { range.contains($0) }
    }
}

extension Option {
    /// An option with a default that takes some values of its type only.
    public static func value<V: OptionValue>(
        _ path: Path<V>, _ name: String, as placeholder: String? = nil, accepting: Accepting<V>, _ help: String
    ) -> Option {
        let wide = value(path, name, as: placeholder, "\(help); \(accepting.expected)")
        return Option(row: wide.row, show: wide.show, set: { (root, text) throws(BadValue) in root[keyPath: path] = try accepting.read(text) })
    }

    /// An option without a default that takes some values of its type only.
    public static func value<V: OptionValue>(
        _ path: Path<V?>, _ name: String, as placeholder: String? = nil, required: Bool = false, accepting: Accepting<V>, _ help: String
    ) -> Option {
        let wide = value(path, name, as: placeholder, required: required, "\(help); \(accepting.expected)")
        return Option(row: wide.row, show: wide.show, set: { (root, text) throws(BadValue) in root[keyPath: path] = try accepting.read(text) })
    }
}

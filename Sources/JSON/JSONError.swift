/// A text that is not the JSON that was asked for: what is wrong, and at which byte.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Counted from the start of the document. For a bad escape: the end of its string.
    public let offset: Int
    public let reason: StaticString

    public init(offset: Int, reason: StaticString) {
        self.offset = offset
        self.reason = reason
    }
    public static func == (a: Self, b: Self) -> Bool { a.offset == b.offset && a.description == b.description }
    public var description: String { "JSON: \(reason) at byte \(offset)" }
}

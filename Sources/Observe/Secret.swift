/// A value that never shows itself: not in logs, not in errors, not in dumps.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    static let shown = "<redacted>"
    private let hidden: String

    public init(_ value: String) { hidden = value }
    /// The value itself, for whoever signs or authenticates with it.
    public func reveal() -> String { hidden }
    public var description: String { Self.shown }
    public var debugDescription: String { Self.shown }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

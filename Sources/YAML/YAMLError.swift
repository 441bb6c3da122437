/// A text that is not the YAML that was asked for: what is wrong, and where. Lines and columns count from 1.
public struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
    public let line: Int
    public let column: Int
    public let reason: String
    public var description: String { "line \(line), column \(column): \(reason)" }
}

/// What a text may ask of memory and stack; beyond it is an error.
public struct YAMLLimits: Sendable {
    /// After aliases are expanded, so that a small text cannot become a large value.
    public var nodesMax = 100_000
    public var depthMax = 100
    public init() {}
}

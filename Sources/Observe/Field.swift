/// One key of a log line and its value. Keys are declared once, as static functions in an extension of this type.
public struct Field: Sendable {
    enum Content: Sendable {
        case text(String)
        case number(Int64)
        case decimal(Double)
        case flag(Bool)
    }
    let key: StaticString
    let content: Content

    public init(_ key: StaticString, _ text: String) { (self.key, content) = (key, .text(text)) }
    public init(_ key: StaticString, _ number: some BinaryInteger) { (self.key, content) = (key, .number(Int64(clamping: number))) }
    /// What is not finite is `null` in JSON.
    public init(_ key: StaticString, _ decimal: Double) { (self.key, content) = (key, .decimal(decimal)) }
    public init(_ key: StaticString, _ flag: Bool) { (self.key, content) = (key, .flag(flag)) }
    /// Written in seconds.
    public init(_ key: StaticString, _ duration: Duration) { (self.key, content) = (key, .decimal(duration.inSeconds)) }
    /// Written as `<redacted>`.
    public init(_ key: StaticString, _: Secret) { (self.key, content) = (key, .text(Secret.shown)) }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

internal import GoTime

/// Durations as Go reads them: 300ms, 1.5h, 1h30m, 0. They are shown as people write them: 5m, not Go's 5m0s.
extension Duration: OptionValue {
    public init(option text: String) throws(BadValue) {
        guard let duration = GoDuration.parse(text) else { throw BadValue(expected: "a duration such as 30s, 5m or 1h30m") }
        self = duration
    }
    public var optionText: String {
        let (seconds, attoseconds) = components
        guard attoseconds == 0 else {
            let (milliseconds, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
            return rest == 0 && seconds == 0 ? "\(milliseconds)ms" : GoDuration.format(self)
        }
        if seconds == 0 { return "0s" }
        let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "m"), (seconds % 60, "s")]
        return parts.filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
    }
    public static var placeholder: String { "DURATION" }
}

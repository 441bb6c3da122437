/// Durations as Go programs read and write them (`time.ParseDuration`), which is how Kubernetes users know them: `1h30m`,
/// `300s`, `1.5h`, `0`.
public enum GoDuration {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000),
        ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// Nil for what is no duration, is negative or is longer than Go's own 292 years. Below a nanosecond is cut.
    public static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = Substring(text)
        if rest.hasPrefix("+") { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        while !rest.isEmpty {
            guard let part = takePart(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return .nanoseconds(total)
    }

    /// One number with its unit, in nanoseconds.
    private static func takePart(_ rest: inout Substring) -> Int64? {
        let whole = rest.prefix { $0.isASCII && $0.isWholeNumber }
        rest = rest.dropFirst(whole.count)
        var fraction = Substring()
        if rest.first == "." {
            rest = rest.dropFirst()
            fraction = rest.prefix { $0.isASCII && $0.isWholeNumber }
            rest = rest.dropFirst(fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        let name = rest.prefix { $0.isLetter }
        guard let unit = units.first(where: { $0.name == name })?.nanoseconds else { return nil }
        rest = rest.dropFirst(name.count)
        guard let count = whole.isEmpty ? 0 : Int64(whole) else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        var nanoseconds = product
        var scale = unit
        for digit in fraction.utf8 {
            scale /= 10
            let (sum, overflow) = nanoseconds.addingReportingOverflow(Int64(digit - 0x30) * scale)
            guard !overflow else { return nil }
            nanoseconds = sum
        }
        return nanoseconds
    }

    /// `1h0m0s`, as Go prints it; a fraction of a second only where there is one. The duration must not be negative.
    public static func format(_ duration: Duration) -> String {
        precondition(duration >= .zero, "a negative duration \(duration)")
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        var text = ""
        if seconds >= 3600 { text += "\(seconds / 3600)h" }
        if seconds >= 60 { text += "\(seconds / 60 % 60)m" }
        text += "\(seconds % 60)"
        if nanoseconds > 0 {
            let digits = String(nanoseconds)
            var fraction = String(repeating: "0", count: 9 - digits.count) + digits
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        return text + "s"
    }
}

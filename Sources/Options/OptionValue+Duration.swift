/// Durations as Go writes them: 300ms, 1.5h, 1h30m, 0.
extension Duration: OptionValue {
    public init(option text: String) throws(BadValue) {
        let bad = BadValue(expected: "a duration such as 30s, 5m or 1h30m")
        let units: [(String, Int64)] = [
            ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
        ]
        if text == "0" {
            self = .zero
            return
        }
        var rest = text[...]
        var total: Int64 = 0
        guard !rest.isEmpty else { throw bad }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let scale = units.first(where: { $0.0 == unit })?.1, let value = Double(number), value * Double(scale) < 9e18 else { throw bad }
            let (sum, overflow) = total.addingReportingOverflow(Int64((value * Double(scale)).rounded()))
            guard !overflow else { throw bad }
            total = sum
        }
        self = .nanoseconds(total)
    }
    public var optionText: String {
        let (s, atto) = components
        let nanoseconds = atto / 1_000_000_000
        guard nanoseconds == 0 else {
            if nanoseconds % 1_000_000 == 0 { return "\(s * 1000 + nanoseconds / 1_000_000)ms" }
            return (s == 0 ? "" : Duration.seconds(s).optionText) + "\(nanoseconds)ns"
        }
        if s == 0 { return "0s" }
        let parts = [(s / 3600, "h"), (s % 3600 / 60, "m"), (s % 60, "s")]
        return parts.filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
    }
    public static var placeholder: String { "DURATION" }
}

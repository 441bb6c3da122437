/// Times as text: RFC 3339, as Kubernetes writes them (`metav1.Time` with whole seconds, `metav1.MicroTime` with six digits)
/// and as everybody else may. Proleptic Gregorian calendar, years 0000 to 9999 of UTC, no leap seconds.
extension Timestamp {
    private static let dayMilliseconds: Int64 = 86_400_000

    /// Reads `2024-05-06T07:08:09Z`, with any number of fractional digits (below a millisecond they are cut) and with `Z` or an
    /// offset such as `+08:00`. Nil for anything else. A leap second's `:60` is read as the second after.
    public init?(rfc3339 text: String) {
        var reader = DateReader(bytes: Array(text.utf8))
        guard let year = reader.number(digits: 4), reader.take("-"),
            let month = reader.number(digits: 2), reader.take("-"),
            let day = reader.number(digits: 2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(digits: 2), reader.take(":"),
            let minute = reader.number(digits: 2), reader.take(":"),
            let second = reader.number(digits: 2),
            (1...12).contains(month), (1...Timestamp.days(inMonth: month, of: year)).contains(day),
            hour <= 23, minute <= 59, second <= 60,
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let seconds = (hour * 60 + minute - offset) * 60 + second
        let days = Timestamp.days(toYear: year, month: month, day: day)
        self.init(milliseconds: days * Timestamp.dayMilliseconds + seconds * 1000 + fraction)
        // an offset may lead into a year that has no text
        guard Timestamp.written.contains(milliseconds) else { return nil }
    }
    /// From the year 0000 to the end of 9999.
    private static let written: Range<Int64> = -62_167_219_200_000..<253_402_300_800_000

    /// `2024-05-06T07:08:09Z`: what `metav1.Time` keeps, so milliseconds are cut.
    public var rfc3339: String { text(fractionDigits: 0) }

    /// `2024-05-06T07:08:09.123000Z`: what `metav1.MicroTime` of Leases and Events is.
    public var rfc3339Micro: String { text(fractionDigits: 6) }

    private func text(fractionDigits: Int) -> String {
        let (days, inDay) = Timestamp.floorDivide(milliseconds, by: Timestamp.dayMilliseconds)
        let (year, month, day) = Timestamp.date(ofDay: days)
        let seconds = inDay / 1000
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
        text += "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        if fractionDigits > 0 {
            let milliseconds = padded(inDay % 1000, 3)
            text += "." + milliseconds + String(repeating: "0", count: fractionDigits - 3)
        }
        return text + "Z"
    }

    // Days since 1970-01-01 of a date and back: the usual shift of the year to begin in March, in eras of 400 years
    // (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").

    private static func days(toYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shifted, by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month - 1)]
    }

    private static func floorDivide(_ a: Int64, by b: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = ((a % b) + b) % b
        return ((a - remainder) / b, remainder)
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Takes the parts of a date off the front of its bytes.
private struct DateReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func digit() -> Int64? {
        guard position < bytes.count, case 0x30...0x39 = bytes[position] else { return nil }
        defer { position += 1 }
        return Int64(bytes[position] - 0x30)
    }

    mutating func number(digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let next = digit() else { return nil }
            value = value * 10 + next
        }
        return value
    }

    /// Milliseconds; zero without a fraction, nil for a point without digits.
    mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        guard var value = digit() else { return nil }
        var count = 1
        while let next = digit() {
            if count < 3 { value = value * 10 + next }
            count += 1
        }
        for _ in count..<max(count, 3) { value *= 10 }
        return value
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2), take(":"), let minutes = number(digits: 2), hours <= 23, minutes <= 59 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}

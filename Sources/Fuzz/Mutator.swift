internal import Core

/// Makes inputs out of inputs: the same seed gives the same ones. It knows words and punctuation, so that what comes out is often
/// nearly right, which is where readers err.
public struct Mutator: Sendable {
    /// What every reader of text has to bear somewhere: numbers at and beyond the edges, escapes and bytes that are no text, nothing.
    private static let values: [[UInt8]] =
        [
            "0", "-0", "-1", "1e999", "1E+400", "-1.5e-7", "00", "2147483647", "2147483648", "4294967296", "9007199254740993", "9223372036854775807",
            "-9223372036854775808", "9223372036854775808", "18446744073709551616", "99999999999999999999999999999999999999", "null", "true", "\"\"", "{}", "[]",
            "[[]]", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\\ude00", "\"\\u0000\"", "\\", "\\u12", "\u{0}", "\u{7f}", "\u{feff}", "\u{2028}", "\u{212a}",
            "e\u{301}",
            "\u{1f468}\u{200d}\u{1f469}", "<<: *a", "&a ", "*a", "? ", "- ", "--- ", "!!str ", "|\n ", ">-\n ", "%", "\r\n", "\n", "\t", "\"", "'", ":", ",",
            "=", "[", "{",
            "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2024-02-30T00:00:60Z", "292y", "9999999h", "1ns", "0x7fffffffffffffff", ".inf", ".nan",
        ].map { Array($0.utf8) } + [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80], [0x00, 0xff]]
    private static let brackets: [([UInt8], [UInt8])] = [
        ("[", "]"), ("{\"a\":", "}"), ("{\"metadata\":", "}"), ("- ", ""), ("[{a: ", "}]"), ("\"", "\""), ("[default]\n", ""), ("\\\"", ""),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    private let seeds: [[UInt8]]
    private var random: SeededGenerator

    /// - Parameter seeds: at least one.
    public init(seeds: [[UInt8]], seed: UInt64) {
        precondition(!seeds.isEmpty, "nothing to mutate")
        self.seeds = seeds
        random = SeededGenerator(seed: seed)
    }

    /// A new input out of one of the seeds.
    public mutating func next(bytesMax: Int = 16 << 10) -> [UInt8] { mutated(seeds[random.next(below: seeds.count)], bytesMax: bytesMax) }

    /// A new input out of this one.
    public mutating func mutated(_ input: [UInt8], bytesMax: Int) -> [UInt8] {
        var bytes = input
        for _ in 0...random.next(below: 4) { bytes = changed(bytes, bytesMax: bytesMax) }
        return Array(bytes.prefix(bytesMax))
    }

    /// An input of about that size: a part of a seed over and over, in its place. What takes more than its share of time for a long
    /// input is slow here.
    public mutating func long(bytes: Int) -> [UInt8] {
        let seed = seeds[random.next(below: seeds.count)]
        let cuts = Self.cuts(seed)
        let (from, to) = span(cuts)
        var part = from < to ? Array(seed[from..<to]) : Self.values[random.next(below: Self.values.count)]
        if random.next(below: 2) == 0 { part.append(UInt8(ascii: ",")) }
        var long = Array(seed[..<from])
        long.reserveCapacity(bytes + seed.count)
        // copies that differ where the part has a digit, so that keys do
        var counter = 0
        while long.count < bytes {
            long += part
            if let digit = part.indices.first(where: { 0x30...0x39 ~= part[$0] }), random.next(below: 2) == 0 {
                counter += 1
                long.replaceSubrange(long.count - part.count + digit...long.count - part.count + digit, with: Array(String(counter).utf8))
            }
        }
        return long + seed[to...]
    }

    private mutating func changed(_ input: [UInt8], bytesMax: Int) -> [UInt8] {
        var bytes = input
        let cuts = Self.cuts(bytes)
        let (from, to) = span(cuts)
        switch random.next(below: 12) {
        case 0: bytes = Array(bytes[..<from])
        case 1: bytes.removeSubrange(from..<to)
        case 2: bytes.insert(contentsOf: bytes[from..<to], at: to)
        case 3: bytes.replaceSubrange(from..<to, with: Self.values[random.next(below: Self.values.count)])
        case 4: bytes.insert(contentsOf: Self.values[random.next(below: Self.values.count)], at: from)
        case 5, 6: bytes.replaceSubrange(from..<to, with: piece())
        case 7: bytes.insert(contentsOf: piece(), at: from)
        case 8:
            // up to deeper than anybody reads
            let (open, close) = Self.brackets[random.next(below: Self.brackets.count)]
            let depth = min(1 << random.next(below: 9), max(1, bytesMax / (2 * (open.count + close.count))))
            let inside = Array(bytes[from..<to])
            bytes.replaceSubrange(from..<to, with: repeated(open, depth) + inside + repeated(close, depth))
        case 9: bytes.insert(contentsOf: repeated(Array(bytes[from..<to]), min(1 << random.next(below: 9), max(1, bytesMax / max(1, to - from)))), at: to)
        case 10 where !bytes.isEmpty: bytes[random.next(below: bytes.count)] ^= 1 << UInt8(random.next(below: 8))
        default: bytes.insert(UInt8(random.next(below: 256)), at: random.next(below: bytes.count + 1))
        }
        return bytes
    }

    /// Some words of some seed.
    private mutating func piece() -> [UInt8] {
        let seed = seeds[random.next(below: seeds.count)]
        let (from, to) = span(Self.cuts(seed))
        return Array(seed[from..<to])
    }
    /// A stretch between two cuts, mostly a short one.
    private mutating func span(_ cuts: [Int]) -> (Int, Int) {
        let first = random.next(below: cuts.count)
        let most = random.next(below: 4) == 0 ? cuts.count - first : min(4, cuts.count - first)
        return (cuts[first], cuts[first + random.next(below: most)])
    }
    private func repeated(_ part: [UInt8], _ count: Int) -> [UInt8] { Array(repeatElement(part, count: count).joined()) }

    /// Where words begin and end, both ends of the input included.
    private static func cuts(_ bytes: [UInt8]) -> [Int] {
        func isWord(_ byte: UInt8) -> Bool { 0x61...0x7a ~= byte | 0x20 || 0x30...0x39 ~= byte || byte >= 0x80 }
        var cuts = [0]
        for at in bytes.indices.dropFirst() where !isWord(bytes[at]) || !isWord(bytes[at - 1]) { cuts.append(at) }
        if !bytes.isEmpty { cuts.append(bytes.count) }
        return cuts
    }
}

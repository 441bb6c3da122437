extension Command {
    /// The nearest name within a third of its length; nil when none is near.
    static func nearest(_ word: String, _ names: [String]) -> String? {
        func distance(_ a: [Character], _ b: [Character]) -> Int {  // edits and swaps of neighbours
            var d = [Array(0...b.count)] + (0..<a.count).map { [$0 + 1] + Array(repeating: 0, count: b.count) }
            for i in 0..<a.count {
                for j in 0..<b.count {
                    d[i + 1][j + 1] = min(d[i][j + 1] + 1, d[i + 1][j] + 1, d[i][j] + (a[i] == b[j] ? 0 : 1))
                    if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { d[i + 1][j + 1] = min(d[i + 1][j + 1], d[i - 1][j - 1] + 1) }
                }
            }
            return d[a.count][b.count]
        }
        let near = names.map { ($0, $0.hasPrefix(word) && word.count > 2 ? 1 : distance(Array(word), Array($0))) }.min { $0.1 < $1.1 }
        return near.flatMap { $0.1 <= max(1, $0.0.count / 3) ? $0.0 : nil }
    }
}

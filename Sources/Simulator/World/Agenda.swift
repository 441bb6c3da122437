internal import Core

/// What will happen, in virtual time: the earliest first, and of one moment in the order in which it was planned.
struct Agenda {
    private struct Entry: Comparable {
        var at: Instant
        var number: Int
        var body: () -> Void
        static func < (a: Entry, b: Entry) -> Bool { (a.at, a.number) < (b.at, b.number) }
        static func == (a: Entry, b: Entry) -> Bool { a.number == b.number }
    }
    private var entries = Heap<Entry>()
    private var number = 0

    mutating func add(at: Instant, _ body: @escaping () -> Void) {
        number += 1
        entries.insert(Entry(at: at, number: number, body: body))
    }

    var nextAt: Instant? { entries.min?.at }

    mutating func next() -> (at: Instant, body: () -> Void)? { entries.popMin().map { ($0.at, $0.body) } }
}

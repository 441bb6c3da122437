import Core

extension Instant {
    static func ms(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }
    static func s(_ seconds: Double) -> Instant { Instant(milliseconds: Int64(seconds * 1000)) }
}

extension Now {
    /// Both clocks at once: the wall clock began at a round time when the local one was zero.
    static func s(_ seconds: Double, wallOffset: Duration = .zero) -> Now {
        Now(instant: .s(seconds), wall: Timestamp(milliseconds: 1_700_000_000_000 + Int64(seconds * 1000)) + wallOffset)
    }
}

/// Events in virtual time: the earliest first, those of one time in the order they were added.
struct Agenda<Event> {
    private var events: [(at: Instant, number: Int, event: Event)] = []
    private var number = 0

    mutating func add(_ event: Event, at: Instant) {
        number += 1
        events.append((at, number, event))
    }

    mutating func next() -> (at: Instant, event: Event)? {
        guard let first = events.indices.min(by: { (events[$0].at, events[$0].number) < (events[$1].at, events[$1].number) }) else { return nil }
        let entry = events.remove(at: first)
        return (entry.at, entry.event)
    }
}

import Core
import Testing

/// Keys that do not come to an end for longer than `heldMax`.
@Suite struct ParkedKeyTests {
    private static let retry = ReconcileOutcome.retry(.apiServerUnreachable, "no answer")

    /// The offset that is committed when a key of that message has failed for so long, and how many keys count then.
    private static func fail(_ causes: [Cause], for seconds: Int = 500, then last: ReconcileOutcome? = nil) -> (committed: Int64, holding: Int) {
        var intake = `Intake of a worker`.ready()
        for (number, cause) in causes.enumerated() { _ = intake.handle(`Intake of a worker`.message(10 + Int64(number), "a", cause: cause), now: .ms(10)) }
        var committed: Int64 = 0
        var holding = 0
        func take(_ effects: [Intake.Effect], _ now: Instant, _ outcome: ReconcileOutcome) {
            for effect in effects {
                switch effect {
                case .start(let key, _, _): take(intake.handle(.finished(key, outcome), now: now), now, outcome)
                case .commit(let id, let offsets):
                    committed = offsets[0].offset
                    take(intake.handle(.committed(id, sentAt: now), now: now), now, outcome)
                case .stop, .pause, .resume, .relinquish, .wake: break
                }
            }
        }
        take(intake.handle(.finished(`Intake of a worker`.key("a"), retry), now: .ms(20)), .ms(20), retry)
        for second in 1...seconds { take(intake.handle(.wake, now: .s(Double(second))), .s(Double(second)), retry) }
        holding = intake.holdingCount
        if let last { for second in seconds + 1...seconds + 100 { take(intake.handle(.wake, now: .s(Double(second))), .s(Double(second)), last) } }
        return (committed, holding)
    }

    @Test func `what objects remember is let go by the log`() {
        #expect(Self.fail([.podSeen, .claimSeen]) == (12, 0))
        #expect(Self.fail([.claimGone, .claimSeen]) == (12, 0), "it has a claim again")
    }

    @Test func `it holds them from when its claim went, however long it has failed before`() {
        var intake = `Intake of a worker`.ready()
        let key = `Intake of a worker`.key("a")
        _ = intake.handle(`Intake of a worker`.message(10, "a"), now: .ms(10))
        _ = intake.handle(.finished(key, .again(.seconds(900), .waitingForCloud)), now: .ms(20))
        var committed: [PartitionOffset] = []
        func take(_ effects: [Intake.Effect], _ now: Instant) {
            for case .commit(let id, let offsets) in effects {
                committed = offsets
                take(intake.handle(.committed(id, sentAt: now), now: now), now)
            }
        }
        for second in 1...800 { take(intake.handle(.wake, now: .s(Double(second))), .s(Double(second))) }
        #expect(committed == [PartitionOffset(partition: 0, offset: 11)], "parked")
        take(intake.handle(`Intake of a worker`.message(11, "a", cause: .claimGone), now: .s(801)), .s(801))
        take(intake.handle(.finished(key, Self.retry), now: .s(802)), .s(802))
        for second in 803...1000 {
            take(intake.handle(.wake, now: .s(Double(second))), .s(Double(second)))
            take(intake.handle(.finished(key, Self.retry), now: .s(Double(second))), .s(Double(second)))
        }
        #expect(committed == [PartitionOffset(partition: 0, offset: 11)])
    }

    @Test func `a key whose claim is gone holds its offsets until somebody has looked at it to the end`() {  // seed 1195
        #expect(Self.fail([.claimSeen, .claimGone, .podGone]) == (10, 0), "and does not count for the bound of the queue")
        #expect(Self.fail([.claimSeen, .claimGone, .podGone], then: .settled(.settled)) == (13, 0))
        #expect(Self.fail([.claimSeen, .claimGone, .podGone], for: 700) == (13, 0), "or until it has been so for ten minutes: its cluster may be gone")
    }
}

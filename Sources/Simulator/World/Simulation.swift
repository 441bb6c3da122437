internal import Core
internal import Models

/// One run of the whole system in virtual time: the decision machines of every replica over models of the API servers, the log
/// and the cloud, on one thread, from one seed.
///
///     safety:   `steps` events with faults; the checkers watch every one of them
///     liveness: no more faults but those that stay for good; what people asked for has to be true within `healingMax`
///
/// The same seed gives the same run in every process. What it does not cover: the shells of Runtime, and the servers themselves.
public final class Simulation {
    /// what people asked for is true this long after the last fault: the longest parking (300 s), the life of a request, and the
    /// looks that confirm a loss
    public static let healingMax = Duration.seconds(900)

    public let seed: UInt64
    public let draw: Draw
    let chance: Chance
    private var agenda = Agenda()
    private(set) var now = Instant(milliseconds: 0)
    public private(set) var steps = 0
    private var lookedAt = Instant(milliseconds: 0)
    /// those of this moment
    private var stepsNow = 0
    private static let stepsNowMax = 10_000
    let traces: Bool
    private let tell: ((String) -> Void)?
    public private(set) var transcript: [String] = []
    private(set) var hash = StableHash()

    private(set) var accounts: [Account] = []
    private(set) var checks: Checks!
    /// faults happen
    private(set) var isFaulty = true

    /// - Parameters:
    ///   - without: kinds of faults that are left out.
    ///   - traces: keeps a transcript.
    ///   - tell: is given each line of it at once, and nothing is kept: what crashes has told all but its last event.
    public init(seed: UInt64, without: [FaultKind] = [], traces: Bool = false, tell: ((String) -> Void)? = nil) {
        self.seed = seed
        self.traces = traces || tell != nil
        self.tell = tell
        chance = Chance(seed: seed)
        var draw = Draw(chance)
        for kind in without { draw.faults.drop(kind) }
        self.draw = draw
        checks = Checks(self)
        for index in 0..<(draw.hasOtherAccount ? 2 : 1) { accounts.append(Account(self, index)) }
    }

    static let start = Timestamp(milliseconds: 1_800_000_000_000)
    var wall: Timestamp { Simulation.start + (now - .anyTime) }

    // MARK: running

    /// - Parameter steps: events with faults.
    public func run(steps stepsMax: Int) -> Report {
        note { "drawn: \(self.draw)" }
        for account in accounts { account.begin() }
        while steps < stepsMax, checks.violation == nil { guard step() else { break } }
        var healed: Duration?
        if checks.violation == nil {
            heal()
            let begin = now
            var calm = 0
            while checks.violation == nil {
                if now - begin > Simulation.healingMax {
                    checks.fail(.liveness, accounts.lazy.compactMap { $0.disagreement() }.first ?? "did not come to rest")
                    break
                }
                let until = now + .seconds(5)
                while let at = agendaNext, at <= until, checks.violation == nil { guard step() else { break } }
                now = max(now, until)
                // what is so for a moment may come and go
                calm = accounts.allSatisfy { $0.disagreement() == nil } ? calm + 1 : 0
                if calm == 4 {
                    healed = now - begin
                    break
                }
            }
        }
        if checks.violation == nil { for account in accounts { account.checkEnd() } }
        return Report(
            seed: seed, steps: steps, virtual: now - .anyTime, healed: healed, violation: checks.violation, hash: hash.hex, counts: checks.counts)
    }

    private var agendaNext: Instant? { agenda.nextAt }

    private func step() -> Bool {
        guard let next = agenda.next() else { return false }
        if next.at > now { stepsNow = 0 }
        now = max(now, next.at)
        steps += 1
        stepsNow += 1
        // a machine that asks to be woken at once, again and again, would keep a processor busy
        if stepsNow > Simulation.stepsNowMax { checks.fail("progress", "\(stepsNow) events, and no time passes") }
        next.body()
        if now - lookedAt >= .seconds(1) {
            lookedAt = now
            checks.look()
        }
        return true
    }

    private func heal() {
        note { "--- healing" }
        isFaulty = false
        for account in accounts { account.heal() }
    }

    func after(_ delay: Duration, _ body: @escaping () -> Void) { agenda.add(at: now + delay, body) }

    // MARK: faults

    func happened(_ kind: FaultKind) { checks.counts.faults[kind, default: 0] += 1 }
    func happens(_ kind: FaultKind, perMille part: Int) -> Bool {
        guard chance.happens(perMille: part) else { return false }
        happened(kind)
        return true
    }
    func happens(_ kind: FaultKind, perTenThousand part: Int) -> Bool {
        guard chance.happens(perTenThousand: part) else { return false }
        happened(kind)
        return true
    }

    // MARK: telling

    func note(_ line: () -> String) {
        guard traces else { return }
        let text = "\(seconds) \(line())"
        if let tell { tell(text) } else { transcript.append(text) }
    }
    private var seconds: String {
        let text = String(now.milliseconds % 1000 + 1000).dropFirst()
        return "\(now.milliseconds / 1000).\(text)"
    }
    /// What the run's hash is made of: the same in two processes, or something depends on what it must not.
    func mix(_ what: String) { hash.combine("\(now.milliseconds) \(what)") }
}

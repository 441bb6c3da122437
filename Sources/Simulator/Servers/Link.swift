internal import Core

/// The way to one server. A call on it may be lost, answered late, executed late or twice, as the seed has it.
final class Link {
    let name: String
    private unowned let sim: Simulation
    private let latency: ClosedRange<Int>
    /// nobody gets through
    var isDown = false
    /// replicas that do not get through
    var cutOff: Set<Int> = []

    init(_ sim: Simulation, _ name: String, latency: ClosedRange<Int>) {
        self.sim = sim
        self.name = name
        self.latency = latency
    }

    func isOpen(for replica: Int) -> Bool { !isDown && !cutOff.contains(replica) }

    /// How long a message takes.
    func delay() -> Duration { sim.chance.milliseconds(latency) }

    /// - Parameters:
    ///   - serve: what the server does, once for each time that the request arrives; its answer.
    ///   - answer: told once, on the replica; nil: no answer within `timeout`.
    func call<Answer>(_ from: Replica, timeout: Duration, _ serve: @escaping () -> Answer, _ answer: @escaping (Answer?) -> Void) {
        sim.mix("\(from.index) \(name)")
        let life = from.life
        var isAnswered = false
        func finish(_ value: Answer?) {
            from.deliver(life) {
                guard !isAnswered else { return }
                isAnswered = true
                answer(value)
            }
        }
        let faults = sim.isFaulty ? sim.draw.faults : Draw.Faults()
        let isLost = !isOpen(for: from.index) || sim.happens(.loseRequest, perMille: faults.loseRequest)
        if !isLost {
            // A request on its way outlives its sender's patience.
            let way = sim.happens(.late, perMille: faults.late) ? sim.chance.seconds(2...90) : delay()
            sim.after(way) { [self] in arrive(from, faults, serve, finish) }
            if sim.happens(.duplicate, perMille: faults.duplicate) { sim.after(delay() + delay()) { [self] in arrive(from, faults, serve, finish) } }
        }
        // A server that is not there is often known at once, and sometimes only by waiting.
        let patience = isLost && sim.chance.below(2) == 0 ? min(timeout, delay() + .milliseconds(100)) : timeout
        sim.after(patience) { finish(nil) }
    }

    private func arrive<Answer>(_ from: Replica, _ faults: Draw.Faults, _ serve: () -> Answer, _ finish: @escaping (Answer?) -> Void) {
        guard isOpen(for: from.index) else { return }
        let value = serve()
        guard !sim.happens(.loseReply, perMille: faults.loseReply) else { return }
        let way = sim.happens(.late, perMille: faults.late) ? sim.chance.seconds(2...25) : delay()
        sim.after(way) { [self] in if isOpen(for: from.index) { finish(value) } }
    }
}

internal import Core

/// One process of the controller. It takes what arrives one after the other, performs what its machines decide in the order in
/// which they decided it, and between any two of these it may crash, or be stopped and go on much later.
final class Replica {
    unowned let sim: Simulation
    unowned let account: Account
    let index: Int
    /// also its group.instance.id
    let name: String
    /// counts starts: what was meant for an earlier one is lost
    private(set) var life = 0
    private(set) var isUp = false
    private var isGone = false
    private var pausedUntil: Instant?
    /// by its clock: when it last went on after it had stood still
    private(set) var resumedAt = Instant.anyTime
    var isRunning: Bool { isUp && pausedUntil == nil }
    /// effects decided and not performed yet; they go before anything new is taken
    private var todo: Deque<() -> Void> = []
    private var inbox: Deque<() -> Void> = []
    private var isDraining = false
    private var timers: [ObjectIdentifier: Int] = [:]
    private var lastTimer = 0
    private let rate: Int
    private var error: Duration
    /// how far apart it believes its clock and the API server's to be, and since when that was so much that nothing may expire
    private(set) var skew = Duration.zero
    private(set) var doubtsClockSince: Instant?

    private(set) var worker: WorkerSide?
    private(set) var leaders: [LeaderSide] = []

    init(_ sim: Simulation, _ account: Account, _ index: Int) {
        self.sim = sim
        self.account = account
        self.index = index
        name = "eip-\(account.index)-\(index)"
        rate = sim.draw.clockRates[index]
        error = sim.draw.clockErrors[index]
    }

    // MARK: clocks

    /// The local clock's zero is long ago, and it runs at its own speed.
    private static let epoch: Int64 = 1_000_000_000
    func now() -> Now {
        Now(instant: Instant(milliseconds: Replica.epoch + sim.now.milliseconds * Int64(1000 + rate) / 1000), wall: sim.wall + error)
    }
    /// When the local clock shows that.
    func global(_ local: Instant) -> Instant {
        let elapsed = local.milliseconds - Replica.epoch
        return Instant(milliseconds: (elapsed * 1000 + Int64(999 + rate)) / Int64(1000 + rate))
    }

    // MARK: life

    func start() {
        guard !isUp, !isGone else { return }
        life += 1
        isUp = true
        pausedUntil = nil
        sim.note { "\(self.name): starts" }
        let begun = life
        deliver(begun) { [self] in
            if sim.draw.usesKafka {
                let consumer = Consumer(self)
                let side = WorkerSide(self, queue: consumer, seed: UInt64(begun))
                consumer.side = side
                worker = side
                side.feed(.start)
                consumer.begin()
            }
            for cluster in account.clusters {
                let leader = LeaderSide(self, cluster)
                leaders.append(leader)
                leader.feed(.start)
            }
        }
    }

    func crash() {
        guard isUp else { return }
        sim.note { "\(self.name): crashes" }
        sim.checks.counts.crashes += 1
        forget()
        sim.after(sim.chance.milliseconds(200...20_000)) { [self] in start() }
    }

    private func forget() {
        life += 1
        isUp = false
        pausedUntil = nil
        todo = []
        inbox = []
        timers = [:]
        for leader in leaders { leader.forget() }
        sim.checks.forgot(self)
        worker = nil
        leaders = []
    }

    /// SIGTERM: gives up what it has in order, then ends and is started anew.
    func stop() {
        guard isUp else { return }
        sim.note { "\(self.name): told to stop" }
        deliver(life) { [self] in
            worker?.stop()
            for leader in leaders { leader.stop() }
            let begun = life
            sim.after(sim.chance.seconds(3...12)) { [self] in
                guard life == begun else { return }
                forget()
                sim.after(sim.chance.milliseconds(100...5000)) { [self] in start() }
            }
        }
    }

    /// SIGSTOP, or a machine that sleeps: the clock goes on.
    func pause(_ duration: Duration) {
        guard isUp, pausedUntil == nil else { return }
        sim.note { "\(self.name): stands still for \(duration)" }
        sim.checks.counts.pauses += 1
        let until = sim.now + duration
        pausedUntil = until
        let begun = life
        sim.after(duration) { [self] in
            guard life == begun, pausedUntil == until else { return }
            pausedUntil = nil
            sim.note { "\(self.name): goes on" }
            resumedAt = now().instant
            sim.checks.stoodStill(self)
            drain()
        }
    }

    /// Its wall clock is set anew; sometimes so far off that for a while nothing may expire.
    func jump() {
        error = Draw.clockError(sim.chance)
        skew = sim.chance.below(3) == 0 ? .seconds(31 + sim.chance.below(600)) : .zero
        if sim.chance.below(2) == 0 { skew = .zero - skew }
        doubtsClockSince = skew == .zero ? nil : sim.now
        sim.note { "\(self.name): its clock jumps, \(self.skew) from the API server's" }
    }

    /// It is gone for good.
    func leave() {
        sim.note { "\(self.name): is gone for good" }
        isGone = true
        forget()
    }

    func heal() {
        guard !isGone else { return }
        (skew, doubtsClockSince) = (.zero, nil)
        if pausedUntil != nil {
            pausedUntil = nil
            resumedAt = now().instant
            sim.checks.stoodStill(self)
            drain()
        }
        start()
    }

    func label(_ key: Key) -> String { account.cluster(key.cluster)?.label(key) ?? key.name }

    // MARK: what it does

    /// Something arrives that was meant for that life.
    func deliver(_ meant: Int, _ body: @escaping () -> Void) {
        guard meant == life, isUp else { return }
        inbox.append(body)
        drain()
    }

    /// Before anything else is taken.
    func later(_ body: @escaping () -> Void) { todo.append(body) }

    private func drain() {
        guard !isDraining else { return }
        isDraining = true
        while isUp, pausedUntil == nil, let next = todo.popFirst() ?? inbox.popFirst() {
            next()
            strike()
        }
        isDraining = false
    }

    private func strike() {
        guard sim.isFaulty else { return }
        if sim.happens(.crash, perTenThousand: sim.draw.faults.crash) {
            crash()
        } else if sim.happens(.pause, perTenThousand: sim.draw.faults.pause) {
            pause(sim.chance.below(3) > 0 ? sim.chance.seconds(1...90) : sim.chance.milliseconds(10...3000))
        } else if sim.draw.usesKafka, sim.happens(.rebalance, perTenThousand: sim.draw.faults.rebalance) {
            account.log.rebalance()
        }
    }

    /// One timer for each owner; a new one replaces the one before it.
    func timer(_ owner: AnyObject, at local: Instant, _ body: @escaping () -> Void) {
        lastTimer += 1
        let number = lastTimer
        let id = ObjectIdentifier(owner)
        timers[id] = number
        let begun = life
        sim.after(max(.zero, global(local) - sim.now) + lateness(number)) { [self] in
            deliver(begun) { [self] in
                guard timers[id] == number else { return }
                timers[id] = nil
                body()
            }
        }
    }

    /// Every other timer of a process that has much to do.
    private func lateness(_ number: Int) -> Duration {
        let most = sim.draw.faults.timerLateness
        let hash = StableHash.of(name, "\(life)", "\(number)")
        guard sim.isFaulty, most > .zero, hash % 2 == 0 else { return .zero }
        sim.happened(.lateTimer)
        return .milliseconds(Int(hash / 2 % UInt64(most.milliseconds + 1)))
    }

    func cancelTimer(_ owner: AnyObject) { timers[ObjectIdentifier(owner)] = nil }

    // MARK: workers of a term, in memory

    func begin(_ side: WorkerSide) { worker = side }
    func ended(_ side: WorkerSide) { if worker === side { worker = nil } }
}

import Core

/// Where and how a worker fails.
struct Fault: CustomStringConvertible {
    enum Kind: String, CaseIterable {
        case crashBefore, crashAfter
        /// paused before the effect is performed, or after it and before its answer is seen; another worker takes over and
        /// finishes what the stage asks for before the paused one wakes
        case pauseBefore, pauseAfter
    }
    enum Wake: String, CaseIterable {
        /// when the next worker has settled the stage
        case soon
        /// at the end of the story, within the request's life if the story was short
        case end
        /// at the end, when no request sent before can be accepted any more
        case late
    }
    var kind: Kind
    /// which effect of the whole story, from 0
    var at: Int
    var wake: Wake
    var description: String { "\(kind.rawValue) \(at) wake \(wake.rawValue)" }
}

/// Drives one key through a story of stages; after each, workers run until nothing is left to do.
struct Drive {
    typealias Stage = @Sendable (inout World) -> Void

    var world: World
    private let fault: Fault?
    private(set) var effects = 0
    /// at these effects something outside is changed: a crash after it differs from a crash before the next one
    private(set) var mutating: Set<Int> = []
    /// far more than any story needs: beyond it the key is going round in circles
    private static let effectsMax = 1500
    private var identity = "worker-a"
    private var zombie: Zombie?

    private struct Zombie {
        var machine: Reconcile
        /// still to be performed, or performed already and its answer waiting
        var effect: ReconcileEffect?
        var event: ReconcileEvent?
        var emitted: Instant
    }

    init(_ world: World, fault: Fault? = nil) {
        self.world = world
        self.fault = fault
    }

    private func policy() -> Policy { Policy(identity: identity) }
    private var life: Duration { policy().requestLife }

    mutating func play(_ stages: [Stage]) {
        for stage in stages {
            stage(&world)
            quiesce()
            if fault?.wake == .soon { wakeZombie() }
        }
        if fault?.wake == .late { world.advance(life + .seconds(5)) }
        wakeZombie()
        for _ in 0..<4 { runDue() }
        world.checkLeaks()
        world.checkConfirmation()
    }

    /// Runs the key until it is settled; what a run asks for (again, retry) is waited for.
    mutating func quiesce() {
        for _ in 0..<30 {
            guard let outcome = runOnce() else { continue }  // crashed or paused: the next worker starts over
            switch outcome {
            case .settled: return
            case .again(let after, _): world.advance(after)
            case .retry: world.advance(.seconds(1))
            case .abandoned: return world.violate("abandoned without losing the key")
            }
        }
        world.violate("never settled")
    }

    /// What the reaper does: the key is due when the claim says so.
    private mutating func runDue() {
        guard let due = world.claim()?.status.nextAttemptAt else { return }
        if due > world.now.wall { world.advance(due - world.now.wall) }
        quiesce()
    }

    private mutating func runOnce() -> ReconcileOutcome? {
        var machine = Reconcile(key: World.key, policy: policy())
        var pending = machine.handle(.start, now: world.now, mayAct: true)
        while true {
            guard let effect = pending.first else { preconditionFailure("a run ends with finish") }
            pending.removeFirst()
            switch effect {
            case .finish(let outcome):
                world.note("\(identity): \(outcome)")
                return outcome
            case .say, .took, .record: continue
            default: break
            }
            precondition(pending.isEmpty, "one effect outstanding at a time")
            let index = effects
            effects += 1
            if effect.isMutating { mutating.insert(index) }
            if effects > Self.effectsMax {
                world.violate("went round in circles")
                return .settled(.settled)
            }
            let emitted = world.now.instant
            if let fault, fault.at == index, zombie == nil, identity == "worker-a" {
                strike(fault, machine, effect, emitted)
                return nil
            }
            let event = world.perform(effect, sentFrom: emitted, life: life)
            pending = machine.handle(event, now: world.now, mayAct: true)
        }
    }

    private mutating func strike(_ fault: Fault, _ machine: Reconcile, _ effect: ReconcileEffect, _ emitted: Instant) {
        world.note("--- \(fault.kind.rawValue) at: \(effect.brief)")
        identity = "worker-b"
        switch fault.kind {
        case .crashBefore: break
        case .crashAfter: _ = world.perform(effect, sentFrom: emitted, life: life)
        case .pauseBefore: zombie = Zombie(machine: machine, effect: effect, event: nil, emitted: emitted)
        case .pauseAfter:
            let event = world.perform(effect, sentFrom: emitted, life: life)
            zombie = Zombie(machine: machine, effect: nil, event: event, emitted: emitted)
        }
    }

    /// The paused worker goes on. It has lost the key: whatever it asks next whether it may act, the answer is no; but a
    /// call that was on its way is executed, if the cloud still takes it.
    private mutating func wakeZombie() {
        guard var sleeper = zombie else { return }
        zombie = nil
        world.note("--- the paused worker wakes")
        let before = (world.pod()?.resourceVersion, world.claim()?.resourceVersion)
        var pending: [ReconcileEffect]
        if let effect = sleeper.effect {
            let event = world.perform(effect, sentFrom: sleeper.emitted, life: life)
            pending = sleeper.machine.handle(event, now: world.now, mayAct: false)
        } else {
            pending = sleeper.machine.handle(sleeper.event!, now: world.now, mayAct: false)
        }
        for _ in 0..<500 {
            guard let effect = pending.first else { preconditionFailure("a run ends with finish") }
            pending.removeFirst()
            switch effect {
            case .finish:
                // What it changed in Kubernetes, the informer sees; what it changed at the cloud, nobody is told.
                if before != (world.pod()?.resourceVersion, world.claim()?.resourceVersion) { quiesce() }
                return
            case .say, .took, .record: continue
            default: break
            }
            if effect.isMutating { world.violate("the paused worker sent \(effect.brief) after it lost the key") }
            pending = sleeper.machine.handle(world.perform(effect, sentFrom: world.now.instant, life: life), now: world.now, mayAct: false)
        }
        world.violate("the paused worker never ended")
    }
}

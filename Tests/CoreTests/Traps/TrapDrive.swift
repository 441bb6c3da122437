import Contract
import Core
import JSON
import Models

/// One key over the models of API server and cloud, as in `Drive`, where the test decides at each effect what becomes of it.
struct TrapDrive {
    enum Fate {
        case performed
        /// it does not happen, and the worker is told this
        case answered(ReconcileEvent)
        /// it happens, and the worker is told this
        case performedButAnswered(ReconcileEvent)
        case crashedBefore
        case crashedAfter
    }

    var world: World
    /// asked before each effect; it may change the world as well
    var fate: (inout World, ReconcileEffect) -> Fate = { _, _ in .performed }
    private(set) var effects: [ReconcileEffect] = []
    private(set) var notices: [Notice] = []
    private(set) var outcomes: [ReconcileOutcome] = []
    private let policy = Policy(identity: "worker-a")

    init() throws { world = try World() }

    /// One run of the key; nil when the worker crashed in it.
    @discardableResult
    mutating func run() -> ReconcileOutcome? {
        var machine = Reconcile(key: World.key, policy: policy)
        var pending = machine.handle(.start, now: world.now, mayAct: true)
        while let effect = pending.first {
            pending.removeFirst()
            switch effect {
            case .finish(let outcome):
                outcomes.append(outcome)
                return outcome
            case .say(let notice):
                notices.append(notice)
                continue
            case .took, .record: continue
            default: effects.append(effect)
            }
            guard let event = event(for: effect) else { return nil }
            pending = machine.handle(event, now: world.now, mayAct: true)
        }
        preconditionFailure("a run ends with finish")
    }

    private mutating func event(for effect: ReconcileEffect) -> ReconcileEvent? {
        switch fate(&world, effect) {
        case .performed: return perform(effect)
        case .answered(let event):
            world.advance(.milliseconds(10))
            return event
        case .performedButAnswered(let event):
            _ = perform(effect)
            return event
        case .crashedBefore: return nil
        case .crashedAfter:
            _ = perform(effect)
            return nil
        }
    }
    private mutating func perform(_ effect: ReconcileEffect) -> ReconcileEvent {
        world.perform(effect, sentFrom: world.now.instant, life: policy.requestLife)
    }

    /// Runs until the key is settled; what a run asks for is waited for, and after a crash the next worker starts over.
    mutating func settle() {
        for _ in 0..<100 {
            switch run() {
            case .settled: return
            case .again(let after, _): world.advance(after)
            case .retry, .abandoned, nil: world.advance(.seconds(1))
            }
        }
        world.violate("never settled: \(outcomes.suffix(3))")
    }

    /// What always holds at the end.
    mutating func check() -> [String] {
        world.checkLeaks()
        world.checkConfirmation()
        return world.violations
    }
}

extension World {
    static let plain = ["eip-attributes": "{}"]
    static let fixed = ["eip-attributes": "{}", "eip-claim-delete-policy": "Never"]

    private var pods: ObjectRef { ObjectRef(.pods, namespace: World.key.namespace, name: World.key.name) }

    /// The EIPs that this controller allocated, whatever cluster for.
    var allocated: [Address] { cloud.addresses.filter { $0.tags.contains(Naming.creatorTag) } }
    /// Calls of that action, refused ones among them.
    func calls(_ action: String) -> [CloudJournalEntry] { cloud.journal.filter { $0.action == action } }
    /// Calls that change something and name the address.
    func calls(about id: AddressID) -> [CloudJournalEntry] {
        cloud.journal.filter { entry in entry.stateAfter.contains { $0.id == id } && !entry.action.hasPrefix("Describe") }
    }

    private mutating func change(_ ref: ObjectRef, _ part: ObjectPart = .main, _ body: (inout JSONValue) -> Void) {
        do {
            var object = try api.get(ref)
            body(&object)
            let changed = object
            _ = try api.replace(changed, at: ref, part: part, now: now.wall)
        } catch { violate("the story cannot go on: \(error)") }
    }

    /// Somebody else writes into the claim what does not matter: its version is another now.
    mutating func touchClaim() {
        let mark = "\(now.instant.milliseconds)"
        change(ObjectRef(claims, namespace: World.key.namespace, name: World.key.name)) { $0["metadata"]["labels"]["touched"] = .string(mark) }
        note("claim touched")
    }
    mutating func stripFinalizer() {
        change(ObjectRef(claims, namespace: World.key.namespace, name: World.key.name)) { $0["metadata"]["finalizers"] = [] }
        note("finalizer stripped")
    }
    mutating func setPhase(_ phase: String) {
        change(pods, .status) { $0["status"]["phase"] = .string(phase) }
        note("pod is \(phase)")
    }
    mutating func setOwner(_ apiVersion: String, _ kind: String, _ name: String) {
        change(pods) {
            $0["metadata"]["ownerReferences"] = [
                ["apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": "uid-owner", "controller": true]
            ]
        }
    }
    /// The pod of that name is another now, as after a force deletion.
    mutating func replacePod(_ annotations: [String: String], node: Int = 1, ip: String?) {
        removePod()
        createPod(annotations: annotations, node: node, ip: ip)
    }
}

extension ReconcileEffect {
    var isConfirmation: Bool {
        if case .replaceStatus(_, let status) = self { status.phase == .bound } else { false }
    }
}

/// Paces the calls of one worker to one account-region: nothing is sent without a `grant`. One bucket per action, rate = limit ×
/// slots owned / slots; binds before allocates before releases before sweeps, none of them starving; fair by cluster and
/// namespace. What others do with the account is noticed only by its throttle replies.
public struct Pacing: Sendable {
    public enum Event: Hashable, Sendable {
        case wake
        /// `id` is the caller's, and not used twice
        case request(id: Int, CloudAction, PacingLane, cluster: String, namespace: String)
        /// what was granted under another id is ready to be sent: granted at once, or when that is not too many in a second
        case depart(id: Int, CloudAction)
        /// it is not wanted any more, granted or not
        case cancelled(id: Int)
        /// a granted call was answered; nil is success
        case finished(CloudAction, CloudErrorClass?)
        case slots(owned: Int, of: Int)
    }

    public enum Effect: Hashable, Sendable {
        /// send it now
        case grant(id: Int)
        /// the account has no permission for it; asking is of no use before then
        case refuse(id: Int, until: Instant)
        case wake(at: Instant)
    }

    private var pacers: [ActionPacer]
    private var actions: [Int: Int] = [:]
    private var share: Share
    private var generator: SeededGenerator
    private var alarm = Alarm()

    public init(limits: Limits.Pacing = Limits.Pacing(), slotsOwned: Int = 0, of slots: Int = 1, seed: UInt64) {
        pacers = CloudAction.allCases.map { ActionPacer($0, limits: limits) }
        share = Share(owned: slotsOwned, of: slots)
        generator = SeededGenerator(seed: seed)
    }

    public mutating func handle(_ event: Event, now: Instant) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .wake: break
        case .request(let id, let action, let lane, let cluster, let namespace):
            let index = Pacing.index(action)
            if let until = pacers[index].refusedUntil(now: now) {
                effects.append(.refuse(id: id, until: until))
            } else {
                actions[id] = index
                pacers[index].enqueue(id, ActionPacer.Ticket(lane: lane, cluster: cluster, namespace: namespace), now: now)
            }
        case .depart(let id, let action):
            let index = Pacing.index(action)
            actions[id] = index
            pacers[index].leave(id)
        case .cancelled(let id):
            if let index = actions.removeValue(forKey: id) { _ = pacers[index].cancel(id) }
        case .finished(let action, let kind): finished(Pacing.index(action), kind, now: now, &effects)
        case .slots(let owned, let slots):
            precondition(slots >= 1 && (0...slots).contains(owned), "owned slots are some of all slots")
            share = Share(owned: owned, of: slots)
        }
        for index in pacers.indices {
            while let id = pacers[index].depart(share: share, now: now) ?? pacers[index].grant(share: share, now: now) {
                actions[id] = nil
                effects.append(.grant(id: id))
            }
        }
        let next = pacers.flatMap { [$0.dueAt(share: share, now: now), $0.departsAt(share: share, now: now)] }.compactMap { $0 }.min()
        if let at = alarm.set(for: next, now: now) { effects.append(.wake(at: at)) }
        return effects
    }

    /// Calls of that action that wait for their turn.
    public func waitingCount(_ action: CloudAction) -> Int { pacers[Pacing.index(action)].waitingCount }
    /// The part of the documented rate that the cloud was last seen to bear, before recovery.
    public func factor(_ action: CloudAction) -> Double { pacers[Pacing.index(action)].factor }
    /// Whether calls of that action are refused for want of permission.
    public func isOpen(_ action: CloudAction, now: Instant) -> Bool { pacers[Pacing.index(action)].refusedUntil(now: now) != nil }

    private mutating func finished(_ index: Int, _ kind: CloudErrorClass?, now: Instant, _ effects: inout [Effect]) {
        guard pacers[index].finished(kind, now: now, generator: &generator), let until = pacers[index].refusedUntil(now: now) else { return }
        for id in pacers[index].takeAll() {
            actions[id] = nil
            effects.append(.refuse(id: id, until: until))
        }
    }

    private static func index(_ action: CloudAction) -> Int {
        switch action {
        case .allocateAddresses: 0
        case .associateAddress: 1
        case .disassociateAddress: 2
        case .releaseAddresses: 3
        case .modifyAddressesBandwidth: 4
        case .modifyAddressAttribute: 5
        case .describeAddresses: 6
        case .describeAddressQuota: 7
        case .describeNetworkInterfaces: 8
        }
    }
}

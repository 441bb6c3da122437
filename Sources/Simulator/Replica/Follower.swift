internal import Core

/// How a reflector follows one kind of objects: list, watch from there; a watch that breaks is resumed, one that is too old or of
/// another history begins with a list.
final class Follower<Object: Hashable & Sendable>: Following {
    private enum State {
        case listing
        case watching
        /// the watch is broken, and it is known or not yet
        case broken
        case ended
    }
    private unowned let replica: Replica
    private unowned let cluster: Cluster
    private var sim: Simulation { replica.sim }
    private let list: (Cluster) -> [Object]
    private let changes: (Cluster) -> ChangeLog<Object>
    private let tell: (ClusterDuty.News<Object>) -> Void
    private var state = State.listing
    private var position = 0
    private var epoch = 0
    private var failures = 0
    /// the last delivery of the stream: what comes later does not overtake it
    private var lastAt = Instant.anyTime
    private let life: Int

    init(
        _ replica: Replica, _ cluster: Cluster, list: @escaping (Cluster) -> [Object], changes: @escaping (Cluster) -> ChangeLog<Object>,
        tell: @escaping (ClusterDuty.News<Object>) -> Void
    ) {
        self.replica = replica
        self.cluster = cluster
        self.list = list
        self.changes = changes
        self.tell = tell
        life = replica.life
    }

    var isFollowing: Bool { if case .watching = state { true } else { false } }
    private var isOver: Bool { if case .ended = state { true } else { false } }

    func begin() { relist() }

    func end() {
        state = .ended
        cluster.unfollow(self)
    }

    private func relist() {
        state = .listing
        let cluster = cluster
        let (list, changes) = (list, changes)
        cluster.link.call(replica, timeout: .seconds(20)) {
            (objects: list(cluster), next: changes(cluster).next, epoch: changes(cluster).epoch)
        } _: { [self] page in
            guard !isOver else { return }
            // A list in pages that cannot be read to its end is begun again.
            guard let page, !(sim.isFaulty && sim.happens(.listFailure, perMille: sim.draw.faults.listFailure)) else { return retry { [self] in relist() } }
            failures = 0
            (position, epoch) = (page.next, page.epoch)
            tell(.listed(page.objects))
            watch()
        }
    }

    private func retry(_ body: @escaping () -> Void) {
        failures += 1
        sim.after(sim.chance.around(.milliseconds(min(30_000, 500 << min(failures, 6))))) { [self] in
            replica.deliver(life) { [self] in if !isOver { body() } }
        }
    }

    private func watch() {
        let cluster = cluster
        let changes = changes
        state = .broken
        cluster.link.call(replica, timeout: .seconds(20)) {
            (epoch: changes(cluster).epoch, first: changes(cluster).first)
        } _: { [self] server in
            guard !isOver else { return }
            guard let server else { return retry { [self] in watch() } }
            if server.epoch != epoch {
                tell(.rewound)
                return relist()
            }
            if position < server.first { return relist() }
            failures = 0
            state = .watching
            tell(.following)
            cluster.follow(self)
            poke()
        }
    }

    /// Something changed at the server: it comes down the stream in order, or the stream breaks.
    func poke() {
        guard isFollowing else { return }
        let log = changes(cluster)
        let breaks =
            !cluster.link.isOpen(for: replica.index) || log.epoch != epoch || (sim.isFaulty && sim.happens(.watchBreak, perMille: sim.draw.faults.watchBreak))
        if breaks { return lose() }
        guard let new = log.since(position) else { return lose() }
        guard !new.isEmpty else { return }
        position = log.next
        lastAt = max(lastAt, sim.now + cluster.link.delay())
        if sim.isFaulty, sim.happens(.stall, perMille: sim.draw.faults.stall) { lastAt = max(lastAt, sim.now + sim.chance.seconds(1...40)) }
        let batch = Array(new)
        sim.after(lastAt - sim.now) { [self] in
            replica.deliver(life) { [self] in
                guard !isOver else { return }
                for change in batch { tell(change.isGone ? .gone(change.object) : .changed(change.object)) }
            }
        }
    }

    /// Nothing more comes; the reader notices at once, or by its idle timeout.
    private func lose() {
        state = .broken
        cluster.unfollow(self)
        let notices = sim.chance.below(2) == 0 ? sim.chance.milliseconds(1...500) : sim.chance.seconds(5...60)
        sim.after(max(notices, lastAt - sim.now)) { [self] in
            replica.deliver(life) { [self] in
                guard !isOver else { return }
                tell(.lost)
                watch()
            }
        }
    }
}

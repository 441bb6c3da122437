internal import Core
internal import Models

/// One account at the cloud and what is deployed for it: clusters, a log, replicas of the controller. Accounts have nothing in
/// common but time.
final class Account {
    unowned let sim: Simulation
    let index: Int
    let place: AccountRegion
    let map: ShardMap
    let cloud: Cloud
    let log: EventLog
    private(set) var clusters: [Cluster] = []
    private(set) var replicas: [Replica] = []
    private(set) var faults: Faults!

    init(_ sim: Simulation, _ index: Int) {
        self.sim = sim
        self.index = index
        place = AccountRegion(account: "account-\(index)", region: "ap-guangzhou")
        map = ShardMap(slots: sim.draw.slots)
        cloud = Cloud(sim, index)
        log = EventLog(sim)
        for number in 0..<sim.draw.clusters { clusters.append(Cluster(sim, self, index * 10 + number)) }
        for number in 0..<sim.draw.replicas { replicas.append(Replica(sim, self, number)) }
        faults = Faults(self)
    }

    /// Pods of several names, or of several clusters, list the same one.
    private(set) lazy var listed = cloud.addUserAddress()

    func cluster(_ uid: String) -> Cluster? { clusters.first { $0.uid == uid } }

    func begin() {
        for cluster in clusters { cluster.begin() }
        for replica in replicas { replica.start() }
        faults.begin()
    }

    func heal() {
        faults.heal()
        for cluster in clusters { cluster.heal() }
        for replica in replicas { replica.heal() }
    }

    /// What is not yet as people asked for; nil when all is.
    func disagreement() -> String? {
        for cluster in clusters {
            if let words = cluster.disagreement() { return words }
        }
        guard sim.draw.usesKafka, let partition = log.behind((0..<map.slots).map({ map.partition(ofSlot: $0, of: place) })) else { return nil }
        return "\(log.model.lag(of: partition)) offsets of partition \(partition) are not committed"
    }

    func checkEnd() { sim.checks.end(self) }
}

internal import Core
internal import JSON
internal import Models

/// The nodes of one cluster with their interfaces and private IPs, and what each node's kubelet does with its pods. A private IP
/// that a pod gives back is the next one to be given out.
final class Kubelet {
    struct Machine {
        var name: String
        var instanceID: String
        var interfaceID: String
        var isThere = true
        /// its interface is attached to another instance
        var isMoved = false
        var interfaceHost: String { isMoved ? "ins-elsewhere" : instanceID }
        /// the last one given back goes out first
        var free: [String]
    }
    /// A pod that runs, as the node has it.
    struct Running {
        var key: Key
        var node: Int
        var ip: String
    }

    private unowned let cluster: Cluster
    private var sim: Simulation { cluster.sim }
    private(set) var machines: [Machine] = []
    /// by pod UID
    private(set) var running: [String: Running] = [:]
    /// which pod has the private IP
    private(set) var holders: [String: String] = [:]
    private var incarnations = 0

    init(_ cluster: Cluster) {
        self.cluster = cluster
        for number in 1...cluster.sim.draw.nodes { machines.append(machine(number)) }
    }

    private func machine(_ number: Int) -> Machine {
        incarnations += 1
        let tail = "\(cluster.link.name.suffix(2))-\(number)-\(incarnations)".replacing("-", with: "")
        let network = abs(cluster.link.name.hashValueOfText % 200)
        return Machine(
            name: "node-\(number)", instanceID: "ins-\(tail)", interfaceID: "eni-\(tail)",
            free: (1...cluster.sim.draw.privateIPs).map { "10.\(network).\(number).\($0 + 4)" })
    }

    func begin() { for index in machines.indices { attach(index) } }

    private func attach(_ index: Int, _ ips: [String] = []) {
        let machine = machines[index]
        cluster.account.cloud.console { model, now throws(CloudFault) in
            try model.register(CloudInterface(id: machine.interfaceID, vpcID: Cloud.vpc, instanceID: machine.interfaceHost, privateIPs: ips), now: now)
        }
    }

    /// What the API server says of that node.
    func node(_ name: String) -> Node? {
        machines.first { $0.name == name && $0.isThere }.map { Node(name: $0.name, instanceID: $0.instanceID) }
    }

    // MARK: pods

    /// A node for a new pod, that one if it may be, and its number; nil when there is no room.
    func schedule(_ wanted: String? = nil) -> (name: String, index: Int)? {
        let room = machines.indices.filter { machines[$0].isThere && !machines[$0].free.isEmpty }
        guard !room.isEmpty else { return nil }
        if let wanted, let index = room.first(where: { machines[$0].name == wanted }) { return (wanted, index) }
        let index = room[sim.chance.below(room.count)]
        return (machines[index].name, index)
    }

    /// The pod's sandbox is made: it gets its private IP, and says so a little later.
    func run(_ key: Key, _ uid: String, on index: Int) {
        guard cluster.pods[key]?.uid == uid, machines[index].isThere, let ip = machines[index].free.popLast() else { return }
        running[uid] = Running(key: key, node: index, ip: ip)
        holders[ip] = uid
        attach(index, [ip])
        say(key, uid, ip)
    }

    private func say(_ key: Key, _ uid: String, _ ip: String) {
        sim.after(sim.chance.milliseconds(1...800)) { [self] in
            report(key, uid) {
                $0["phase"] = "Running"
                $0["podIP"] = .string(ip)
            }
        }
    }

    func report(_ key: Key, _ uid: String, _ change: @escaping (inout JSONValue) -> Void) {
        guard cluster.pods[key]?.uid == uid else { return }
        cluster.attempt { api, now throws(APIStatus) in
            var pod = try api.get(cluster.podRef(key))
            change(&pod["status"])
            let body = pod
            _ = try api.replace(body, at: cluster.podRef(key), part: .status, now: now)
        }
    }

    /// Its processes have ended: the node takes the private IP back, and the VPC does not hear of it.
    func free(_ uid: String) {
        guard let pod = running.removeValue(forKey: uid) else { return }
        if holders[pod.ip] == uid { holders[pod.ip] = nil }
        guard machines[pod.node].isThere else { return }
        let interface = machines[pod.node].interfaceID
        cluster.account.cloud.console { model, now throws(CloudFault) in try model.removePrivateIPs([pod.ip], from: interface, now: now) }
        machines[pod.node].free.append(pod.ip)
    }

    /// A pod that was told to end: stops, says so, gives back its IP and is removed, in an order that differs.
    func end(_ key: Key, _ uid: String) {
        let stops = sim.chance.milliseconds(50...3000)
        let says = sim.chance.below(4) > 0
        let freesFirst = sim.chance.below(2) == 0
        sim.after(stops) { [self] in
            if says { report(key, uid) { $0["containerStatuses"] = [["name": "c", "state": ["terminated": ["exitCode": 0]]]] } }
            if freesFirst { free(uid) }
            sim.after(sim.chance.milliseconds(10...2000)) { [self] in
                remove(key, uid)
                free(uid)
            }
        }
    }

    /// The kubelet's last delete.
    func remove(_ key: Key, _ uid: String) {
        cluster.attempt { api, now throws(APIStatus) in
            _ = try api.delete(cluster.podRef(key), DeleteOptions(gracePeriod: 0, uid: uid), now: now)
        }
    }

    // MARK: nodes

    /// The node is gone with all its pods and its interface; another of its name comes later, as another instance.
    func lose(_ index: Int) {
        guard machines[index].isThere else { return }
        let machine = machines[index]
        sim.note { "\(self.cluster.link.name): \(machine.name) (\(machine.instanceID)) is lost" }
        machines[index].isThere = false
        cluster.account.cloud.console { model, now throws(CloudFault) in try model.removeInterface(machine.interfaceID, now: now) }
        for (uid, pod) in running.sorted(by: { $0.key < $1.key }) where pod.node == index {
            running[uid] = nil
            holders[pod.ip] = nil
            sim.after(sim.chance.milliseconds(100...20_000)) { [self] in remove(pod.key, uid) }
        }
        sim.after(sim.chance.seconds(5...40)) { [self] in restore(index) }
    }

    /// The interface is attached to another instance, with the private IPs and EIPs that it has, and comes back.
    func moveInterface(_ index: Int, for time: Duration) {
        let machine = machines[index]
        guard machine.isThere else { return }
        sim.note { "\(self.cluster.link.name): \(machine.interfaceID) is moved to another instance for \(time)" }
        machines[index].isMoved = true
        attach(index)
        sim.after(time) { [self] in moveBack(machine.interfaceID) }
    }

    private func moveBack(_ interface: String) {
        guard let index = machines.firstIndex(where: { $0.interfaceID == interface && $0.isThere && $0.isMoved }) else { return }
        machines[index].isMoved = false
        attach(index)
    }

    private func restore(_ index: Int) {
        guard !machines[index].isThere else { return }
        machines[index] = machine(index + 1)
        attach(index)
    }

    func heal() {
        for index in machines.indices {
            moveBack(machines[index].interfaceID)
            restore(index)
        }
    }

    /// After a rollback: pods that the API server does not know are ended, and those that it knows and nobody runs are removed.
    func rewound() {
        for (uid, pod) in running.sorted(by: { $0.key < $1.key }) where cluster.pods[pod.key]?.uid != uid {
            sim.after(sim.chance.milliseconds(100...5000)) { [self] in if cluster.pods[pod.key]?.uid != uid { free(uid) } }
        }
        for pod in cluster.sortedPods {
            let key = cluster.key(pod.namespace, pod.name)
            if let here = running[pod.uid], pod.podIP != here.ip { say(key, pod.uid, here.ip) }
            guard running[pod.uid] == nil, pod.podIP != nil, !pod.hasEnded else {
                if pod.isTerminating { end(key, pod.uid) }
                continue
            }
            sim.after(sim.chance.milliseconds(100...5000)) { [self] in remove(key, pod.uid) }
        }
    }
}

extension String {
    /// Small and the same in every process.
    fileprivate var hashValueOfText: Int { Int(StableHash.of(self) % 1000) }
}

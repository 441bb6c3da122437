internal import Core
internal import JSON
internal import Models

/// Decides what the kubelets and the CNI of all nodes would do next. No IO: it is shown nodes and pods, again and again, and
/// answers with steps. A step that failed comes again.
///
///     scheduled, Pending     IP from the node's pool, on the ENI, then Running and Ready
///     deleted                after `stopTime`: containers terminated, IP back in the pool; then removed
///     gone, Succeeded, Failed    IP back in the pool
///     back from the dead     after a rollback of etcd, or in an API that an earlier kubelet served: keeps its IP if that is free, else gets another
struct Kubelet: Sendable {
    struct Settings: Hashable, Sendable {
        /// From a pod's deletion to the end of its containers.
        var stopTime = Duration.milliseconds(300)
    }
    private struct Assignment: Hashable, Sendable {
        var node: String
        var ip: String
    }
    let settings: Settings
    private var pools: [String: NodePool] = [:]
    /// By pod uid.
    private var assigned: [String: Assignment] = [:]
    /// When a deleted pod was first seen, by uid.
    private var stoppingSince: [String: Timestamp] = [:]

    init(_ settings: Settings = Settings()) { self.settings = settings }

    /// Groups of steps; a group ends at its first step that fails.
    mutating func plan(nodes: [JSONValue], pods: [JSONValue], now: Timestamp) -> [[KubeletStep]] {
        var groups: [[KubeletStep]] = []
        for node in nodes { groups.append(prepare(node, now: now)) }
        groups.append(reclaim(pods))
        groups += learn(pods)
        for pod in pods {
            guard let pool = pools[pod["spec"]["nodeName"].string ?? ""] else { continue }
            if pod.isTerminating {
                groups.append(stop(pod, now: now))
            } else if pod["status"]["phase"].string == "Pending" {
                groups.append(start(pod, on: pool, now: now))
            } else {
                groups.append(refresh(pod, now: now))
            }
        }
        return groups.filter { !$0.isEmpty }
    }

    // MARK: - Nodes

    private mutating func prepare(_ node: JSONValue, now: Timestamp) -> [KubeletStep] {
        guard let pool = NodePool(node: node) else { return [] }
        var steps: [KubeletStep] = []
        if pools[node.name] == nil {
            pools[node.name] = pool
            steps.append(.registerInterface(pool.interface))
        }
        let taints = node["spec"]["taints"].array ?? []
        let left = taints.filter { $0["key"].string != "node.kubernetes.io/not-ready" }
        if left.count < taints.count { steps.append(.patchNode(name: node.name, ["spec": ["taints": left.isEmpty ? .null : .array(left)]])) }

        var status = node["status"]
        for (resource, amount) in status["capacity"].object ?? [:] { status["allocatable"][resource] = amount }
        if !node.hasCondition("Ready") {
            let others = (status["conditions"].array ?? []).filter { $0["type"].string != "Ready" }
            let ready: JSONValue = [
                "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "the sandbox's kubelet is ready",
                "lastHeartbeatTime": .string(now.rfc3339), "lastTransitionTime": .string(now.rfc3339),
            ]
            status["conditions"] = .array(others + [ready])
        }
        if status != node["status"] {
            steps.append(.patchNodeStatus(name: node.name, ["status": ["allocatable": status["allocatable"], "conditions": status["conditions"]]]))
        }
        return steps
    }

    // MARK: - Addresses

    /// Takes over pods that another kubelet has started, or this one in a history that was undone. An IP that is another's by now
    /// is not given twice.
    private mutating func learn(_ pods: [JSONValue]) -> [[KubeletStep]] {
        var groups: [[KubeletStep]] = []
        for pod in pods where assigned[pod.uid] == nil && holdsAddress(pod) {
            guard let ip = pod["status"]["podIP"].string, let node = pod["spec"]["nodeName"].string, let pool = pools[node],
                let free = pool.free.contains(ip) ? ip : pool.free.first
            else { continue }
            assigned[pod.uid] = Assignment(node: node, ip: free)
            pools[node]?.free.removeAll { $0 == free }
            groups.append([.addAddress(pool.interface, ip: free)])
        }
        return groups
    }
    private mutating func reclaim(_ pods: [JSONValue]) -> [KubeletStep] {
        let holders = Set(pods.filter(holdsAddress).map(\.uid))
        let present = Set(pods.map(\.uid))
        stoppingSince = stoppingSince.filter { present.contains($0.key) }
        return assigned.keys.filter { !holders.contains($0) }.sorted().flatMap { giveBack($0) }
    }
    private mutating func giveBack(_ uid: String) -> [KubeletStep] {
        guard let assignment = assigned.removeValue(forKey: uid), let pool = pools[assignment.node] else { return [] }
        pools[assignment.node]?.free.insert(assignment.ip, at: 0)
        return [.removeAddress(pool.interface, ip: assignment.ip)]
    }
    private func holdsAddress(_ pod: JSONValue) -> Bool {
        let phase = pod["status"]["phase"].string
        return phase != "Succeeded" && phase != "Failed" && !(pod.isTerminating && Self.hasStopped(pod))
    }

    // MARK: - Pods

    private mutating func start(_ pod: JSONValue, on pool: NodePool, now: Timestamp) -> [KubeletStep] {
        let assignment: Assignment
        if let present = assigned[pod.uid] {
            assignment = present  // the patch did not get through
        } else {
            // without a free IP the pod waits, as with a CNI that has none
            guard let ip = pools[pool.node]?.free.first else { return [] }
            pools[pool.node]?.free.removeFirst()
            assignment = Assignment(node: pool.node, ip: ip)
            assigned[pod.uid] = assignment
        }
        var status: JSONValue = [
            "phase": "Running", "podIP": .string(assignment.ip), "podIPs": [["ip": .string(assignment.ip)]], "startTime": .string(now.rfc3339),
        ]
        status["containerStatuses"] = .array(
            (pod["spec"]["containers"].array ?? []).map { container in
                [
                    "name": container["name"], "image": container["image"], "imageID": "", "ready": true, "started": true, "restartCount": 0,
                    "containerID": .string("sandbox://\(pod.uid)/\(container["name"].string ?? "")"),
                    "state": ["running": ["startedAt": .string(now.rfc3339)]],
                ]
            })
        status["conditions"] = Self.conditions(of: pod, ready: true, now: now)
        return [.addAddress(pool.interface, ip: assignment.ip), patch(pod, status)]
    }

    /// Readiness follows the pod's readiness gates, and the IP is the one it has.
    private func refresh(_ pod: JSONValue, now: Timestamp) -> [KubeletStep] {
        guard pod["status"]["phase"].string == "Running" else { return [] }
        if let ip = assigned[pod.uid]?.ip, pod["status"]["podIP"].string != ip {
            return [patch(pod, ["podIP": .string(ip), "podIPs": [["ip": .string(ip)]]])]
        }
        guard !(pod["spec"]["readinessGates"].array ?? []).isEmpty else { return [] }
        let conditions = Self.conditions(of: pod, ready: true, now: now)
        return conditions == pod["status"]["conditions"] ? [] : [patch(pod, ["conditions": conditions])]
    }

    private mutating func stop(_ pod: JSONValue, now: Timestamp) -> [KubeletStep] {
        if Self.hasStopped(pod) { return [.removePod(namespace: pod.namespace, name: pod.name, uid: pod.uid)] }
        let since = stoppingSince[pod.uid] ?? now
        stoppingSince[pod.uid] = since
        guard now - since >= settings.stopTime else { return [] }
        let ended = (pod["status"]["containerStatuses"].array ?? []).map { status in
            var status = status
            status["ready"] = false
            status["started"] = false
            status["state"] = [
                "terminated": [
                    "exitCode": 0, "reason": "Completed", "startedAt": status["state"]["running"]["startedAt"], "finishedAt": .string(now.rfc3339),
                    "containerID": status["containerID"],
                ]
            ]
            return status
        }
        let status: JSONValue = ["containerStatuses": .array(ended), "conditions": Self.conditions(of: pod, ready: false, now: now)]
        // The IP is given out again only once the API says that the containers have ended: `reclaim` sees that.
        return [patch(pod, status)]
    }

    /// No container runs, or none ever did.
    private static func hasStopped(_ pod: JSONValue) -> Bool { (pod["status"]["containerStatuses"].array ?? []).allSatisfy { $0["state"].has("terminated") } }

    private func patch(_ pod: JSONValue, _ status: JSONValue) -> KubeletStep {
        let metadata: JSONValue = ["uid": pod["metadata"]["uid"], "resourceVersion": pod["metadata"]["resourceVersion"]]
        return .patchPodStatus(namespace: pod.namespace, name: pod.name, ["metadata": metadata, "status": status])
    }

    /// The pod's conditions with the kubelet's own brought up to date; those of others stay.
    private static func conditions(of pod: JSONValue, ready: Bool, now: Timestamp) -> JSONValue {
        let gates = (pod["spec"]["readinessGates"].array ?? []).compactMap { $0["conditionType"].string }
        var all = pod["status"]["conditions"].array ?? []
        for (type, holds) in [("Initialized", true), ("ContainersReady", ready), ("Ready", ready && gates.allSatisfy(pod.hasCondition))] {
            var condition: JSONValue = ["type": .string(type), "status": holds ? "True" : "False", "lastTransitionTime": .string(now.rfc3339)]
            if type == "Ready", ready, !holds { condition["reason"] = "ReadinessGatesNotReady" }
            if let at = all.firstIndex(where: { $0["type"].string == type }) {
                if all[at]["status"] != condition["status"] { all[at] = condition }
            } else {
                all.append(condition)
            }
        }
        return .array(all)
    }
}

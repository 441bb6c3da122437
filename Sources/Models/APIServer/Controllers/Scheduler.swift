internal import Core
internal import JSON

extension APIServerModel {
    /// Gives each pod without node the node with the fewest pods that fits: schedulable, its labels match `nodeSelector`, and
    /// its allocatable covers every extended resource (a name with a slash) and `pods`. Cpu, memory, taints and affinity are
    /// not looked at.
    mutating func stepScheduler(now: Timestamp) {
        var waiting = all(.pods).filter { $0["spec"]["nodeName"].string ?? "" == "" && Self.isActive($0) }
        guard !waiting.isEmpty else { return }
        waiting.sort { ($0["metadata"]["creationTimestamp"].string ?? "", $0.name) < ($1["metadata"]["creationTimestamp"].string ?? "", $1.name) }
        let nodes = all(.nodes)
        var used: [String: [String: Int]] = [:]
        for pod in all(.pods) where pod["status"]["phase"].string != "Succeeded" && pod["status"]["phase"].string != "Failed" {
            guard let node = pod["spec"]["nodeName"].string, !node.isEmpty else { continue }
            used[node, default: [:]].merge(Self.requests(of: pod)) { $0 + $1 }
        }
        for pod in waiting {
            let requests = Self.requests(of: pod)
            var misfits: [String: Int] = [:]
            var best: (name: String, pods: Int)?
            for node in nodes {
                if let misfit = Self.misfit(pod, requests, node, used[node.name] ?? [:]) {
                    misfits[misfit, default: 0] += 1
                    continue
                }
                let count = used[node.name]?["pods"] ?? 0
                if best == nil || count < best?.pods ?? 0 { best = (node.name, count) }
            }
            let ref = ObjectRef(.pods, namespace: pod.namespace, name: pod.name)
            guard let best else {
                let reasons = misfits.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
                refuse(pod, ref, "0/\(nodes.count) nodes are available" + (reasons.isEmpty ? "." : ": \(reasons)."), now: now)
                continue
            }
            if attempt({ model throws(APIStatus) in try model.bind(ref, to: best.name, now: now) }) {
                used[best.name, default: [:]].merge(requests) { $0 + $1 }
                recordEvent(
                    "Normal", "Scheduled", "Successfully assigned \(pod.namespace)/\(pod.name) to \(best.name)", on: pod, by: "default-scheduler", now: now)
            }
        }
    }

    /// Says why on the pod, once per reason.
    private mutating func refuse(_ pod: JSONValue, _ ref: ObjectRef, _ message: String, now: Timestamp) {
        var new = pod
        new.setCondition("PodScheduled", status: "False", reason: "Unschedulable", message: message, now: now)
        guard new != pod else { return }
        commit(new, at: ref)
        recordEvent("Warning", "FailedScheduling", message, on: pod, by: "default-scheduler", now: now)
    }
    /// Nil if the pod fits the node.
    private static func misfit(_ pod: JSONValue, _ requests: [String: Int], _ node: JSONValue, _ used: [String: Int]) -> String? {
        if node["spec"]["unschedulable"].bool == true { return "node(s) were unschedulable" }
        let labels = node.labels
        guard pod["spec"]["nodeSelector"].stringMembers.allSatisfy({ labels[$0.key] == $0.value }) else {
            return "node(s) didn't match node selector"
        }
        for (resource, amount) in requests.sorted(by: { $0.key < $1.key }) {
            let allocatable = node["status"]["allocatable"]
            if resource == "pods", allocatable["pods"].isNull { continue }
            if (used[resource] ?? 0) + amount > quantity(allocatable[resource]) { return resource == "pods" ? "Too many pods" : "Insufficient \(resource)" }
        }
        return nil
    }
    private static func requests(of pod: JSONValue) -> [String: Int] {
        var sum = ["pods": 1]
        for container in pod["spec"]["containers"].array ?? [] {
            for (resource, amount) in container["resources"]["requests"].object ?? [:] where resource.contains("/") {
                sum[resource, default: 0] += quantity(amount)
            }
        }
        return sum
    }
    /// Extended resources come in whole numbers, as text or number; anything else counts as none.
    private static func quantity(_ value: JSONValue) -> Int { value.int ?? value.string.flatMap { Int($0) } ?? 0 }
}

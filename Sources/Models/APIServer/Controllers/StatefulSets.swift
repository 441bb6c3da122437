internal import Core
internal import JSON

extension APIServerModel {
    /// Pods `<name>-0` … `<name>-(replicas-1)`: missing ones are created (in order, each after the one before is Ready, unless
    /// `podManagementPolicy` is Parallel), surplus ones deleted from the top, ended ones replaced, and pods of an older
    /// template replaced from the top, one at a time.
    mutating func stepStatefulSets(now: Timestamp) {
        for set in all(.statefulSets) where !set.isTerminating { step(set, now: now) }
    }

    private mutating func step(_ set: JSONValue, now: Timestamp) {
        let replicas = set["spec"]["replicas"].int ?? 1
        let parallel = set["spec"]["podManagementPolicy"].string == "Parallel"
        var pods: [Int: JSONValue] = [:]
        for pod in controlled(.pods, by: set) {
            if let ordinal = Self.ordinal(pod.name, in: set.name) { pods[ordinal] = pod }
        }
        let revision = Self.templateRevision(of: set)
        report(Self.status(of: set, pods: Array(pods.values), revision: revision), on: ObjectRef(.statefulSets, namespace: set.namespace, name: set.name))

        for ordinal in 0..<max(0, replicas) {
            guard let pod = pods[ordinal] else {
                create(ordinal, of: set, revision: revision, now: now)
                if parallel { continue } else { return }
            }
            if !Self.isActive(pod) {
                if !pod.isTerminating { remove(pod, now: now) }
                if parallel { continue } else { return }
            }
            if !parallel, !pod.hasCondition("Ready") { return }
        }
        for ordinal in pods.keys.filter({ $0 >= replicas }).sorted(by: >) {
            if let pod = pods[ordinal], !pod.isTerminating { remove(pod, now: now) }
            if !parallel { return }
        }
        guard set["spec"]["updateStrategy"]["type"].string != "OnDelete" else { return }
        for ordinal in (0..<max(0, replicas)).reversed() {
            guard let pod = pods[ordinal] else { return }
            if pod.labels["controller-revision-hash"] != revision { return remove(pod, now: now) }
            if !pod.hasCondition("Ready") { return }
        }
    }
    private mutating func create(_ ordinal: Int, of set: JSONValue, revision: String, now: Timestamp) {
        var pod = instance(of: set["spec"]["template"], name: "\(set.name)-\(ordinal)", owner: set)
        pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = .string(pod.name)
        pod["metadata"]["labels"]["controller-revision-hash"] = .string(revision)
        pod["spec"]["hostname"] = .string(pod.name)
        attempt { model throws(APIStatus) in try model.create(pod, in: .pods, namespace: set.namespace, now: now) }
    }
    mutating func remove(_ pod: JSONValue, now: Timestamp) {
        attempt { model throws(APIStatus) in
            try model.delete(ObjectRef(.pods, namespace: pod.namespace, name: pod.name), DeleteOptions(uid: pod.uid), now: now)
        }
    }

    /// The number behind the set's name and a dash; nil for other names.
    static func ordinal(_ pod: String, in set: String) -> Int? {
        guard pod.hasPrefix("\(set)-") else { return nil }
        return Int(pod.dropFirst(set.utf8.count + 1))
    }
    /// Differs when the pod template does.
    private static func templateRevision(of set: JSONValue) -> String {
        "\(set.name.prefix(50))-\(StableHash.hex(of: set["spec"]["template"].text(sortedKeys: true)).prefix(10))"
    }
    private static func status(of set: JSONValue, pods: [JSONValue], revision: String) -> JSONValue {
        let updated = pods.filter { $0.labels["controller-revision-hash"] == revision }.count
        let ready = pods.filter { isActive($0) && $0.hasCondition("Ready") }.count
        return [
            "observedGeneration": set["metadata"]["generation"], "replicas": .int(pods.count), "readyReplicas": .int(ready),
            "currentReplicas": .int(updated), "updatedReplicas": .int(updated), "currentRevision": .string(revision),
            "updateRevision": .string(revision), "collisionCount": 0,
        ]
    }
}

internal import Core
internal import JSON

extension APIServerModel {
    /// One ReplicaSet per pod template. The new one takes over at once: old ones are scaled to 0, without the pace that a
    /// rolling update would keep.
    mutating func stepDeployments(now: Timestamp) {
        for deployment in all(.deployments) where !deployment.isTerminating {
            let template = deployment["spec"]["template"]
            let hash = String(StableHash.hex(of: template.text(sortedKeys: true)).prefix(10))
            let owned = controlled(.replicaSets, by: deployment)
            let current = owned.first { $0.labels["pod-template-hash"] == hash }
            if current == nil {
                var set = instance(of: ["metadata": template["metadata"], "spec": [:]], name: "\(deployment.name)-\(hash)", owner: deployment)
                set["metadata"]["labels"]["pod-template-hash"] = .string(hash)
                set["spec"]["replicas"] = deployment["spec"]["replicas"]
                set["spec"]["selector"] = deployment["spec"]["selector"]
                set["spec"]["selector"]["matchLabels"]["pod-template-hash"] = .string(hash)
                set["spec"]["template"] = template
                set["spec"]["template"]["metadata"]["labels"]["pod-template-hash"] = .string(hash)
                attempt { model throws(APIStatus) in try model.create(set, in: .replicaSets, namespace: deployment.namespace, now: now) }
            }
            for set in owned {
                let wanted = set.name == current?.name ? deployment["spec"]["replicas"] : 0
                guard set["spec"]["replicas"] != wanted else { continue }
                let ref = ObjectRef(.replicaSets, namespace: set.namespace, name: set.name)
                attempt { model throws(APIStatus) in try model.patch(.merge(["spec": ["replicas": wanted]]), at: ref) }
            }
            let ready = current?["status"]["readyReplicas"].int ?? 0
            let total = owned.reduce(0) { $0 + ($1["status"]["replicas"].int ?? 0) }
            report(
                [
                    "observedGeneration": deployment["metadata"]["generation"], "replicas": .int(total), "readyReplicas": .int(ready),
                    "availableReplicas": .int(ready), "updatedReplicas": .int(current?["status"]["replicas"].int ?? 0),
                ], on: ObjectRef(.deployments, namespace: deployment.namespace, name: deployment.name))
        }
    }

    /// As many active pods as asked for, under generated names; the newest go first.
    mutating func stepReplicaSets(now: Timestamp) {
        for set in all(.replicaSets) where !set.isTerminating {
            let pods = controlled(.pods, by: set).filter(Self.isActive)
            let wanted = set["spec"]["replicas"].int ?? 1
            for _ in pods.count..<max(wanted, pods.count) {
                var pod = instance(of: set["spec"]["template"], name: "", owner: set)
                pod["metadata"].removeValue(forKey: "name")
                pod["metadata"]["generateName"] = .string("\(set.name)-")
                attempt { model throws(APIStatus) in try model.create(pod, in: .pods, namespace: set.namespace, now: now) }
            }
            let newestFirst = pods.sorted {
                ($0["metadata"]["creationTimestamp"].string ?? "", $0.name) > ($1["metadata"]["creationTimestamp"].string ?? "", $1.name)
            }
            for pod in newestFirst.prefix(max(0, pods.count - wanted)) { remove(pod, now: now) }
            let ready = pods.filter { $0.hasCondition("Ready") }.count
            report(
                [
                    "observedGeneration": set["metadata"]["generation"], "replicas": .int(pods.count), "readyReplicas": .int(ready),
                    "availableReplicas": .int(ready),
                ], on: ObjectRef(.replicaSets, namespace: set.namespace, name: set.name))
        }
    }
}

internal import JSON

/// Defaults and validation of the built-in kinds, as far as clients of this project run into them.
enum KindRules {
    // MARK: - Defaults

    /// Fills in what the server fills in. Idempotent, so that updates can leave it out again.
    static func complete(_ object: inout JSONValue, of resource: Resource) {
        switch resource.name {
        case Resource.pods.name:
            completePodSpec(&object["spec"])
            object["spec"].setDefault("priority", 0)
            object["spec"].setDefault("enableServiceLinks", true)
            if !object["metadata"].has("uid") { object["status"] = ["phase": "Pending", "qosClass": "BestEffort"] }
        case Resource.namespaces.name:
            if !object["metadata"].has("uid") {
                object["spec"] = ["finalizers": ["kubernetes"]]
                object["status"] = ["phase": "Active"]
            }
        case Resource.nodes.name:
            if object["status"]["allocatable"].isNull, !object["status"]["capacity"].isNull {
                object["status"]["allocatable"] = object["status"]["capacity"]
            }
        case Resource.statefulSets.name:
            completeWorkload(&object)
            object["spec"].setDefault("podManagementPolicy", "OrderedReady")
            object["spec"].setDefault("updateStrategy", ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]])
            object["spec"].setDefault("revisionHistoryLimit", 10)
        case Resource.deployments.name:
            completeWorkload(&object)
            object["spec"].setDefault("strategy", ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%", "maxSurge": "25%"]])
            object["spec"].setDefault("revisionHistoryLimit", 10)
            object["spec"].setDefault("progressDeadlineSeconds", 600)
        case Resource.replicaSets.name: completeWorkload(&object)
        case Resource.secrets.name: object.setDefault("type", "Opaque")
        case Resource.events.name: object.setDefault("type", "Normal")
        case Resource.customResourceDefinitions.name: Resource.completeDefinition(&object)
        default: break
        }
    }
    private static func completePodSpec(_ spec: inout JSONValue) {
        guard spec.object != nil else { return }
        spec.setDefault("restartPolicy", "Always")
        spec.setDefault("terminationGracePeriodSeconds", 30)
        spec.setDefault("dnsPolicy", "ClusterFirst")
        spec.setDefault("securityContext", [:])
        spec.setDefault("schedulerName", "default-scheduler")
        guard let containers = spec["containers"].array else { return }
        spec["containers"] = .array(
            containers.map { container in
                var container = container
                guard container.object != nil else { return container }
                container.setDefault("resources", [:])
                // an extended resource's request is its limit
                for (name, amount) in container["resources"]["limits"].object ?? [:] where container["resources"]["requests"][name].isNull {
                    container["resources"]["requests"][name] = amount
                }
                container.setDefault("imagePullPolicy", "IfNotPresent")
                return container
            })
    }
    private static func completeWorkload(_ object: inout JSONValue) {
        guard object["spec"].object != nil else { return }
        object["spec"].setDefault("replicas", 1)
        completePodSpec(&object["spec"]["template"]["spec"])
        if !object["metadata"].has("uid") { object["status"] = ["replicas": 0] }
    }

    // MARK: - Validation

    static func problems(_ object: JSONValue, of resource: Resource) -> [APIStatus.Cause] {
        switch resource.name {
        case Resource.pods.name: return podProblems(object["spec"], at: "spec")
        case Resource.statefulSets.name, Resource.deployments.name, Resource.replicaSets.name: return workloadProblems(object["spec"])
        case Resource.leases.name:
            guard let seconds = object["spec"]["leaseDurationSeconds"].int, seconds <= 0 else { return [] }
            return [.invalid("spec.leaseDurationSeconds", "\(seconds)", "must be greater than 0")]
        case Resource.events.name:
            let involved = object["involvedObject"]["namespace"].string ?? ""
            let matches = involved == object.namespace || involved.isEmpty && object.namespace == "default"
            return matches ? [] : [.invalid("involvedObject.namespace", "\"\(involved)\"", "does not match event.namespace")]
        case Resource.configMaps.name, Resource.secrets.name:
            return (object["data"].object ?? [:]).keys.filter { !isDataKey($0) }.map {
                .invalid("data[\($0)]", "\"\($0)\"", "a valid config key must consist of alphanumeric characters, '-', '_' or '.'")
            }
        case Resource.customResourceDefinitions.name: return Resource.problems(ofDefinition: object)
        default: return []
        }
    }
    private static func isDataKey(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.allSatisfy { 0x61...0x7a ~= $0 | 0x20 || 0x30...0x39 ~= $0 || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f }
    }
    private static func podProblems(_ spec: JSONValue, at path: String) -> [APIStatus.Cause] {
        guard let containers = spec["containers"].array, !containers.isEmpty else { return [.required("\(path).containers")] }
        var causes: [APIStatus.Cause] = []
        for (index, container) in containers.enumerated() {
            for field in ["name", "image"] where container[field].string ?? "" == "" {
                causes.append(.required("\(path).containers[\(index)].\(field)"))
            }
            for (resource, limit) in container["resources"]["limits"].object ?? [:] where resource.contains("/") {
                if container["resources"]["requests"][resource] != limit {
                    causes.append(.invalid("\(path).containers[\(index)].resources.requests", limit.text(), "must be equal to \(resource) limit"))
                }
            }
        }
        return causes
    }
    private static func workloadProblems(_ spec: JSONValue) -> [APIStatus.Cause] {
        var causes: [APIStatus.Cause] = []
        let selector = spec["selector"]["matchLabels"].stringMembers
        let labels = spec["template"]["metadata"]["labels"].stringMembers
        if selector.isEmpty {
            causes.append(.required("spec.selector"))
        } else if !selector.allSatisfy({ labels[$0.key] == $0.value }) {
            let shown = labels.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ", ")
            causes.append(.invalid("spec.template.metadata.labels", "map[string]string{\(shown)}", "`selector` does not match template `labels`"))
        }
        if let replicas = spec["replicas"].int, replicas < 0 {
            causes.append(.invalid("spec.replicas", "\(replicas)", "must be greater than or equal to 0"))
        }
        return causes + podProblems(spec["template"]["spec"], at: "spec.template.spec")
    }

    /// What must not change.
    static func problems(changing old: JSONValue, to new: JSONValue, of resource: Resource) -> [APIStatus.Cause] {
        switch resource.name {
        case Resource.pods.name:
            if mutablePodFieldsBlanked(old["spec"]) == mutablePodFieldsBlanked(new["spec"]) { return [] }
            return [
                .forbidden(
                    "spec",
                    "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, "
                        + "`spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)")
            ]
        case Resource.nodes.name:
            let before = old["spec"]["providerID"].string ?? ""
            if before.isEmpty || before == new["spec"]["providerID"].string { return [] }
            return [.forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid")]
        case Resource.statefulSets.name:
            func fixed(_ spec: JSONValue) -> JSONValue {
                var spec = spec
                for field in ["replicas", "template", "updateStrategy", "minReadySeconds"] { spec.removeValue(forKey: field) }
                return spec
            }
            if fixed(old["spec"]) == fixed(new["spec"]) { return [] }
            return [
                .forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden")
            ]
        case Resource.deployments.name, Resource.replicaSets.name:
            if old["spec"]["selector"] == new["spec"]["selector"] { return [] }
            return [.invalid("spec.selector", new["spec"]["selector"].text(), "field is immutable")]
        default: return []
        }
    }
    private static func mutablePodFieldsBlanked(_ spec: JSONValue) -> JSONValue {
        var spec = spec
        for field in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] { spec.removeValue(forKey: field) }
        for list in ["containers", "initContainers"] {
            guard let containers = spec[list].array else { continue }
            spec[list] = .array(
                containers.map { container in
                    var container = container
                    container["image"] = ""
                    return container
                })
        }
        return spec
    }
}

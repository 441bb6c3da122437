internal import Core
internal import JSON
internal import Models

/// One column: its head and how an object fills it.
struct TableColumn: Sendable {
    var name: String
    var type = "string"
    var priority = 0
    var cell: @Sendable (JSONValue, Timestamp) -> JSONValue

    init(_ name: String, type: String = "string", wide: Bool = false, _ cell: @escaping @Sendable (JSONValue) -> JSONValue) {
        self.name = name
        self.type = type
        priority = wide ? 1 : 0
        self.cell = { object, _ in cell(object) }
    }
    /// How long ago something was.
    init(age name: String, type: String = "string", wide: Bool = false, _ time: @escaping @Sendable (JSONValue) -> JSONValue) {
        self.init(name, type: type, wide: wide) { _ in .null }
        cell = { object, now in .string(Tables.age(since: time(object).string, now: now)) }
    }
}

/// The columns of the kinds, as in kubernetes/pkg/printers/internalversion/printers.go.
enum TableColumns {
    private static let name = TableColumn("Name") { $0["metadata"]["name"] }
    private static let age = TableColumn(age: "Age") { $0["metadata"]["creationTimestamp"] }

    static func of(_ resource: Resource) -> [TableColumn] {
        if resource.custom { return [name] + (resource.columns.isEmpty ? [age] : resource.columns.map(custom)) }
        switch resource.name {
        case Resource.pods.name: return pods
        case Resource.nodes.name: return nodes
        case Resource.namespaces.name: return [name, TableColumn("Status") { $0["status"]["phase"] }, age]
        case Resource.events.name: return events
        case Resource.statefulSets.name:
            return [name, TableColumn("Ready") { "\(count($0["status"]["readyReplicas"]))/\(count($0["spec"]["replicas"]))" }, age] + containers
        case Resource.deployments.name:
            let ready = TableColumn("Ready") { "\(count($0["status"]["readyReplicas"]))/\(count($0["spec"]["replicas"]))" }
            return [name, ready, number("Up-to-date", "updatedReplicas"), number("Available", "availableReplicas"), age] + containers
        case Resource.replicaSets.name:
            let desired = TableColumn("Desired", type: "integer") { .int(count($0["spec"]["replicas"])) }
            return [name, desired, number("Current", "replicas"), number("Ready", "readyReplicas"), age] + containers
        case Resource.leases.name: return [name, TableColumn("Holder") { $0["spec"]["holderIdentity"] }, age]
        case Resource.configMaps.name: return [name, TableColumn("Data", type: "integer") { .int($0["data"].object?.count ?? 0) }, age]
        case Resource.secrets.name:
            return [name, TableColumn("Type") { $0["type"] }, TableColumn("Data", type: "integer") { .int($0["data"].object?.count ?? 0) }, age]
        case Resource.customResourceDefinitions.name: return [name, TableColumn("Created At", type: "dateTime") { $0["metadata"]["creationTimestamp"] }]
        default: return [name, age]
        }
    }

    private static func custom(_ column: Resource.Column) -> TableColumn {
        var made = TableColumn(column.name, type: column.type) { $0.at(jsonPath: column.jsonPath) }
        if column.type == "date" {
            made = TableColumn(age: column.name, type: "date") { $0.at(jsonPath: column.jsonPath) }
            let age = made.cell
            // an absent time is an empty cell here, not an unknown age
            made.cell = { object, now in object.at(jsonPath: column.jsonPath).isNull ? .null : age(object, now) }
        }
        made.priority = column.priority
        return made
    }
    private static func count(_ value: JSONValue) -> Int { value.int ?? 0 }
    private static func number(_ name: String, _ field: String) -> TableColumn {
        TableColumn(name, type: "integer") { .int(count($0["status"][field])) }
    }
    private static func text(_ value: JSONValue) -> JSONValue { .string(value.string.flatMap { $0.isEmpty ? nil : $0 } ?? "<none>") }
    private static let containers = [
        TableColumn("Containers", wide: true) { joined($0["spec"]["template"]["spec"]["containers"], "name") },
        TableColumn("Images", wide: true) { joined($0["spec"]["template"]["spec"]["containers"], "image") },
    ]
    private static func joined(_ list: JSONValue, _ field: String) -> JSONValue {
        .string((list.array ?? []).compactMap { $0[field].string }.joined(separator: ","))
    }

    // MARK: - Pods

    private static let pods = [
        name,
        TableColumn("Ready") { pod in
            let ready = (pod["status"]["containerStatuses"].array ?? []).filter { $0["ready"].bool == true }.count
            return "\(ready)/\(pod["spec"]["containers"].array?.count ?? 0)"
        },
        TableColumn("Status") { .string(podStatus($0)) },
        TableColumn("Restarts", type: "integer") { pod in
            .int((pod["status"]["containerStatuses"].array ?? []).reduce(0) { $0 + count($1["restartCount"]) })
        },
        age,
        TableColumn("IP", wide: true) { text($0["status"]["podIP"]) },
        TableColumn("Node", wide: true) { text($0["spec"]["nodeName"]) },
        TableColumn("Nominated Node", wide: true) { text($0["status"]["nominatedNodeName"]) },
        TableColumn("Readiness Gates", wide: true) { pod in
            let gates = (pod["spec"]["readinessGates"].array ?? []).compactMap { $0["conditionType"].string }
            return gates.isEmpty ? "<none>" : "\(gates.filter(pod.hasCondition).count)/\(gates.count)"
        },
    ]
    private static func podStatus(_ pod: JSONValue) -> String {
        if pod.isTerminating { return "Terminating" }
        if let reason = pod["status"]["reason"].string, !reason.isEmpty { return reason }
        for status in pod["status"]["containerStatuses"].array ?? [] {
            if let reason = status["state"]["waiting"]["reason"].string, !reason.isEmpty { return reason }
            if let reason = status["state"]["terminated"]["reason"].string, !reason.isEmpty { return reason }
        }
        return pod["status"]["phase"].string ?? "Unknown"
    }

    // MARK: - Nodes and events

    private static let nodes = [
        name,
        TableColumn("Status") { node in
            let ready = node.hasCondition("Ready") ? "Ready" : (node["status"]["conditions"].array ?? []).isEmpty ? "Unknown" : "NotReady"
            return .string(node["spec"]["unschedulable"].bool == true ? "\(ready),SchedulingDisabled" : ready)
        },
        TableColumn("Roles") { node in
            let roles = node.labels.keys.filter { $0.hasPrefix("node-role.kubernetes.io/") }.map { String($0.dropFirst(24)) }.sorted()
            return .string(roles.isEmpty ? "<none>" : roles.joined(separator: ","))
        },
        age,
        TableColumn("Version") { $0["status"]["nodeInfo"]["kubeletVersion"] },
        TableColumn("Internal-IP", wide: true) { address($0, "InternalIP") },
        TableColumn("External-IP", wide: true) { address($0, "ExternalIP") },
        TableColumn("OS-Image", wide: true) { text($0["status"]["nodeInfo"]["osImage"]) },
        TableColumn("Kernel-Version", wide: true) { text($0["status"]["nodeInfo"]["kernelVersion"]) },
        TableColumn("Container-Runtime", wide: true) { text($0["status"]["nodeInfo"]["containerRuntimeVersion"]) },
    ]
    private static func address(_ node: JSONValue, _ type: String) -> JSONValue {
        text((node["status"]["addresses"].array ?? []).first { $0["type"].string == type }?["address"] ?? .null)
    }

    private static let events = [
        TableColumn(age: "Last Seen") { event in [event["lastTimestamp"], event["eventTime"], event["firstTimestamp"]].first { !$0.isNull } ?? .null },
        TableColumn("Type") { $0["type"] },
        TableColumn("Reason") { $0["reason"] },
        TableColumn("Object") { event in
            "\((event["involvedObject"]["kind"].string ?? "").lowercased())/\(event["involvedObject"]["name"].string ?? "")"
        },
        TableColumn("Source", wide: true) { text($0["source"]["component"]) },
        TableColumn("Message") { $0["message"] },
        TableColumn(age: "First Seen", wide: true) { event in [event["firstTimestamp"], event["eventTime"]].first { !$0.isNull } ?? .null },
        TableColumn("Count", type: "integer", wide: true) { .int($0["count"].int ?? 1) },
        TableColumn("Name", wide: true) { $0["metadata"]["name"] },
    ]
}

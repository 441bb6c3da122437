import Core
import JSON
import Models
import Testing

@testable import Sandbox

/// The model of an API server with one node, and a kubelet on it; the cloud is a list of what it was told.
private struct Cluster {
    var model = APIServerModel(now: Timestamp(milliseconds: 0))
    var kubelet = Kubelet()
    var now = Timestamp(milliseconds: 0)
    var cloud: [String] = []

    init(ips: String = "10.0.0.1,10.0.0.2") throws {
        let annotations: JSONValue = ["sandbox.eip-controller/eni-id": "eni-1", "sandbox.eip-controller/private-ips": .string(ips)]
        let node: JSONValue = [
            "metadata": ["name": "n1", "annotations": annotations],
            "spec": ["providerID": "qcloud:///100003/ins-1", "taints": [["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]]],
            "status": ["capacity": ["cpu": "8"]],
        ]
        try model.create(node, in: .nodes, now: now)
    }
    mutating func pod(_ name: String, _ more: JSONValue = [:]) throws {
        var pod = more
        pod["metadata"]["name"] = .string(name)
        pod["spec"]["containers"] = [["name": "c", "image": "i"]]
        try model.create(pod, in: .pods, namespace: "default", now: now)
        model.stepControllers(now: now)
    }
    mutating func round(after time: Duration = .milliseconds(400)) throws {
        now = now + time
        for step in kubelet.plan(nodes: model.all(.nodes), pods: model.all(.pods), now: now).flatMap(\.self) {
            switch step {
            case .registerInterface(let interface): cloud.append("register \(interface.id) \(interface.instanceID) \(interface.cores)")
            case .addAddress(let interface, let ip): cloud.append("add \(interface.id) \(ip)")
            case .removeAddress(let interface, let ip): cloud.append("remove \(interface.id) \(ip)")
            case .patchNode(let name, let patch): try model.patch(.merge(patch), at: ObjectRef(.nodes, name: name))
            case .patchNodeStatus(let name, let patch): try model.patch(.merge(patch), at: ObjectRef(.nodes, name: name), part: .status)
            case .patchPodStatus(let namespace, let name, let patch):
                try model.patch(.merge(patch), at: ObjectRef(.pods, namespace: namespace, name: name), part: .status)
            case .removePod(let namespace, let name, let uid):
                try model.delete(ObjectRef(.pods, namespace: namespace, name: name), DeleteOptions(gracePeriod: 0, uid: uid), now: now)
            }
        }
    }
    func find(_ name: String) -> JSONValue? { model.find(ObjectRef(.pods, namespace: "default", name: name)) }
    mutating func delete(_ name: String) throws { try model.delete(ObjectRef(.pods, namespace: "default", name: name), now: now) }
}

@Test func `a node becomes ready and offers what it has`() throws {
    var cluster = try Cluster()
    try cluster.model.patch(.merge(["status": ["capacity": ["example.com/eip": "3"]]]), at: ObjectRef(.nodes, name: "n1"), part: .status)
    try cluster.round()
    let node = try #require(cluster.model.find(ObjectRef(.nodes, name: "n1")))
    #expect(node.hasCondition("Ready"))
    #expect(node["spec"]["taints"] == .null)
    #expect(node["status"]["allocatable"]["example.com/eip"] == "3")
    #expect(cluster.cloud == ["register eni-1 ins-1 8"])
    let revision = cluster.model.revision
    try cluster.round()
    #expect(cluster.model.revision == revision)
}

@Test func `a scheduled pod gets an address of the ENI and runs`() throws {
    var cluster = try Cluster()
    try cluster.pod("a")
    try cluster.round()
    let pod = try #require(cluster.find("a"))
    #expect(pod["status"]["phase"] == "Running")
    #expect(pod["status"]["podIP"] == "10.0.0.1")
    #expect(pod.hasCondition("Ready"))
    #expect(cluster.cloud.last == "add eni-1 10.0.0.1")
}

@Test func `a deleted pod stops, gives its address back, then goes`() throws {
    var cluster = try Cluster()
    try cluster.pod("a")
    try cluster.round()
    try cluster.delete("a")
    try cluster.round(after: .milliseconds(10))
    #expect(cluster.find("a")?["status"]["containerStatuses"][0]["state"].has("running") == true)
    try cluster.round()
    #expect(cluster.find("a")?["status"]["containerStatuses"][0]["state"].has("terminated") == true)
    #expect(cluster.find("a")?.hasCondition("Ready") == false)
    try cluster.round()
    #expect(cluster.find("a") == nil)
    #expect(cluster.cloud.last == "remove eni-1 10.0.0.1")
}

@Test func `the address given back last is given out first`() throws {
    var cluster = try Cluster(ips: "10.0.0.1,10.0.0.2,10.0.0.3")
    try cluster.pod("a")
    try cluster.round()
    try cluster.delete("a")
    try cluster.round(after: .milliseconds(10))
    try cluster.round()
    try cluster.pod("b")
    try cluster.round()
    #expect(cluster.find("b")?["status"]["podIP"] == "10.0.0.1")
    #expect(cluster.cloud.suffix(2) == ["remove eni-1 10.0.0.1", "add eni-1 10.0.0.1"])
}

@Test func `a pod waits while no address is free, and an ended one frees its own`() throws {
    var cluster = try Cluster(ips: "10.0.0.1")
    try cluster.pod("a")
    try cluster.round()
    try cluster.pod("b")
    try cluster.round()
    #expect(cluster.find("b")?["status"]["phase"] == "Pending")
    try cluster.model.patch(.merge(["status": ["phase": "Succeeded"]]), at: ObjectRef(.pods, namespace: "default", name: "a"), part: .status)
    try cluster.round()
    #expect(cluster.find("b")?["status"]["podIP"] == "10.0.0.1")
}

@Test func `a kubelet that starts anew does not give out what is in use`() throws {
    var cluster = try Cluster()
    try cluster.pod("a")
    try cluster.round()
    cluster.kubelet = Kubelet()
    try cluster.pod("b")
    try cluster.round()
    #expect(cluster.find("a")?["status"]["podIP"] == "10.0.0.1")
    #expect(cluster.find("b")?["status"]["podIP"] == "10.0.0.2")
}

@Test func `after a rollback a pod is taken up again, and no two have one address`() throws {
    var cluster = try Cluster()
    try cluster.pod("a")
    try cluster.round()
    try cluster.pod("b")
    let snapshot = cluster.model
    try cluster.model.delete(ObjectRef(.pods, namespace: "default", name: "a"), DeleteOptions(gracePeriod: 0), now: cluster.now)
    try cluster.round()
    #expect(cluster.find("b")?["status"]["podIP"] == "10.0.0.1")
    cluster.model = snapshot
    cluster.cloud = []
    try cluster.round()
    #expect(cluster.find("a")?["status"]["podIP"] == "10.0.0.2")
    #expect(cluster.find("b")?["status"]["podIP"] == "10.0.0.1")
    #expect(cluster.cloud == ["add eni-1 10.0.0.2", "add eni-1 10.0.0.1"])
    let revision = cluster.model.revision
    try cluster.round()
    #expect(cluster.model.revision == revision)
}

@Test func `a pod with a readiness gate is ready when the gate is`() throws {
    var cluster = try Cluster()
    try cluster.pod("a", ["spec": ["readinessGates": [["conditionType": "example.com/gate"]]]])
    try cluster.round()
    #expect(cluster.find("a")?.hasCondition("Ready") == false)
    var conditions = cluster.find("a")?["status"]["conditions"] ?? []
    conditions.append(["type": "example.com/gate", "status": "True"])
    try cluster.model.patch(.merge(["status": ["conditions": conditions]]), at: ObjectRef(.pods, namespace: "default", name: "a"), part: .status)
    try cluster.round()
    #expect(cluster.find("a")?.hasCondition("Ready") == true)
    #expect(cluster.find("a")?.hasCondition("example.com/gate") == true)
}

import Core
import JSON
import Models
import Testing

private func set(_ replicas: Int, _ more: JSONValue = [:], requests: JSONValue = [:]) -> JSONValue {
    var spec = more
    spec["replicas"] = .int(replicas)
    spec["selector"] = ["matchLabels": ["app": "w"]]
    spec["template"] = [
        "metadata": ["labels": ["app": "w"], "annotations": ["note": "kept"]],
        "spec": ["containers": [["name": "c", "image": "i", "resources": ["limits": requests]]]],
    ]
    return ["spec": spec]
}
private let sets = Resource.statefulSets
private func ref(_ resource: Resource, _ name: String) -> ObjectRef { ObjectRef(resource, namespace: "default", name: name) }

@Test func `a stateful set's pods come one after the other`() throws {
    var world = World()
    try world.create(.nodes, "n1")
    try world.create(sets, "w", set(3))
    world.step(3)
    #expect(world.podNames == ["w-0"])
    try world.kubelet()
    world.step()
    #expect(world.podNames == ["w-0", "w-1"])
    try world.settle()
    #expect(world.podNames == ["w-0", "w-1", "w-2"])
    #expect(world.find(.pods, "w-2")?.annotations["note"] == "kept")
    #expect(world.find(.pods, "w-2")?.controllerReference?["kind"] == "StatefulSet")
    #expect(world.find(sets, "w")?["status"]["readyReplicas"] == 3)
}

@Test func `a parallel stateful set's pods come together`() throws {
    var world = World()
    try world.create(sets, "w", set(3, ["podManagementPolicy": "Parallel"]))
    world.step()
    #expect(world.podNames == ["w-0", "w-1", "w-2"])
}

@Test func `a deleted pod of a stateful set comes back under its name with a new uid`() throws {
    var world = World()
    try world.create(.nodes, "n1")
    try world.create(sets, "w", set(2))
    try world.settle()
    let before = try #require(world.find(.pods, "w-0")).uid
    try world.model.delete(ref(.pods, "w-0"), now: world.now)
    world.step(3)
    #expect(world.find(.pods, "w-0")?.uid == before)  // terminating: its name is not free yet
    try world.settle()
    #expect(world.podNames == ["w-0", "w-1"])
    #expect(world.find(.pods, "w-0")?.uid != before)
}

@Test func `scaling down takes pods from the top, deleting the set takes all`() throws {
    var world = World()
    try world.create(.nodes, "n1")
    try world.create(sets, "w", set(3))
    try world.settle()
    try world.model.patch(.merge(["spec": ["replicas": 1]]), at: ref(sets, "w"))
    world.step()
    #expect(world.find(.pods, "w-2")?.isTerminating == true)
    #expect(world.find(.pods, "w-1")?.isTerminating == false)
    try world.settle()
    #expect(world.podNames == ["w-0"])
    try world.model.delete(ref(sets, "w"), now: world.now)
    try world.settle()
    #expect(world.podNames == [])
}

@Test func `a changed template replaces the pods from the top`() throws {
    var world = World()
    try world.create(.nodes, "n1")
    try world.create(sets, "w", set(2))
    try world.settle()
    try world.model.patch(.merge(["spec": ["template": ["metadata": ["annotations": ["note": "new"]]]]]), at: ref(sets, "w"))
    world.step()
    #expect(world.find(.pods, "w-1")?.isTerminating == true)
    #expect(world.find(.pods, "w-0")?.isTerminating == false)
    try world.settle()
    #expect(["w-0", "w-1"].map { world.find(.pods, $0)?.annotations["note"] } == ["new", "new"])
}

@Test func `an orphaned pod stays and loses its reference`() throws {
    var world = World()
    try world.create(.nodes, "n1")
    try world.create(sets, "w", set(1))
    try world.settle()
    try world.model.delete(ref(sets, "w"), DeleteOptions(propagation: .orphan), now: world.now)
    try world.settle()
    #expect(world.find(sets, "w") == nil)
    #expect(world.find(.pods, "w-0")?.ownerReferences == [])
}

@Test func `a foreground deletion waits for the dependents`() throws {
    var world = World()
    try world.create(.nodes, "n1")
    try world.create(sets, "w", set(1))
    try world.settle()
    try world.model.delete(ref(sets, "w"), DeleteOptions(propagation: .foreground), now: world.now)
    world.step(2)
    #expect(world.find(sets, "w") != nil)
    #expect(world.find(.pods, "w-0")?.isTerminating == true)
    try world.settle()
    #expect(world.find(sets, "w") == nil)
    #expect(world.podNames == [])
}

@Test func `a deployment runs its pods through a replica set and follows its template`() throws {
    var world = World()
    try world.create(.nodes, "n1")
    try world.create(.deployments, "d", set(2))
    try world.settle()
    #expect(world.podNames.count == 2)
    let first = world.podNames
    try world.model.patch(.merge(["spec": ["template": ["metadata": ["annotations": ["note": "new"]]]]]), at: ref(.deployments, "d"))
    try world.settle()
    #expect(world.podNames.count == 2)
    #expect(Set(first).isDisjoint(with: world.podNames))
    #expect(world.find(.deployments, "d")?["status"]["readyReplicas"] == 2)
    try world.model.delete(ref(.deployments, "d"), now: world.now)
    try world.settle()
    #expect(world.podNames == [])
    #expect(world.model.all(.replicaSets) == [])
}

@Test func `the scheduler counts extended resources`() throws {
    var world = World()
    try world.create(.nodes, "n1", ["status": ["capacity": ["example.com/eip": "2"]]])
    try world.create(.nodes, "n2", ["status": ["capacity": ["example.com/eip": "5"], "allocatable": ["example.com/eip": "0"]]])
    try world.create(sets, "w", set(3, ["podManagementPolicy": "Parallel"], requests: ["example.com/eip": 1]))
    world.step(3)
    #expect((0..<3).map { world.find(.pods, "w-\($0)")?["spec"]["nodeName"].string } == ["n1", "n1", nil])
    let waiting = try #require(world.find(.pods, "w-2"))
    #expect(waiting["status"]["conditions"][0]["reason"] == "Unschedulable")
    let failures = world.model.all(.events).filter { $0["reason"] == "FailedScheduling" }
    #expect(failures.map { $0["message"] } == ["0/2 nodes are available: 2 Insufficient example.com/eip."])
    try world.model.patch(.merge(["status": ["allocatable": ["example.com/eip": "1"]]]), at: ObjectRef(.nodes, name: "n2"), part: .status)
    world.step()
    #expect(world.find(.pods, "w-2")?["spec"]["nodeName"] == "n2")
}

@Test func `an object whose owner is gone is collected, one with another owner is not`() throws {
    var world = World()
    let owner = try world.create(.configMaps, "owner")
    func reference(_ uid: String) -> JSONValue { ["apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": .string(uid)] }
    try world.create(.secrets, "one", ["metadata": ["ownerReferences": [reference("gone")]]])
    try world.create(.secrets, "two", ["metadata": ["ownerReferences": [reference("gone"), reference(owner.uid)]]])
    world.step()
    #expect(world.find(.secrets, "one") == nil)
    #expect(world.find(.secrets, "two")?.ownerReferences.count == 1)
    try world.model.delete(ref(.configMaps, "owner"), now: world.now)
    world.step()
    #expect(world.find(.secrets, "two") == nil)
}

@Test func `a namespace goes when its content has gone`() throws {
    var world = World()
    try world.create(.namespaces, "t")
    try world.model.create(["metadata": ["name": "a", "finalizers": ["example.com/hold"]]], in: .secrets, namespace: "t", now: world.now)
    try world.model.create(["metadata": ["name": "b"]], in: .secrets, namespace: "t", now: world.now)
    try world.model.delete(ObjectRef(.namespaces, name: "t"), now: world.now)
    world.step(2)
    #expect(world.find(.namespaces, "t") != nil)
    #expect(world.model.all(.secrets, namespace: "t").map(\.name) == ["a"])
    try world.model.patch(.merge(["metadata": ["finalizers": .null]]), at: ObjectRef(.secrets, namespace: "t", name: "a"))
    world.step()
    #expect(world.find(.namespaces, "t") == nil)
}

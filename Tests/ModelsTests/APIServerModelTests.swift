import Core
import JSON
import Models
import Testing

/// A model with the objects that tests need, and short ways to act on it.
struct World {
    var model = APIServerModel(seed: 7, now: .start)
    var now = Timestamp.start

    @discardableResult
    mutating func create(_ resource: Resource, _ name: String, _ more: JSONValue = [:]) throws -> JSONValue {
        var object = more
        object["metadata"]["name"] = .string(name)
        return try model.create(object, in: resource, namespace: resource.namespaced ? "default" : "", now: now)
    }
    mutating func pod(_ name: String, _ more: JSONValue = [:]) throws -> JSONValue {
        var object = more
        object["spec"]["containers"] = [["name": "c", "image": "i"]]
        return try create(.pods, name, object)
    }
    mutating func step(_ times: Int = 1) {
        for _ in 0..<times { model.stepControllers(now: now) }
    }
    /// What a kubelet does: assigned pods run and are ready, terminating ones go.
    mutating func kubelet() throws {
        for pod in model.all(.pods) where pod["spec"]["nodeName"].string != nil {
            let ref = ObjectRef(.pods, namespace: pod.namespace, name: pod.name)
            if pod.isTerminating {
                try model.delete(ref, DeleteOptions(gracePeriod: 0), now: now)
            } else if pod["status"]["phase"].string == "Pending" {
                try model.patch(.merge(["status": ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]]]), at: ref, part: .status)
            }
        }
    }
    mutating func settle() throws {
        for _ in 0..<12 {
            step()
            try kubelet()
        }
    }
    func find(_ resource: Resource, _ name: String) -> JSONValue? {
        model.find(ObjectRef(resource, namespace: resource.namespaced ? "default" : "", name: name))
    }
    var podNames: [String] { model.all(.pods, namespace: "default").map(\.name) }
}

@Test func `the same requests give the same uids and revisions`() throws {
    func play() throws -> [JSONValue] {
        var world = World()
        try world.create(.configMaps, "a")
        return [try world.create(.configMaps, "b")]
    }
    #expect(try play() == play())
    var world = World()
    let uids = try [world.create(.configMaps, "a"), world.create(.configMaps, "b")].map(\.uid)
    #expect(uids[0] != uids[1])
    #expect(uids[0].utf8.count == 36)
}

@Test func `a dry run changes nothing`() {
    var world = World()
    let before = world.model.revision
    let request = APIRequest("POST", "/api/v1/namespaces/default/configmaps", query: ["dryRun": "All"], body: ["metadata": ["name": "a"]])
    guard case .value(201, let object, _) = world.model.handle(request, now: world.now) else {
        Issue.record("refused")
        return
    }
    #expect(object.name == "a")
    #expect(world.model.revision == before)
    #expect(world.find(.configMaps, "a") == nil)
}

@Test func `a strategic merge patch merges containers by name`() throws {
    var world = World()
    let template: JSONValue = ["metadata": ["labels": ["app": "w"]], "spec": ["containers": [["name": "c", "image": "i"], ["name": "d", "image": "j"]]]]
    try world.create(.statefulSets, "w", ["spec": ["replicas": 0, "selector": ["matchLabels": ["app": "w"]], "template": template]])
    let patch: JSONValue = [
        "spec": [
            "template": [
                "spec": [
                    "$setElementOrder/containers": [["name": "c"], ["name": "e"]],
                    "containers": [["name": "c", "image": "new"], ["name": "d", "$patch": "delete"], ["name": "e", "image": "k"]],
                ]
            ]
        ]
    ]
    let set = try world.model.patch(.strategic(patch), at: ObjectRef(.statefulSets, namespace: "default", name: "w"))
    let containers = set["spec"]["template"]["spec"]["containers"]
    #expect(containers[0]["image"] == "new")
    #expect(containers[0]["imagePullPolicy"] == "IfNotPresent")
    #expect(containers[1]["name"] == "e")
    #expect(containers.array?.count == 2)
}

@Test func `a deleted definition takes its objects along`() throws {
    var world = World()
    let definition: JSONValue = [
        "spec": [
            "group": "x.io", "scope": "Namespaced", "names": ["plural": "foos", "kind": "Foo"],
            "versions": [["name": "v1", "served": true, "storage": true, "schema": ["openAPIV3Schema": ["type": "object"]]]],
        ]
    ]
    try world.create(.customResourceDefinitions, "foos.x.io", definition)
    let foos = try #require(world.model.resource(group: "x.io", version: "v1", plural: "foos"))
    try world.create(foos, "f", ["apiVersion": "x.io/v1", "kind": "Foo"])
    try world.model.delete(ObjectRef(.customResourceDefinitions, name: "foos.x.io"), now: world.now)
    #expect(world.model.find(ObjectRef(foos, namespace: "default", name: "f")) != nil)
    world.step()
    #expect(world.find(.customResourceDefinitions, "foos.x.io") == nil)
    #expect(world.model.resource(group: "x.io", version: "v1", plural: "foos") == nil)
    #expect(world.model.find(ObjectRef(foos, namespace: "default", name: "f")) == nil)
}

@Test func `a path into an object follows dots, indices and escapes`() {
    let value: JSONValue = ["a": ["b.c/d": "x", "l": [["t": "y"]]]]
    #expect(value.at(jsonPath: #".a.b\.c/d"#) == "x")
    #expect(value.at(jsonPath: ".a.l[0].t") == "y")
    #expect(value.at(jsonPath: ".a.l[1].t") == .null)
    #expect(value.at(jsonPath: ".a.none.t") == .null)
}

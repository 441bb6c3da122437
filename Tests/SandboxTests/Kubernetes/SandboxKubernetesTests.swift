import Core
import Foundation
import HTTPClient
import JSON
import Kubernetes
import Lifecycle
import Models
import Testing

@testable import Sandbox

@Suite struct SandboxKubernetesTests {
    let kubernetes: SandboxKubernetes
    let http = HTTPClient()
    let caller: ServerCaller

    init() throws {
        kubernetes = try SandboxKubernetes(SandboxKubernetesSettings(controllerInterval: nil, bookmarkInterval: .milliseconds(50)))
        caller = ServerCaller(kubernetes, http: http)
    }
    private func finish() async {
        await kubernetes.stop()
        await http.shutdown()
    }
    private func create(_ name: String) async throws -> JSONValue {
        try await caller.send(APIRequest("POST", "/api/v1/namespaces/default/configmaps", body: ["metadata": ["name": .string(name)]])).1
    }

    @Test func `the sandbox answers as the real API server does`() async throws {
        for problem in try await caller.conformance() { Issue.record("\(problem)") }
        await finish()
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["EIP_TEST_KUBECONFIG"] != nil))
    func `the real API server answers as the transcript says`() async throws {
        let real = try ServerCaller(kubeconfig: ProcessInfo.processInfo.environment["EIP_TEST_KUBECONFIG"] ?? "", http: http)
        for problem in try await real.conformance() { Issue.record("\(problem)") }
        await finish()
    }

    /// Returns once the server has answered, so that it sees what happens from then on.
    private func open(_ query: String) async throws -> HTTPBody {
        let url = kubernetes.url + "/api/v1/namespaces/default/configmaps?watch=1&" + query
        return try await http.stream(HTTPRequest("GET", url, timeout: .seconds(20))).body
    }
    /// The first lines of a watch; all of it if it ends before.
    private func read(_ body: HTTPBody, lines: Int = .max) async throws -> [JSONValue] {
        var bytes: [UInt8] = []
        var read: [JSONValue] = []
        for try await chunk in body {
            bytes += chunk
            while let end = bytes.firstIndex(of: 0x0a) {
                read.append(try JSONValue(parsing: Array(bytes[..<end])))
                bytes.removeSubrange(...end)
            }
            if read.count >= lines { break }
        }
        return read
    }

    @Test func `a watch brings what was there, what comes, and bookmarks`() async throws {
        _ = try await create("a")
        let watch = try await open("allowWatchBookmarks=true")
        _ = try await create("b")
        let seen = try await read(watch, lines: 3)
        let changes = seen.filter { $0["type"] == "ADDED" }
        #expect(changes.map { $0["object"]["metadata"]["name"] } == ["a", "b"])
        let bookmark = try #require(seen.first { $0["type"] == "BOOKMARK" })
        #expect(bookmark["object"]["metadata"]["resourceVersion"].string != nil)
        await finish()
    }

    @Test func `a watch ends in time, when it is cut, and when history was rewritten`() async throws {
        _ = try await create("a")
        #expect(try await read(try await open("timeoutSeconds=0")).count == 1)
        let before = kubernetes.withModel { $0.revision }
        _ = try await create("b")
        let first = try await open("resourceVersion=\(before)")
        _ = try await caller.send(APIRequest("POST", "/sandbox/cut-watches"))
        #expect(try await read(first).count <= 1)
        let second = try await open("resourceVersion=\(before)")
        let (code, state) = try await caller.send(APIRequest("POST", "/sandbox/rewind", body: ["to": .int(Int(before))]))
        #expect(code == 200)
        #expect(state["revision"].int == Int(before))
        #expect(try await read(second).count <= 1)
        await finish()
    }

    @Test func `a compacted watch gets 410 in its stream`() async throws {
        _ = try await create("a")
        _ = try await caller.send(APIRequest("POST", "/sandbox/compact"))
        let seen = try await read(try await open("resourceVersion=1"))
        #expect(seen[0]["type"] == "ERROR")
        #expect(seen[0]["object"]["code"] == 410)
        await finish()
    }

    @Test func `faults refuse, and lose replies of what was done`() async throws {
        let path = "/api/v1/namespaces/default/configmaps"
        _ = try await caller.send(APIRequest("POST", "/sandbox/faults", body: ["method": "POST", "path": "*/configmaps", "code": 500, "count": 1]))
        _ = try await caller.send(APIRequest("POST", "/sandbox/faults", body: ["method": "POST", "path": "*/configmaps", "lostReply": true]))
        let (refused, _) = try await caller.send(APIRequest("POST", path, body: ["metadata": ["name": "a"]]))
        #expect(refused == 500)
        #expect(kubernetes.withModel { $0.find(ObjectRef(.configMaps, namespace: "default", name: "a")) } == nil)
        await #expect(throws: (any Error).self) { try await caller.send(APIRequest("POST", path, body: ["metadata": ["name": "b"]])) }
        #expect(kubernetes.withModel { $0.find(ObjectRef(.configMaps, namespace: "default", name: "b")) } != nil)
        let (code, _) = try await caller.send(APIRequest("POST", path, body: ["metadata": ["name": "c"]]))
        #expect(code == 201)
        let (bad, _) = try await caller.send(APIRequest("POST", "/sandbox/faults", body: ["code": 500]))
        #expect(bad == 400)
        await finish()
    }

    @Test func `a list can come as a table, with the columns of a custom resource`() async throws {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
        let columns: JSONValue = [
            ["name": "A", "type": "string", "jsonPath": ".spec.a"], ["name": "Wide", "type": "integer", "jsonPath": ".spec.n", "priority": 1],
            ["name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"],
        ]
        let version: JSONValue = [
            "name": "v1", "served": true, "storage": true, "additionalPrinterColumns": columns,
            "schema": ["openAPIV3Schema": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]],
        ]
        let definition: JSONValue = [
            "metadata": ["name": "foos.x.io"],
            "spec": ["group": "x.io", "scope": "Namespaced", "names": ["plural": "foos", "kind": "Foo"], "versions": [version]],
        ]
        _ = try await caller.send(APIRequest("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body: definition))
        let foo: JSONValue = ["apiVersion": "x.io/v1", "kind": "Foo", "metadata": ["name": "f"], "spec": ["a": "x", "n": 4]]
        _ = try await caller.send(APIRequest("POST", "/apis/x.io/v1/namespaces/default/foos", body: foo))
        let (code, body) = try await caller.send(APIRequest("GET", "/apis/x.io/v1/foos"), accept: table)
        #expect(code == 200)
        #expect(body["kind"] == "Table")
        #expect(body["columnDefinitions"].array?.map { $0["name"] } == ["Name", "A", "Wide", "Age"])
        #expect(body["rows"][0]["cells"].array?.prefix(3) == ["f", "x", 4])
        #expect(body["rows"][0]["object"]["metadata"]["name"] == "f")
        let (_, plain) = try await caller.send(APIRequest("GET", "/apis/x.io/v1/foos"))
        #expect(plain["kind"] == "FooList")
        await finish()
    }

    @Test func `discovery shows what is served`() async throws {
        let (_, groups) = try await caller.send(APIRequest("GET", "/apis"))
        #expect(groups["groups"].array?.contains { $0["name"] == "coordination.k8s.io" } == true)
        let (_, core) = try await caller.send(APIRequest("GET", "/api/v1"))
        #expect(core["resources"].array?.contains { $0["name"] == "pods/status" } == true)
        let (code, _) = try await caller.send(APIRequest("GET", "/apis/nope.io/v1"))
        #expect(code == 404)
        await finish()
    }

    @Test(arguments: [(0, "0s"), (119, "119s"), (192, "3m12s"), (600, "10m"), (18_000, "5h"), (20_220, "5h37m"), (183_600, "2d3h"), (8_640_000, "100d")])
    func `ages are written as kubectl users know them`(seconds: Int64, text: String) async {
        let start = Timestamp(milliseconds: 1_767_225_600_000)
        #expect(Tables.age(since: start.rfc3339, now: start + .seconds(seconds)) == text)
        await finish()
    }
}

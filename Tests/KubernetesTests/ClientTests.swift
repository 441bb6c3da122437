import Core
import HTTPClient
import JSON
import Kubernetes
import Lifecycle
import Observe
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ClientTests {
    let http = HTTPClient()
    func client(_ api: FakeAPI, _ credential: ClusterAccess.Credential = .none) -> KubernetesClient {
        KubernetesClient(ClusterAccess(server: api.url + "/", credential: credential), http: http)
    }

    @Test(arguments: [
        (Resource.pods.all(), "/api/v1/pods"),
        (Resource.pods.all(in: "team-1"), "/api/v1/namespaces/team-1/pods"),
        (Resource.pods.at("team-1", "web-0", subresource: "status"), "/api/v1/namespaces/team-1/pods/web-0/status"),
        (Resource.nodes.at(nil, "10.0.0.1"), "/api/v1/nodes/10.0.0.1"),
        (Resource.leases.at("kube-system", "a/../b?c"), "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/a%2F..%2Fb%3Fc"),
        (Resource.pods.at("..", "."), "/api/v1/namespaces/%2E%2E/pods/%2E"),
    ])
    func `a path names one place, whatever the name is`(_ path: ResourcePath, _ expected: String) {
        #expect(path.path == expected)
    }

    @Test func `what a server says at length is cut`() {
        let long = String(repeating: "x", count: 1 << 20)
        let body = Array(#"{"kind":"Status","reason":"Invalid","message":"\#(long)","code":422}"#.utf8)
        let error = KubernetesError(status: 422, headers: [:], body: body, asking: "patch")
        #expect(error.reason == .invalid)
        #expect(error.message.hasPrefix("patch: xxx") && error.message.utf8.count < 1100)
    }

    @Test(arguments: ["leaseDurationSeconds", "leaseTransitions"])
    func `a lease has no numbers that the API has not`(member: String) throws {
        func lease(_ number: Int) throws(JSONError) -> Lease {
            let text = #"{"metadata":{"name":"l"},"spec":{"\#(member)":\#(number)}}"#
            return try JSONReader.read(Array(text.utf8)) { r throws(JSONError) in try Lease.read(&r) }
        }
        _ = try lease(Int(Int32.max))
        for number in [Int(Int32.max) + 1, Int(Int32.min) - 1, .max, .min] { #expect(throws: JSONError.self) { try lease(number) } }
    }

    @Test func `calls carry method, media type, token and body`() async throws {
        let api = try FakeAPI { _, _ in .json(200, FakeAPI.pod("a", 1)) }
        let client = client(api, .token(Secret("secret")))
        let path = Resource.pods.at("n", "a")
        _ = try await client.create(Resource.pods.all(in: "n"), Array("{}".utf8))
        _ = try await client.replace(path, Array("{}".utf8))
        _ = try await client.mergePatch(Resource.pods.at("n", "a", subresource: "status"), Array("{\"a\":null}".utf8))
        _ = try await client.delete(path, DeleteOptions(uid: "u", resourceVersion: "7", propagation: .background, gracePeriod: .zero))
        #expect(
            api.lines == [
                "POST /api/v1/namespaces/n/pods", "PUT /api/v1/namespaces/n/pods/a", "PATCH /api/v1/namespaces/n/pods/a/status",
                "DELETE /api/v1/namespaces/n/pods/a",
            ])
        let calls = api.calls.withLock { $0 }
        #expect(calls.allSatisfy { $0.authorization == "Bearer secret" })
        #expect(calls.map(\.contentType) == ["application/json", "application/json", "application/merge-patch+json", "application/json"])
        let options = #"{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"propagationPolicy":"Background","#
        #expect(calls[3].body == options + #""preconditions":{"uid":"u","resourceVersion":"7"}}"#)
    }

    @Test func `an answer carries the server's clock`() async throws {
        let api = try FakeAPI { _, _ in .json(200, "{}") }
        let answer = try await client(api).get(Resource.pods.at("n", "a"))
        let time = try #require(answer.serverTime)
        #expect(time.sentAt <= time.receivedAt)
        #expect(time.date > Timestamp(rfc3339: "2024-01-01T00:00:00Z")!)
    }

    @Test(arguments: [
        (404, "NotFound", KubernetesError.Reason.notFound, KubernetesError.Disposition.notFound),
        (409, "AlreadyExists", .alreadyExists, .reread), (409, "Conflict", .conflict, .reread), (410, "Gone", .expired, .reread),
        (410, "Expired", .expired, .reread), (422, "Invalid", .invalid, .terminal), (403, "Forbidden", .forbidden, .backOff),
        (401, "Unauthorized", .unauthorized, .backOff), (500, "InternalError", .internalError, .retry), (504, "Timeout", .timeout, .retry),
        (418, "ShortAndStout", .unknown, .retry),
    ])
    func `a status becomes an error with a disposition`(
        _ code: Int, _ reason: String, _ expected: KubernetesError.Reason, _ disposition: KubernetesError.Disposition
    ) async throws {
        let api = try FakeAPI { _, _ in .json(code, FakeAPI.status(code, reason, "pods \\\"a\\\" no")) }
        let error = await #expect(throws: KubernetesError.self) { try await client(api).get(Resource.pods.at("n", "a")) }
        #expect(error?.code == code && error?.reason == expected && error?.disposition == disposition)
        #expect(error?.message == "get pods/n/a: pods \"a\" no")
        #expect(error?.mayHaveBeenApplied == (code >= 500))
    }

    @Test func `a patch for another uid is a conflict, whatever the server calls it`() async throws {
        let status =
            #"{"kind":"Status","reason":"Invalid","message":"no","details":{"causes":[{"reason":"FieldValueInvalid","field":"metadata.uid"}]},"code":422}"#
        let api = try FakeAPI { _, _ in .json(422, status) }
        let error = await #expect(throws: KubernetesError.self) { try await client(api).mergePatch(Resource.pods.at("n", "a"), []) }
        #expect(error?.reason == .conflict && error?.code == 422 && error?.disposition == .reread)
    }

    @Test func `what is forbidden because its namespace is being deleted is told apart`() async throws {
        let status = #"""
            {"kind":"Status","reason":"Forbidden","message":"no","details":{"causes":[{"reason":"NamespaceTerminating","message":"namespace n is being
            terminated","field":"metadata.namespace"}]},"code":403}
            """#.split(separator: "\n").joined()
        let api = try FakeAPI { _, _ in .json(403, status) }
        let error = await #expect(throws: KubernetesError.self) { try await client(api).create(Resource.pods.all(in: "n"), []) }
        #expect(error?.reason == .namespaceTerminating && error?.code == 403 && error?.disposition == .backOff)
    }

    @Test func `an error without a status goes by the HTTP code`() async throws {
        let api = try FakeAPI { _, _ in .json(429, "<html>busy</html>", retryAfter: 7) }
        let error = await #expect(throws: KubernetesError.self) { try await client(api).get(Resource.pods.at("n", "a")) }
        #expect(error?.reason == .tooManyRequests && error?.retryAfter == .seconds(7))
    }

    @Test func `no server is no answer, and a write has not happened`() async throws {
        let client = KubernetesClient(ClusterAccess(server: "http://127.0.0.1:1"), http: http)
        let error = await #expect(throws: KubernetesError.self) { try await client.create(Resource.pods.all(in: "n"), []) }
        #expect(error?.reason == .noAnswer && error?.transport == .cannotConnect && error?.mayHaveBeenApplied == false)
    }

    @Test func `an answer that is no JSON is unreadable`() async throws {
        let api = try FakeAPI { _, _ in .json(200, "{\"metadata\":") }
        let error = await #expect(throws: KubernetesError.self) {
            try await client(api).get(Resource.pods.at("n", "a")) { r throws(JSONError) in try ObjectMeta.readObject(&r) }
        }
        #expect(error?.reason == .unreadable)
    }

    @Test func `a list is read page by page, and begun again when its continuation has grown old`() async throws {
        let api = try FakeAPI { call, n in
            switch n {
            case 0: .json(200, FakeAPI.list(10, [FakeAPI.pod("old", 1)], next: "t1"))
            case 1: .json(410, FakeAPI.status(410, "Expired"))
            case 2: .json(200, FakeAPI.list(20, [FakeAPI.pod("a", 1), FakeAPI.pod("b", 2)], next: "t/2"))
            default: .json(200, FakeAPI.list(20, [FakeAPI.pod("c", 3)]))
            }
        }
        let page = try await client(api).listAll(Resource.pods.all(), ListOptions(labelSelector: "a=b", limit: 2), as: .metadata).value
        #expect(page.objects.map(\.name) == ["a", "b", "c"] && page.resourceVersion == "20" && page.next == nil)
        #expect(
            api.lines == [
                "GET /api/v1/pods?labelSelector=a=b&limit=2", "GET /api/v1/pods?continue=t1&labelSelector=a=b&limit=2",
                "GET /api/v1/pods?labelSelector=a=b&limit=2", "GET /api/v1/pods?continue=t/2&labelSelector=a=b&limit=2",
            ])
    }

    @Test func `an object that does not read costs itself only`() async throws {
        let bad = #"{"metadata":{"name":"bad","namespace":"n","resourceVersion":"5"},"spec":{"n":"words"}}"#
        let api = try FakeAPI { _, _ in .json(200, FakeAPI.list(9, [bad, #"{"spec":{"n":1},"metadata":{"name":"good"}}"#])) }
        let numbers = ObjectReader<Int>(
            read: { r throws(JSONError) in
                var n = 0
                try r.object { r, key throws(JSONError) in
                    switch key {
                    case "spec": try r.object { r, _ throws(JSONError) in n = try r.int() }
                    default: try r.skip()
                    }
                }
                return n
            }, resourceVersion: { _ in "1" })
        let page = try await client(api).list(Resource.pods.all(), as: numbers).value
        #expect(page.objects == [1])
        #expect(page.unreadable.map(\.meta.name) == ["bad"])
    }

    @Test func `metadata reads what we need and skips the rest`() throws {
        let json = #"""
            {"kind":"Pod","metadata":{"managedFields":[{"fieldsV1":{"f:a":{}}}],"name":"web-0","namespace":"team-1","uid":"u","resourceVersion":"12",
            "generation":3,"creationTimestamp":"2024-05-06T07:08:09Z","deletionTimestamp":null,"finalizers":["f"],"labels":{"l":"1"},
            "annotations":{"tke.cloud.tencent.com/eip-attributes":"{}","other":"x"},
            "ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"s","controller":true,"blockOwnerDeletion":true}]},"spec":{}}
            """#
        let meta = try JSONReader.read(Array(json.utf8)) { r throws(JSONError) in try ObjectMeta.readObject(&r) }
        #expect(meta.name == "web-0" && meta.namespace == "team-1" && meta.uid == "u" && meta.resourceVersion == "12" && meta.generation == 3)
        #expect(meta.creationTimestamp == Timestamp(rfc3339: "2024-05-06T07:08:09Z") && meta.deletionTimestamp == nil)
        #expect(meta.finalizers == ["f"] && meta.labels == ["l": "1"] && meta.annotations.count == 2)
        #expect(meta.ownerReferences.map(\.kind) == ["StatefulSet"] && meta.ownerReferences[0].controller)
        let inner = #"{"annotations":{"tke.cloud.tencent.com/eip-attributes":"{}","other":"x"}}"#
        let kept = try JSONReader.read(Array(inner.utf8)) { r throws(JSONError) in try ObjectMeta.read(&r, annotationPrefix: "tke.cloud.tencent.com/") }
        #expect(kept.annotations == ["tke.cloud.tencent.com/eip-attributes": "{}"])
    }

    @Test func `a lease is written as client-go writes it and read back`() async throws {
        let api = try FakeAPI { call, _ in .json(200, call.body) }
        var lease = Lease(meta: ObjectMeta(namespace: "kube-system", name: "eip"))
        lease.holderIdentity = "pod-0"
        lease.leaseDuration = .seconds(15)
        lease.acquireTime = Timestamp(rfc3339: "2024-05-06T07:08:09.123Z")
        lease.renewTime = lease.acquireTime
        lease.leaseTransitions = 2
        #expect(try await client(api).create(lease).value == lease)
        lease.meta.resourceVersion = "5"
        lease.meta.annotations = ["keep": "me"]
        #expect(try await client(api).replace(lease).value == lease)
        let bodies = api.calls.withLock { $0.map(\.body) }
        let head = #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"eip","namespace":"kube-system"},"#
        let spec = #""spec":{"holderIdentity":"pod-0","leaseDurationSeconds":15,"acquireTime":"2024-05-06T07:08:09.123000Z","#
        #expect(bodies[0] == head + spec + #""renewTime":"2024-05-06T07:08:09.123000Z","leaseTransitions":2}}"#)
        #expect(api.lines[1] == "PUT /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eip")
    }

    @Test func `a lease and the record of the election say the same`() {
        let at = Timestamp(milliseconds: 1_700_000_000_123)
        let record = LeaseRecord(
            holder: "pod-0", leaseDuration: .seconds(15), acquireTime: at, renewTime: at + .seconds(2), transitions: 3, resourceVersion: "7")
        var meta = ObjectMeta(namespace: "kube-system", name: "eip")
        meta.labels = ["keep": "me"]
        let lease = Lease(record, meta: meta)
        #expect(lease.record == record && lease.meta.labels == ["keep": "me"])
        #expect(Lease(meta: meta).record.resourceVersion == nil && Lease(meta: meta).record.renewTime == Timestamp(milliseconds: 0))
    }
}

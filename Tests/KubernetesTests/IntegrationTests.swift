import Core
import Glibc
import HTTPClient
import JSON
import Kubernetes
import Testing

private let kubeconfig = getenv("EIP_TEST_KUBECONFIG").map { String(cString: $0) }

/// Against a real API server, named by `EIP_TEST_KUBECONFIG`; left out without it. Each test has a namespace of its own.
@Suite(.enabled(if: kubeconfig != nil, "EIP_TEST_KUBECONFIG names no kubeconfig"), .timeLimit(.minutes(1)))
struct IntegrationTests {
    static let configMaps = Resource(group: "", version: "v1", plural: "configmaps", namespaced: true)
    let client: KubernetesClient
    let namespace = "eip-kubernetes-\(UInt32.random(in: .min ... .max))"

    init() async throws {
        client = KubernetesClient(try Kubeconfig(file: kubeconfig!).access(), http: HTTPClient())
        _ = try await client.create(Resource.namespaces.all(), Self.object("Namespace", namespace))
    }
    static func object(_ kind: String, _ name: String, version: String? = nil, data: String = "1") -> [UInt8] {
        var object: JSONValue = ["apiVersion": "v1", "kind": .string(kind), "metadata": ["name": .string(name)]]
        if let version { object["metadata"]["resourceVersion"] = .string(version) }
        if kind == "ConfigMap" { object["data"] = ["n": .string(data)] }
        return object.bytes()
    }
    func meta(_ answer: Answer<[UInt8]>) throws -> ObjectMeta { try JSONReader.read(answer.value) { r throws(JSONError) in try ObjectMeta.readObject(&r) } }
    func reason(_ body: () async throws -> Void) async -> KubernetesError.Reason? {
        (await #expect(throws: KubernetesError.self) { try await body() })?.reason
    }
    func remove() async throws { _ = try await client.delete(Resource.namespaces.at(nil, namespace)) }

    @Test func `the server says who and when it is`() async throws {
        let answer = try await client.get(rawPath: "/version")
        #expect(try JSONValue(parsing: answer.value)["gitVersion"].string?.hasPrefix("v1.") == true)
        let time = try #require(answer.serverTime)
        #expect(abs(time.date.milliseconds / 1000 - Int64(Glibc.time(nil))) <= 5)
        try await remove()
    }

    @Test func `create, conflict, patch, precondition and delete are answered as documented`() async throws {
        let all = Self.configMaps.all(in: namespace)
        let path = Self.configMaps.at(namespace, "a")
        let first = try meta(try await client.create(all, Self.object("ConfigMap", "a")))
        #expect(await reason { _ = try await client.create(all, Self.object("ConfigMap", "a")) } == .alreadyExists)
        let second = try meta(try await client.replace(path, Self.object("ConfigMap", "a", version: first.resourceVersion, data: "2")))
        #expect(second.resourceVersion != first.resourceVersion && second.uid == first.uid)
        #expect(await reason { _ = try await client.replace(path, Self.object("ConfigMap", "a", version: first.resourceVersion, data: "3")) } == .conflict)
        let patch: JSONValue = ["metadata": ["uid": .string(first.uid), "labels": ["l": "1"]]]
        #expect(try meta(try await client.mergePatch(path, patch.bytes())).labels == ["l": "1"])
        let wrong: JSONValue = ["metadata": ["uid": "another", "labels": ["l": "2"]]]
        #expect(await reason { _ = try await client.mergePatch(path, wrong.bytes()) } == .conflict)
        #expect(await reason { _ = try await client.delete(path, DeleteOptions(uid: "another")) } == .conflict)
        #expect(await reason { _ = try await client.delete(path, DeleteOptions(resourceVersion: first.resourceVersion)) } == .conflict)
        _ = try await client.delete(path, DeleteOptions(uid: first.uid, propagation: .background))
        #expect(await reason { _ = try await client.get(path) } == .notFound)
        #expect(await reason { _ = try await client.create(all, Self.object("ConfigMap", "Not A Name")) } == .invalid)
        #expect(await reason { _ = try await client.create(all, Array("{".utf8)) } == .badRequest)
        try await remove()
    }

    @Test func `a list comes in pages of one moment`() async throws {
        for i in 0..<7 { _ = try await client.create(Self.configMaps.all(in: namespace), Self.object("ConfigMap", "m\(i)")) }
        let first = try await client.list(Self.configMaps.all(in: namespace), ListOptions(limit: 3), as: .metadata).value
        #expect(first.objects.count == 3 && first.next != nil)
        let all = try await client.listAll(Self.configMaps.all(in: namespace), ListOptions(limit: 3), as: .metadata).value
        #expect(all.objects.map(\.name).filter { $0.hasPrefix("m") } == (0..<7).map { "m\($0)" })
        try await remove()
    }

    @Test func `changes are followed from list to deletion`() async throws {
        let all = Self.configMaps.all(in: namespace)
        let options = ListOptions(fieldSelector: "metadata.name=w")
        _ = try await client.create(all, Self.object("ConfigMap", "w"))
        var seen: [String] = []
        for await event in client.follow(all, options, seed: 1, as: .metadata) {
            switch event {
            case .listed(let objects, _): seen.append("listed " + objects.map(\.name).joined(separator: " "))
            case .changed(let change, let meta): seen.append("\(change) \(meta.name)")
            case .unreadable(_, let object): seen.append("unreadable \(object.meta.name)")
            case .report(.bookmark): continue
            case .report(let report): seen.append("\(report)")
            }
            switch seen.count {
            case 2: _ = try await client.mergePatch(Self.configMaps.at(namespace, "w"), Array(#"{"data":{"n":"2"}}"#.utf8))
            case 3: _ = try await client.delete(Self.configMaps.at(namespace, "w"))
            default: break
            }
            if seen.count == 4 { break }
        }
        #expect(seen == ["listed w", "synced", "modified w", "deleted w"])
        try await remove()
    }

    @Test func `a continuation that the server never gave is a bad request`() async throws {
        let page = try await client.list(Self.configMaps.all(), ListOptions(limit: 1), as: .metadata).value
        #expect(UInt64(page.resourceVersion) != nil, "versions of a real server are numbers")
        #expect(await reason { _ = try await client.list(Self.configMaps.all(), next: "bm9uc2Vuc2U", as: .metadata) } == .badRequest)
        try await remove()
    }

    @Test func `a lease is taken once, and replaced only at its version`() async throws {
        var lease = Lease(meta: ObjectMeta(namespace: namespace, name: "eip"))
        lease.holderIdentity = "a"
        lease.leaseDuration = .seconds(15)
        lease.acquireTime = Timestamp(rfc3339: "2024-05-06T07:08:09.123Z")
        lease.renewTime = lease.acquireTime
        var stored = try await client.create(lease).value
        #expect(stored.acquireTime == lease.acquireTime && stored.holderIdentity == "a" && stored.leaseDuration == .seconds(15))
        #expect(await reason { _ = try await client.create(lease) } == .alreadyExists)
        stored.holderIdentity = "b"
        stored.leaseTransitions = 1
        let taken = try await client.replace(stored).value
        #expect(taken.holderIdentity == "b" && taken.leaseTransitions == 1)
        #expect(await reason { _ = try await client.replace(stored) } == .conflict)
        #expect(try await client.lease(namespace, "eip").value == taken)
        try await remove()
    }

    @Test func `a status is written through its subresource`() async throws {
        let path = Resource.nodes.at(nil, namespace)
        _ = try await client.create(Resource.nodes.all(), Self.object("Node", namespace))
        let patch: JSONValue = ["status": ["capacity": ["tke.cloud.tencent.com/eip": "3"]]]
        let stored = try await client.mergePatch(Resource.nodes.at(nil, namespace, subresource: "status"), patch.bytes())
        #expect(try JSONValue(parsing: stored.value)["status"]["capacity"]["tke.cloud.tencent.com/eip"].string == "3")
        _ = try await client.delete(path)
        try await remove()
    }
}

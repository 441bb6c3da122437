import Contract
import Core
import Foundation
import JSON
import Testing

private let manifests = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../ops/manifests").standardizedFileURL.path()

@Suite(.enabled(if: RealServer.kubeconfig != nil, "EIP_TEST_KUBECONFIG is not set"), .serialized)
struct RealServerTests {
    private let names = AnnotationNames()

    /// The manifests applied, and a namespace for one test.
    private func withNamespace(_ body: (RealServer, String) throws -> Void) throws {
        let server = try RealServer()
        try server.kubectl("apply", "-f", "\(manifests)/namespace.yaml", "-f", "\(manifests)/crd.yaml", "-f", "\(manifests)/rbac.yaml")
        try server.kubectl("wait", "--for=condition=established", "--timeout=30s", "crd/\(ClaimResource.definitionName)")
        let namespace = "contract-\(UUID().uuidString.prefix(8).lowercased())"
        try server.kubectl("create", "namespace", namespace)
        try body(server, namespace)
        try server.kubectl("delete", "namespace", namespace, "--wait=false")
        try server.removeFiles()
    }

    private func claims(_ namespace: String, _ name: String = "") -> String {
        "/apis/\(ClaimResource.apiVersion)/namespaces/\(namespace)/\(ClaimResource.plural)" + (name.isEmpty ? "" : "/\(name)")
    }

    @Test func `the definition is structural and recognised as ours`() throws {
        try withNamespace { server, _ in
            let read = try server.call("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/\(ClaimResource.definitionName)")
            #expect(read.status == 200)
            #expect(ClaimDefinition.isOurs(read.body))
            let conditions = read.body["status"]["conditions"].array ?? []
            #expect(!conditions.contains { $0["type"].string == "NonStructuralSchema" && $0["status"].string == "True" })
            #expect(conditions.contains { $0["type"].string == "NamesAccepted" && $0["status"].string == "True" })
        }
    }

    @Test func `claims live their whole life on a real server, written by the service account`() throws {
        try withNamespace { server, namespace in
            var generator = Seeded(23)
            let first = generator.spec()
            let created = try server.call("POST", claims(namespace), ClaimEncoder.create(namespace: namespace, name: "web-0", spec: first))
            #expect(created.status == 201, "\(created.body)")
            var claim = try ClaimDecoder.decode(created.body)
            #expect(claim.spec == first)
            #expect(claim.hasFinalizer)
            for _ in 0..<25 {
                let (spec, status) = (generator.spec(), generator.status())
                let specced = try server.call("PATCH", claims(namespace, "web-0"), ClaimEncoder.spec(spec, of: claim.version))
                #expect(specced.status == 200, "\(specced.body)")
                claim = try ClaimDecoder.decode(specced.body)
                let written = try server.call("PATCH", claims(namespace, "web-0") + "/status", ClaimEncoder.status(status, of: claim.version))
                #expect(written.status == 200, "\(written.body)")
                claim = try ClaimDecoder.decode(written.body)
                #expect(claim.spec == spec)
                #expect(claim.status == status)
                #expect(claim.problem == nil)
            }
            let stale = ObjectVersion(uid: claim.uid, resourceVersion: "1")
            #expect(try server.call("PATCH", claims(namespace, "web-0"), ClaimEncoder.spec(first, of: stale)).status == 409)
            #expect(try server.call("PATCH", claims(namespace, "web-0") + "/status", ClaimEncoder.status(ClaimStatus(), of: stale)).status == 409)
            let other = ObjectVersion(uid: "00000000-0000-0000-0000-000000000000", resourceVersion: claim.resourceVersion)
            #expect(try server.call("PATCH", claims(namespace, "web-0"), ClaimEncoder.spec(first, of: other)).status == 422)

            #expect(try server.call("DELETE", claims(namespace, "web-0")).status == 200)
            claim = try ClaimDecoder.decode(try server.call("GET", claims(namespace, "web-0")).body)
            #expect(claim.isDeleting)
            #expect(try server.call("PATCH", claims(namespace, "web-0"), ClaimEncoder.finalizerRemoval(from: claim)).status == 200)
            #expect(try server.call("GET", claims(namespace, "web-0")).status == 404)
        }
    }

    /// Merge patches that kubectl's users may think of.
    static let refused = [
        #"{"spec":{"serial":0}}"#, #"{"spec":{"serial":"two"}}"#, #"{"spec":{"serial":null}}"#, #"{"spec":{"deletePolicy":"Never"}}"#,
        #"{"spec":{"deletePolicy":null}}"#, #"{"spec":{"expireAfter":"soon"}}"#, #"{"spec":{"expireAfter":300}}"#,
        #"{"spec":{"addressID":"1.2.3.4"}}"#, #"{"spec":{"source":{"attributes":{"bandwidth":0}}}}"#,
        #"{"spec":{"source":{"attributes":{"bandwidth":2001}}}}"#, #"{"spec":{"source":{"attributes":{"isp":"FREE"}}}}"#,
        #"{"spec":{"source":{"attributes":{"chargeType":"BANDWIDTH_PREPAID_BY_MONTH"}}}}"#,
        #"{"spec":{"source":{"addressID":"eip-abcd1234"}}}"#, #"{"spec":{"source":{"attributes":null}}}"#, #"{"spec":{"source":"BGP"}}"#,
        #"{"spec":null}"#,
    ]

    @Test func `nonsense by hand is refused by the schema already`() throws {
        try withNamespace { server, namespace in
            let spec = ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .retain)
            #expect(try server.call("POST", claims(namespace), ClaimEncoder.create(namespace: namespace, name: "web-0", spec: spec)).status == 201)
            for edit in Self.refused {
                #expect(try server.call("PATCH", claims(namespace, "web-0"), Array(edit.utf8), as: nil).status == 422, "\(edit)")
            }
            let status = #"{"status":{"phase":"Dreaming"}}"#
            #expect(try server.call("PATCH", claims(namespace, "web-0") + "/status", Array(status.utf8), as: nil).status == 422)
            let claim = try ClaimDecoder.decode(try server.call("GET", claims(namespace, "web-0")).body)
            #expect(try server.call("PATCH", claims(namespace, "web-0"), ClaimEncoder.finalizerRemoval(from: claim)).status == 200)
        }
    }

    @Test func `kubectl shows our columns`() throws {
        try withNamespace { server, namespace in
            let spec = ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .retain, addressID: AddressID("eip-abcd1234"))
            let created = try server.call("POST", claims(namespace), ClaimEncoder.create(namespace: namespace, name: "web-0", spec: spec))
            var claim = try ClaimDecoder.decode(created.body)
            let target = Target(podUID: "u", podIP: "10.0.0.7", networkInterfaceID: "eni-1", instanceID: "ins-1", nodeName: "node-1")
            let time = Timestamp(milliseconds: 4_000_000_000_000)
            let status = ClaimStatus(phase: .bound, publicIP: "43.1.2.3", binding: Binding(target: target, boundAt: time), expiresAt: time)
            let written = try server.call("PATCH", claims(namespace, "web-0") + "/status", ClaimEncoder.status(status, of: claim.version))
            claim = try ClaimDecoder.decode(written.body)
            let lines = try server.kubectl("-n", namespace, "get", "eipc").split(separator: "\n")
            let columns = lines.map { $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init) }
            #expect(columns[0] == ["NAME", "EIP", "IP", "PHASE", "POD", "IP", "NODE", "EXPIRES", "AGE"])
            #expect(Array(columns[1].prefix(7)) == ["web-0", "eip-abcd1234", "43.1.2.3", "Bound", "10.0.0.7", "node-1", "2096-10-02T07:06:40Z"])
            #expect(try server.call("PATCH", claims(namespace, "web-0"), ClaimEncoder.finalizerRemoval(from: claim)).status == 200)
        }
    }

    @Test func `pods, nodes and Events take our writes, and no other pod does`() throws {
        try withNamespace { server, namespace in
            let pods = "/api/v1/namespaces/\(namespace)/pods"
            let body = #"{"metadata":{"name":"web-0"},"spec":{"containers":[{"name":"c","image":"x"}]}}"#
            let decoder = PodDecoder(names: names)
            var pod = try decoder.decode(try server.call("POST", pods, Array(body.utf8), as: nil).body)
            let named = try server.call("PATCH", "\(pods)/web-0", PodEncoder.publicIP("43.1.2.3", podUID: pod.uid, names: names))
            #expect(named.status == 200, "\(named.body)")
            pod = try decoder.decode(named.body)
            #expect(pod.publicIPAnnotation == "43.1.2.3")
            let other = PodEncoder.publicIP("43.9.9.9", podUID: "00000000-0000-0000-0000-000000000000", names: names)
            #expect(try server.call("PATCH", "\(pods)/web-0", other).status == 422)

            let condition = Condition(
                kind: .ready, status: true, reason: .associatedEIP, message: "m", lastTransitionTime: Timestamp(milliseconds: 1_714_979_289_000))
            let ready = try server.call(
                "PATCH", "\(pods)/web-0/status", PodEncoder.readiness(condition, podUID: pod.uid, names: names),
                type: "application/strategic-merge-patch+json")
            #expect(ready.status == 200, "\(ready.body)")
            #expect(ready.body["status"]["conditions"].array?.contains { $0["type"].string == names.readinessGate } == true)

            let event = ObjectEvent(
                regarding: pod.regarding, isWarning: true, reason: .invalidAnnotation, message: "m", at: Timestamp(milliseconds: 1_714_979_289_000))
            let events = "/api/v1/namespaces/\(namespace)/events"
            #expect(try server.call("POST", events, event.body).status == 201)
            #expect(try server.call("POST", events, event.body).status == 409)

            let node = "/api/v1/nodes/\(namespace)"
            let nodeBody = #"{"metadata":{"name":"\#(namespace)"},"spec":{"providerID":"qcloud:///1/ins-1"},"status":{"capacity":{"cpu":"8"}}}"#
            let created = try NodeDecoder(names: names).decode(try server.call("POST", "/api/v1/nodes", Array(nodeBody.utf8), as: nil).body)
            let count = NodeCapacity.eips(of: created, names: names).count
            let patched = try server.call("PATCH", "\(node)/status", PodEncoder.capacity(count, nodeUID: created.uid, names: names))
            #expect(patched.status == 200, "\(patched.body)")
            #expect(try NodeDecoder(names: names).decode(patched.body).eipCapacity == 2)
            #expect(try server.call("DELETE", node, as: nil).status == 200)
        }
    }

    @Test func `the StatefulSet and the examples are taken, and the examples say what they mean`() throws {
        try withNamespace { server, namespace in
            let dryRun = ["-n", namespace, "apply", "--dry-run=server", "-o", "json", "-f"]
            try server.kubectl("apply", "--dry-run=server", "-f", "\(manifests)/statefulset.yaml")
            func wishes(_ file: String) throws -> Wishes {
                let object = try JSONValue(parsing: try server.kubectl(dryRun + ["\(manifests)/../examples/\(file)"]))
                let pod = object["kind"].string == "Pod" ? object : object["spec"]["template"]
                let resources = pod["spec"]["containers"][0]["resources"]
                #expect(resources["limits"][names.resource].string == "1")
                let annotations = pod["metadata"]["annotations"].object ?? JSONObject()
                return names.wishes(
                    of: Dictionary(uniqueKeysWithValues: annotations.map { ($0.key, $0.value.string ?? "") }), hostNetwork: false)
            }
            let isStatic = try wishes("static-eip.yaml")
            #expect(isStatic == Wishes(want: .attributes(AddressAttributes()), deletePolicy: .retain))
            let listed = try wishes("eip-id-list.yaml")
            #expect(listed == Wishes(want: .list([AddressID("eip-listed01"), AddressID("eip-listed02")])))
            let ordinary = try wishes("non-static-pod.yaml")
            #expect(ordinary == Wishes(want: .attributes(AddressAttributes(bandwidth: 10))))
        }
    }

    @Test func `the service account may do nothing more`() throws {
        try withNamespace { server, namespace in
            for (method, path) in [
                ("GET", "/api/v1/namespaces/\(namespace)/secrets"), ("DELETE", "/api/v1/namespaces/\(namespace)/pods/web-0"),
                ("DELETE", "/api/v1/namespaces/\(namespace)"), ("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"),
                ("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/\(ClaimResource.definitionName)"),
            ] {
                let answer = try server.call(method, path)
                #expect(answer.status == 403, "\(method) \(path)")
            }
            let own = try server.call("GET", "/apis/coordination.k8s.io/v1/namespaces/eip-controller/leases")
            #expect(own.status == 200)
        }
    }
}

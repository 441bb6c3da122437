import Cloud
import Contract
import Core
import HTTPClient
import JSON
import Kubernetes
import Lifecycle
import Models
import Observe
import Testing

@testable import Runtime
@testable import Sandbox

@Suite("The worker's outside", .timeLimit(.minutes(1))) struct WorkerPortTests {
    private let kubernetes: SandboxKubernetes
    private let http = HTTPClient()
    private let lines = Lines()
    private let port: WorkerPort

    init() throws {
        kubernetes = try SandboxKubernetes(SandboxKubernetesSettings())
        let log = Log(level: .debug, sink: { [lines] in lines.add($0) })
        let cloud = TencentCloudClient(
            CloudSettings(region: "r", endpoint: try CloudEndpoint("http://127.0.0.1:9"), requestLife: RequestLife(.seconds(60))),
            credentials: FixedCredentials(CloudCredentials(secretID: "a", secretKey: Secret("b"))), http: http, now: LocalClock.now, observer: { _ in })
        let cluster = ClusterPort(
            client: KubernetesClient(ClusterAccess(server: kubernetes.url), http: http), names: AnnotationNames(), clock: ClusterClock(local: LocalClock.now))
        port = WorkerPort(clusters: ["c": cluster], cloud: cloud, vpcID: "vpc-1", log: log)
        _ = try kubernetes.withModel { try $0.create(ClaimDefinition.object, in: .customResourceDefinitions, now: SandboxCloudSettings.wallClock()) }
    }

    private func close() async {
        await http.shutdown()
        await kubernetes.stop()
    }

    private func createPod(_ name: String, in namespace: String, annotations: JSONValue = [:], finalizers: JSONValue = []) throws {
        let pod: JSONValue = [
            "metadata": ["name": .string(name), "annotations": annotations, "finalizers": finalizers], "spec": ["containers": [["name": "c", "image": "i"]]],
        ]
        _ = try kubernetes.withModel { try $0.create(pod, in: .pods, namespace: namespace, now: SandboxCloudSettings.wallClock()) }
    }
    private func createNamespace(_ name: String) throws {
        _ = try kubernetes.withModel { try $0.create(["metadata": ["name": .string(name)]], in: .namespaces, now: SandboxCloudSettings.wallClock()) }
    }

    @Test func `an Event that a namespace being deleted does not take is no warning, any other that is refused is one`() async throws {
        for name in ["going", "staying"] {
            try createNamespace(name)
            // held, so that it outlives its namespace's end
            try createPod("web-0", in: name, finalizers: ["test/held"])
        }
        _ = try kubernetes.withModel { try $0.delete(ObjectRef(.namespaces, name: "going"), now: SandboxCloudSettings.wallClock()) }
        let notice = Notice(warning: false, reason: .releasedEIP, message: "released eip-1")
        await port.say(Key(cluster: "c", namespace: "going", name: "web-0"), notice)
        #expect(lines.count("no Event: its namespace is being deleted") == 1 && lines.count("cannot record an Event") == 0, "\(lines.last(9))")
        let refusal = APIStatus(code: 403, reason: "Forbidden", message: "no")
        kubernetes.state.withLock {
            $0.faults.add(KubernetesFaults.Fault(method: "POST", path: "*/events", refusal: refusal, losesReply: false, delay: .zero, count: 1))
        }
        await port.say(Key(cluster: "c", namespace: "staying", name: "web-0"), notice)
        #expect(lines.count("cannot record an Event") == 1, "\(lines.last(9))")
        await close()
    }

    @Test func `what lives in a cluster is each pod that wants an EIP and each claim, once`() async throws {
        try createNamespace("team")
        let wanting: JSONValue = ["tke.cloud.tencent.com/eip-attributes": "{}"]
        try createPod("wanting", in: "team", annotations: wanting)
        try createPod("both", in: "team", annotations: wanting)
        try createPod("plain", in: "team")
        for name in ["both", "kept"] {
            let spec = ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .retain)
            let claim = try JSONValue(parsing: ClaimEncoder.create(namespace: "team", name: name, spec: spec))
            try kubernetes.withModel { model in
                let claims = try #require(model.resource(apiVersion: ClaimResource.apiVersion, kind: ClaimResource.kind))
                try model.create(claim, in: claims, namespace: "team", now: SandboxCloudSettings.wallClock())
            }
        }
        let keys = await port.keys()
        #expect(keys?.map(\.name) == ["both", "kept", "wanting"] && keys?.allSatisfy { $0.cluster == "c" && $0.namespace == "team" } == true)
        await close()
        #expect(await port.keys() == nil, "not listed is not empty")
    }
}

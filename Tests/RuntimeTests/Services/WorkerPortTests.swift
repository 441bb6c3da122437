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

@Suite("What a worker says", .timeLimit(.minutes(1))) struct WorkerPortTests {
    @Test func `an Event that a namespace being deleted does not take is no warning, any other that is refused is one`() async throws {
        let kubernetes = try SandboxKubernetes(SandboxKubernetesSettings())
        let http = HTTPClient()
        let lines = Lines()
        let log = Log(level: .debug, sink: { lines.add($0) })
        let cloud = TencentCloudClient(
            CloudSettings(region: "r", endpoint: try CloudEndpoint("http://127.0.0.1:9"), requestLife: RequestLife(.seconds(60))),
            credentials: FixedCredentials(CloudCredentials(secretID: "a", secretKey: Secret("b"))), http: http, now: LocalClock.now, observer: { _ in })
        let cluster = ClusterPort(
            client: KubernetesClient(ClusterAccess(server: kubernetes.url), http: http), names: AnnotationNames(), clock: ClusterClock(local: LocalClock.now))
        let port = WorkerPort(clusters: ["c": cluster], cloud: cloud, vpcID: "vpc-1", log: log)
        try kubernetes.withModel { model in
            let now = SandboxCloudSettings.wallClock()
            try model.create(ClaimDefinition.object, in: .customResourceDefinitions, now: now)
            for name in ["going", "staying"] {
                try model.create(["metadata": ["name": .string(name)]], in: .namespaces, now: now)
                // held, so that it outlives its namespace's end
                let pod: JSONValue = ["metadata": ["name": "web-0", "finalizers": ["test/held"]], "spec": ["containers": [["name": "c", "image": "i"]]]]
                try model.create(pod, in: .pods, namespace: name, now: now)
            }
            _ = try model.delete(ObjectRef(.namespaces, name: "going"), now: now)
        }
        let notice = Notice(warning: false, reason: .releasedEIP, message: "released eip-1")
        await port.say(Key(cluster: "c", namespace: "going", name: "web-0"), notice)
        #expect(lines.count("no Event: its namespace is being deleted") == 1 && lines.count("cannot record an Event") == 0, "\(lines.last(9))")
        kubernetes.state.withLock {
            $0.faults.add(
                KubernetesFaults.Fault(
                    method: "POST", path: "*/events", refusal: APIStatus(code: 403, reason: "Forbidden", message: "no"), losesReply: false, delay: .zero,
                    count: 1))
        }
        await port.say(Key(cluster: "c", namespace: "staying", name: "web-0"), notice)
        #expect(lines.count("cannot record an Event") == 1, "\(lines.last(9))")
        await http.shutdown()
        await kubernetes.stop()
    }
}

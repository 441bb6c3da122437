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

/// Takes what is published, or lets it wait.
private final class ScriptedPublisher: QueuePublisher {
    private let state = Locked<(changes: [KeyChanged], next: Latch)>(([], Latch()))
    /// a publication is acknowledged once it is open
    let gate = Latch()

    func publish(_ change: KeyChanged) async throws {
        let latch = state.withLock { s in
            s.changes.append(change)
            defer { s.next = Latch() }
            return s.next
        }
        latch.open()
        await gate.wait()
        try Task.checkCancellation()
    }
    var brief: [String] { state.withLock { $0.changes.map { "\($0.cause.rawValue) \($0.key.name)" } } }
    func until(_ count: Int) async {
        while true {
            let (changes, next) = state.withLock { $0 }
            if changes.count >= count { return }
            await next.wait()
        }
    }
}

@Suite("What the leader of a cluster does", .timeLimit(.minutes(1))) struct ClusterDutiesTests {
    private let kubernetes: SandboxKubernetes
    private let http = HTTPClient()
    private let publisher = ScriptedPublisher()
    private let mayAct = Locked(true)

    init() throws {
        kubernetes = try SandboxKubernetes(SandboxKubernetesSettings(controllerInterval: nil))
        try kubernetes.withModel { _ = try $0.create(ClaimDefinition.object, in: .customResourceDefinitions, now: SandboxCloudSettings.wallClock()) }
    }

    private func duties(_ lines: Lines = Lines()) -> ClusterDuties {
        let port = ClusterPort(
            client: KubernetesClient(ClusterAccess(server: kubernetes.url), http: http), names: AnnotationNames(), clock: ClusterClock(local: LocalClock.now))
        return ClusterDuties(
            cluster: "cluster-1", term: 1, map: ShardMap(slots: 4), place: AccountRegion(account: "default", region: "r"), expireAfter: .zero, port: port,
            publisher: publisher, log: Log(sink: { lines.add($0) }), metrics: ControllerMetrics()
        ) { [mayAct] in mayAct.withLock { $0 } }
    }
    private func createPod(_ name: String, served: Bool = false) throws {
        var pod: JSONValue = ["metadata": ["name": .string(name)], "spec": ["containers": [["name": "c", "image": "i"]]]]
        pod["metadata"]["annotations"][AnnotationNames.tkeDomain + "/eip-attributes"] = "{}"
        if served { pod["metadata"]["annotations"][AnnotationNames.tkeDomain + "/eip-public-ip"] = "1.2.3.4" }
        let object = pod
        try kubernetes.withModel { _ = try $0.create(object, in: .pods, namespace: "default", now: SandboxCloudSettings.wallClock()) }
    }
    private func close() async {
        await http.shutdown()
        await kubernetes.stop()
    }

    @Test func `keys are published as they change, those of a first list by urgency`() async throws {
        publisher.gate.open()
        try createPod("new-0")
        try createPod("old-0", served: true)
        let running = Task { await duties().run() }
        await publisher.until(2)
        #expect(publisher.brief.sorted() == ["PodSeen new-0", "Replayed old-0"])
        try createPod("late-0")
        await publisher.until(3)
        #expect(publisher.brief.last == "PodSeen late-0")
        running.cancel()
        await running.value
        await close()
    }

    @Test func `after a rollback of etcd everything is published again`() async throws {
        publisher.gate.open()
        try createPod("kept-0", served: true)
        let revision = kubernetes.withModel { $0.revision }
        let running = Task { await duties().run() }
        await publisher.until(1)
        try createPod("undone-0")
        await publisher.until(2)
        try kubernetes.withModel { try $0.rewind(to: revision) }
        await publisher.until(4)
        #expect(publisher.brief == ["Replayed kept-0", "PodSeen undone-0", "Replayed kept-0", "PodGone undone-0"])
        running.cancel()
        await running.value
        await close()
    }

    @Test func `a node that changes while its capacity is being written is written once more`() async throws {
        let (node, eips) = (ObjectRef(.nodes, name: "node-1"), AnnotationNames.tkeDomain + "/eip")
        func annotate(_ count: Int) throws {
            _ = try kubernetes.withModel { try $0.patch(.merge(["metadata": ["annotations": [eips + "-capacity": .string("\(count)")]]]), at: node) }
        }
        try kubernetes.withModel {
            _ = try $0.create(
                ["metadata": ["name": "node-1"], "spec": ["providerID": "qcloud:///100003/ins-abc"]], in: .nodes, now: SandboxCloudSettings.wallClock())
        }
        try annotate(5)
        kubernetes.state.withLock {
            $0.faults.add(.init(method: "PATCH", path: "/api/v1/nodes/*", refusal: nil, losesReply: false, delay: .milliseconds(300), count: 1))
        }
        let lines = Lines()
        let running = Task { await duties(lines).run() }
        while !kubernetes.state.withLock({ $0.faults.waiting.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
        try annotate(3)
        while lines.count("node capacity written") < 2 { await lines.next().wait() }
        #expect(kubernetes.withModel { $0.find(node)?["status"]["capacity"][eips].string } == "3")
        running.cancel()
        await running.value
        await close()
    }

    @Test func `who does not lead publishes nothing`() async throws {
        mayAct.withLock { $0 = false }
        publisher.gate.open()
        try createPod("new-0")
        let lines = Lines()
        let running = Task { await duties(lines).run() }
        while lines.count("following") < 3 { await lines.next().wait() }
        running.cancel()
        await running.value
        #expect(publisher.brief == [])
        await close()
    }

    @Test func `a term's end ends what is under way, and nothing outlives it`() async throws {
        try createPod("new-0")
        let running = Task { await duties().run() }
        await publisher.until(1)  // it is not acknowledged
        try createPod("new-1")
        await publisher.until(2)
        running.cancel()
        await running.value
        publisher.gate.open()
        try createPod("new-2")
        #expect(publisher.brief == ["PodSeen new-0", "PodSeen new-1"])
        await close()
    }
}

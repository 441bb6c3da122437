import Core
import HTTPClient
import JSON
import Kubernetes
import Lifecycle
import Models
import Observe
import Testing

@testable import Sandbox

extension SandboxKubernetes {
    /// Returns when the condition holds, false if it does not within 10 seconds.
    fileprivate func eventually(_ condition: @Sendable (APIServerModel) -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            let (holds, changed) = state.withLock { (condition($0.model), $0.changed) }
            if holds { return true }
            if ContinuousClock.now >= end { return false }
            await changed.wait(atMost: .milliseconds(500))
        }
    }
}

@Test func `the kubelet runs pods of the sandbox's API and tells its cloud`() async throws {
    let kubernetes = try SandboxKubernetes(SandboxKubernetesSettings(controllerInterval: .milliseconds(20)))
    let cloud = try SandboxCloud()
    let http = HTTPClient()
    let stopped = Latch()
    let log = Log(sink: { _ in })
    let service = KubeletService(
        ClusterAccess(server: kubernetes.url), cloud: cloud.url, http: http, log: log, interval: .milliseconds(20))
    let running = Task { await service.run(stopped: stopped) }
    func interfaces() -> [CloudInterface] { cloud.withModel { $0.allInterfaces } }

    let pod: JSONValue = ["metadata": ["name": "a"], "spec": ["containers": [["name": "c", "image": "i"]]]]
    let now = SandboxCloudSettings.wallClock()
    try kubernetes.withModel { model in
        let annotations: JSONValue = ["sandbox.eip-controller/private-ips": "10.0.0.7"]
        let node: JSONValue = ["metadata": ["name": "n1", "annotations": annotations], "spec": ["providerID": "qcloud:///1/ins-one"]]
        try model.create(node, in: .nodes, now: now)
        try model.create(pod, in: .pods, namespace: "default", now: now)
    }
    let ref = ObjectRef(.pods, namespace: "default", name: "a")
    #expect(await kubernetes.eventually { $0.find(ref)?["status"]["podIP"] == "10.0.0.7" })
    #expect(interfaces().map(\.id) == ["eni-one"])
    #expect(interfaces()[0].instanceID == "ins-one")
    #expect(interfaces()[0].privateIPs == ["10.0.0.7"])
    try kubernetes.withModel { _ = try $0.delete(ref, now: now) }
    #expect(await kubernetes.eventually { $0.find(ref) == nil })
    // the address is given back in the round after the pod has stopped
    _ = try kubernetes.withModel { model in try model.create(pod, in: .pods, namespace: "default", now: now) }
    #expect(await kubernetes.eventually { $0.find(ref)?["status"]["podIP"] == "10.0.0.7" })
    stopped.open()
    await running.value
    await http.shutdown()
    await cloud.stop()
    await kubernetes.stop()
}

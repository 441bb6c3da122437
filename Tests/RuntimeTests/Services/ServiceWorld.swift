import Admin
import Cloud
import Contract
import Core
import Foundation
import HTTPClient
import JSON
import Kubernetes
import Lifecycle
import Models
import Observe
import Testing

@testable import Runtime
@testable import Sandbox

/// A Kubernetes API, a cloud and a kubelet on sockets of this process, and a controller over them as `eip-controller run`
/// has it, with the queue in memory.
final class ServiceWorld: Sendable {
    let kubernetes: SandboxKubernetes
    let cloud: SandboxCloud
    let controller: Assembly
    let lines: Lines
    private let http = HTTPClient()
    private let life = Life()
    private let kubeletStopped = Latch()
    private let kubelet: Task<Void, Never>
    private let running: Task<Void, any Error>
    private let kubeconfig: String

    static let leadership = {
        var leadership = Configuration.Leadership()
        leadership.leaseDuration = .seconds(4)
        leadership.renewDeadline = .seconds(3)
        leadership.retryPeriod = .milliseconds(500)
        return leadership
    }()

    init(cloud settings: CloudModel.Settings = CloudModel.Settings(latency: .init(all: .milliseconds(50)))) throws {
        kubernetes = try SandboxKubernetes(SandboxKubernetesSettings(controllerInterval: .milliseconds(20)))
        cloud = try SandboxCloud(SandboxCloudSettings(cloud: settings))
        lines = Lines()
        let log = Log(level: .debug, sink: { [lines] in lines.add($0) })
        kubeconfig = NSTemporaryDirectory() + "eip-services-\(UUID().uuidString).yaml"
        try kubernetes.kubeconfig().write(toFile: kubeconfig, atomically: true, encoding: .utf8)
        let configuration = Configuration(
            roles: [.informer, .worker, .reaper], cluster: .kubeconfig(kubeconfig), namespace: "kube-system", instanceID: "replica-0", queue: .memory,
            slots: 1,
            cloud: Configuration.CloudAccount(
                endpoint: try CloudEndpoint(cloud.url), region: "ap-guangzhou", vpcID: "vpc-sandbox",
                credentials: .fixed(CloudCredentials(secretID: "AKIDSANDBOX", secretKey: Secret("sandbox"))), requestLife: .seconds(60)),
            defaultTags: [], annotationDomain: AnnotationNames.tkeDomain, claimExpiredDuration: .zero, lostStatic: .alert,
            adminAddress: try AdminAddress("127.0.0.1:0"), logFormat: .text, logLevel: .debug, leadership: Self.leadership)
        controller = try Assembly(configuration, http: http, log: log)
        try kubernetes.withModel { model in
            let now = SandboxCloudSettings.wallClock()
            try model.create(ClaimDefinition.object, in: .customResourceDefinitions, now: now)
            let node: JSONValue = ["metadata": ["name": "n1"], "spec": ["providerID": "qcloud:///1/ins-one"], "status": ["capacity": ["cpu": "8"]]]
            try model.create(node, in: .nodes, now: now)
        }
        let service = KubeletService(
            ClusterAccess(server: kubernetes.url), cloud: cloud.url, http: http, log: Log(sink: { _ in }), interval: .milliseconds(20))
        kubelet = Task { [kubeletStopped] in await service.run(stopped: kubeletStopped) }
        running = Task { [controller, life] in try await controller.run(life) }
    }

    /// As on SIGTERM. How long it took.
    func stopController() async throws -> Duration {
        try await ContinuousClock().measure {
            life.requestStop()
            try await running.value
        }
    }

    func close() async throws {
        _ = try await stopController()
        kubeletStopped.open()
        await kubelet.value
        await http.shutdown()
        await cloud.stop()
        await kubernetes.stop()
        try FileManager.default.removeItem(atPath: kubeconfig)
    }

    // MARK: what is done to it

    func createPod(_ name: String, annotations: [String: String] = ["eip-attributes": "{}"]) throws {
        var pod: JSONValue = ["metadata": ["name": .string(name)], "spec": ["containers": [["name": "c", "image": "i"]]]]
        for (key, value) in annotations { pod["metadata"]["annotations"][AnnotationNames.tkeDomain + "/" + key] = .string(value) }
        let object = pod
        try kubernetes.withModel { _ = try $0.create(object, in: .pods, namespace: "default", now: SandboxCloudSettings.wallClock()) }
    }
    func deletePod(_ name: String) throws {
        try kubernetes.withModel { _ = try $0.delete(Self.pod(name), now: SandboxCloudSettings.wallClock()) }
    }
    /// Somebody else takes the Lease, or gives it up.
    func setLeaseHolder(_ holder: String, seconds: Int) throws {
        try kubernetes.withModel { model in
            var lease = try model.get(Self.lease)
            lease["spec"]["holderIdentity"] = .string(holder)
            lease["spec"]["leaseDurationSeconds"] = .int(seconds)
            let taken = lease
            _ = try model.replace(taken, at: Self.lease, now: SandboxCloudSettings.wallClock())
        }
    }

    func deleteLease() throws {
        try kubernetes.withModel { _ = try $0.delete(Self.lease, now: SandboxCloudSettings.wallClock()) }
    }
    /// The next call of that action is not executed, and never answered.
    func leaveUnanswered(_ action: String) {
        cloud.state.withLock { $0.faults.add(CloudFaults.Fault(action: action, kind: .timeout, code: "", count: 1, delay: .zero, match: [:])) }
    }

    /// The next write of the Lease is executed only after that time.
    func holdUpLeaseWrite(_ time: Duration) {
        kubernetes.state.withLock {
            $0.faults.add(KubernetesFaults.Fault(method: "PUT", path: "*/leases/*", refusal: nil, losesReply: false, delay: time, count: 1))
        }
    }
    /// Faults that wait for their request.
    func heldUp() -> Int { kubernetes.state.withLock { $0.faults.waiting.count } }

    // MARK: what is seen of it

    static func pod(_ name: String) -> ObjectRef { ObjectRef(.pods, namespace: "default", name: name) }
    static let lease = ObjectRef(.leases, namespace: "kube-system", name: LeaderService.leaseName)

    func publicIP(_ pod: String) -> String? {
        kubernetes.withModel { $0.find(Self.pod(pod))?["metadata"]["annotations"][AnnotationNames.tkeDomain + "/eip-public-ip"].string }
    }
    func renewTime() -> String? { kubernetes.withModel { $0.find(Self.lease)?["spec"]["renewTime"].string } }
    func leaseHolder() -> String? { kubernetes.withModel { $0.find(Self.lease)?["spec"]["holderIdentity"].string } }
    /// Mutating calls that the cloud has seen, oldest first.
    func writes() -> [String] { cloud.withModel { $0.journal.map(\.action).filter { !$0.hasPrefix("Describe") } } }
    var worker: WorkerService? { controller.state.withLock { $0.worker } }

    /// Returns when the condition holds; it is looked at whenever something is logged, and ten times a second.
    func eventually(_ what: String, within limit: Duration = .seconds(20), _ condition: () -> Bool) async {
        let end = ContinuousClock.now + limit
        while !condition() {
            guard ContinuousClock.now < end else {
                Issue.record("\(what): not within \(limit)\n\(lines.last(40))")
                return
            }
            await Latch.any(lines.next(), Deadline.latch(after: .milliseconds(100)))
        }
    }
}

/// The lines of a log.
final class Lines: Sendable {
    private let state = Locked<(all: [String], next: Latch)>(([], Latch()))

    func add(_ line: [UInt8]) {
        let latch = state.withLock { s in
            s.all.append(String(decoding: line, as: UTF8.self))
            defer { s.next = Latch() }
            return s.next
        }
        latch.open()
    }
    /// Opens with the next line.
    func next() -> Latch { state.withLock { $0.next } }
    func count(_ text: String) -> Int { state.withLock { $0.all.count { $0.contains(text) } } }
    func last(_ count: Int) -> String { state.withLock { $0.all.suffix(count).joined() } }
}

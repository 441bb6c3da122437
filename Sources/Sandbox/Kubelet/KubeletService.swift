internal import Core
public import HTTPClient
internal import JSON
public import Kubernetes
public import Lifecycle
internal import Models
public import Observe

/// `eip-sandbox kubelet`: acts as `Kubelet` decides, against any API server and the sandbox's cloud.
///
/// It reads all nodes and pods every `interval`: simple, and good for a few thousand pods.
public final class KubeletService: Sendable {
    private let kubernetes: KubernetesClient
    private let http: HTTPClient
    private let cloud: String
    private let log: Log
    private let interval: Duration

    /// - Parameters:
    ///   - cloud: the sandbox cloud's URL, without a slash at the end.
    ///   - http: shared; whoever made it shuts it down.
    public init(_ access: ClusterAccess, cloud: String, http: HTTPClient, log: Log, interval: Duration = .milliseconds(200)) {
        kubernetes = KubernetesClient(access, http: http)
        self.http = http
        self.cloud = cloud
        self.log = log
        self.interval = interval
    }

    /// Works until `stopped` opens.
    public func run(stopped: Latch) async {
        var kubelet = Kubelet()
        while !stopped.isOpen {
            do {
                try await round(&kubelet)
            } catch {
                log.warning("kubelet round failed", [.reason("\(error)")])
            }
            await stopped.wait(atMost: interval)
        }
    }

    private func round(_ kubelet: inout Kubelet) async throws {
        let nodes = try await objects(.nodes)
        let pods = try await objects(.pods)
        for group in kubelet.plan(nodes: nodes, pods: pods, now: SandboxCloudSettings.wallClock()) {
            for step in group {
                do {
                    try await perform(step)
                } catch {
                    // A pod that has changed since it was read is looked at again in the next round.
                    log.debug("kubelet step failed", [.reason("\(step): \(error)")])
                    break
                }
            }
        }
    }
    private func objects(_ resource: Kubernetes.Resource) async throws -> [JSONValue] {
        let answer = try await kubernetes.get(rawPath: resource.all().path + "?resourceVersion=0")
        return try JSONValue(parsing: answer.value)["items"].array ?? []
    }

    private func perform(_ step: KubeletStep) async throws {
        switch step {
        case .registerInterface(let interface): try await register(interface, [])
        case .addAddress(let interface, let ip): try await register(interface, [.string(ip)])
        case .removeAddress(let interface, let ip): try await tellCloud(["eniId": .string(interface.id), "remove": [.string(ip)]])
        case .patchNode(let name, let patch): _ = try await kubernetes.mergePatch(Kubernetes.Resource.nodes.at(nil, name), patch.bytes())
        case .patchNodeStatus(let name, let patch):
            _ = try await kubernetes.mergePatch(Kubernetes.Resource.nodes.at(nil, name, subresource: "status"), patch.bytes())
        case .patchPodStatus(let namespace, let name, let patch):
            _ = try await kubernetes.mergePatch(Kubernetes.Resource.pods.at(namespace, name, subresource: "status"), patch.bytes())
        case .removePod(let namespace, let name, let uid):
            _ = try await kubernetes.delete(Kubernetes.Resource.pods.at(namespace, name), Kubernetes.DeleteOptions(uid: uid, gracePeriod: .zero))
        }
    }
    /// Whole each time: what is left out of it, the cloud forgets.
    private func register(_ interface: NodeInterface, _ ips: [JSONValue]) async throws {
        try await tellCloud([
            "eniId": .string(interface.id), "vpcId": .string(interface.vpcID), "instanceId": .string(interface.instanceID),
            "cores": .int(interface.cores), "privateIps": .array(ips),
        ])
    }
    private func tellCloud(_ body: JSONValue) async throws {
        let request = HTTPRequest("POST", cloud + "/sandbox/enis", headers: ["Content-Type": "application/json"], body: body.bytes())
        let response = try await http.send(request)
        guard response.status == 200 else {
            throw CloudRefusal(status: response.status, text: String(decoding: response.body, as: UTF8.self))
        }
    }

    /// The sandbox cloud did not take what it was told.
    struct CloudRefusal: Error, CustomStringConvertible {
        var status: Int
        var text: String
        var description: String { "the sandbox cloud answered \(status): \(text)" }
    }
}

extension Field {
    fileprivate static func reason(_ text: String) -> Field { Field("reason", text) }
}

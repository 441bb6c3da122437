internal import Contract
internal import Core
internal import Glibc
internal import HTTPClient
internal import JSON
internal import Kafka
internal import Kubernetes
internal import Lifecycle
internal import Models
internal import Observe

/// Everything that the story needs around the controller, on free ports of this machine, and the controller in it.
final class StoryHost: Sendable {
    let kubernetes: SandboxKubernetes
    let cloud: SandboxCloud
    /// nil with the queue in memory
    let kafka: KafkaMockCluster?
    /// Of this run alone: kubeconfig and the controller's log.
    let folder: String
    var kubeconfig: String { "\(folder)/kubeconfig" }
    var controllerLog: String { "\(folder)/controller.log" }

    private let http: HTTPClient
    private let log: Log
    private let stopped = Latch()
    private let kubelet: Task<Void, Never>
    private let controller = Locked<ControllerRun?>(nil)
    /// Lives of the controller so far: each has a name of its own.
    private let lives = Locked(0)

    /// - Throws: what keeps a part from starting.
    init(_ settings: StorySettings) throws {
        folder = try Self.makeFolder()
        kubernetes = try SandboxKubernetes(SandboxKubernetesSettings(controllerInterval: .milliseconds(50)))
        var model = CloudModel.Settings(latency: .init(all: settings.latency))
        model.limitsRequests = settings.limits == .standard
        cloud = try SandboxCloud(SandboxCloudSettings(cloud: model))
        kafka = settings.queue == .kafka ? try KafkaMockCluster(topics: sandboxTopics) : nil
        let file = try LogFile("\(folder)/controller.log")
        log = Log(sink: { file.append($0) })
        try writeKubeconfig(kubernetes.kubeconfig(), to: "\(folder)/kubeconfig")
        http = HTTPClient()
        let kubelet = KubeletService(
            ClusterAccess(server: kubernetes.url), cloud: cloud.url, http: http, log: log.with(Field("part", "kubelet")), interval: .milliseconds(50))
        self.kubelet = Task { [stopped] in await kubelet.run(stopped: stopped) }
    }

    /// In the order in which a person would stop them.
    func stop() async {
        await controller.withLock { $0 }?.stop()
        stopped.open()
        await kubelet.value
        await http.shutdown()
        await kubernetes.stop()
        await cloud.stop()
    }

    func removeFolder() {
        for file in [kubeconfig, controllerLog] { unlink(file) }
        rmdir(folder)
    }

    private static func makeFolder() throws -> String {
        var template = Array("/tmp/eip-sandbox.XXXXXX".utf8CString)
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap(mkdtemp) }) != nil else {
            throw KubeconfigNotWritten(path: "/tmp/eip-sandbox.XXXXXX", errno: errno)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What the events topic has got so far; nil with the queue in memory.
    ///
    /// - Throws: `KafkaError`.
    func eventCount() async throws -> Int? {
        guard let kafka else { return nil }
        return try await KafkaReader.ranges(kafka.settings, topic: "eip.events.v1").values.reduce(0) { $0 + $1.count }
    }

    // MARK: - The controller

    /// - Throws: `ControllerRun.Ended`.
    func startController() throws {
        let life = lives.withLock { lives in
            lives += 1
            return lives
        }
        let environment = ["TENCENTCLOUD_SECRET_ID": "AKIDSANDBOX", "TENCENTCLOUD_SECRET_KEY": "sandbox"]
        let run = try ControllerRun(arguments(life), environment: environment, log: log.with(Field("life", life)))
        controller.withLock { $0 = run }
    }
    func killController() async { await controller.withLock { $0 }?.kill() }
    /// Nil as long as it runs.
    var controllerExitCode: Int32? { controller.withLock { $0 }?.exitCode }

    /// The Lease is short, so that who comes after a crash need not wait long; the session is the shortest that the mock takes.
    private func arguments(_ life: Int) -> [String] {
        var arguments = [
            "--instance-id", "sandbox-\(life)", "--kubeconfig", kubeconfig, "--namespace", Self.namespace, "--cloud-endpoint", cloud.url,
            "--region", "ap-guangzhou", "--vpc-id", Self.vpcID, "--admin-address", "127.0.0.1:0", "--lease-duration", "4s", "--renew-deadline", "3s",
            "--retry-period", "500ms",
        ]
        if let kafka {
            arguments += ["--queue", "kafka", "--kafka-brokers", kafka.bootstrap, "--kafka-session-timeout", "6s"]
            // what the mock needs (see `KafkaMockCluster.settings`)
            arguments += ["--kafka-setting", "fetch.wait.max.ms=10,max.in.flight.requests.per.connection=1"]
        }
        return arguments
    }
    private static let namespace = "eip-controller"
    private static let vpcID = "vpc-sandbox"

    // MARK: - What a person does

    /// CRD, namespace, two nodes, the user's EIPs.
    func prepare() throws {
        let now = SandboxCloudSettings.wallClock()
        try apply(ClaimDefinition.object)
        try apply(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(Self.namespace)]])
        for number in 1...2 { try apply(Self.node(number)) }
        try cloud.withModel { model in
            for id in Examples.listedIDs { try model.addUserAddress(id: AddressID(id), name: "mine", now: now) }
        }
    }

    /// A CVM with 32 cores, which may have six pods with EIPs (`NodeCapacity`).
    private static func node(_ number: Int) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Node", "metadata": ["name": .string("node-\(number)")],
            "spec": ["providerID": .string("qcloud:///800001/ins-sandbox\(number)")],
            "status": ["capacity": ["cpu": "32", "memory": "64Gi", "pods": "61"]],
        ]
    }

    /// As `kubectl create -f` does.
    func apply(_ object: JSONValue) throws {
        let now = SandboxCloudSettings.wallClock()
        try kubernetes.withModel { model in
            guard let resource = model.resource(apiVersion: object["apiVersion"].string ?? "", kind: object["kind"].string ?? "") else {
                throw APIStatus(code: 404, reason: "NotFound", message: "no kind \(object["kind"]) in \(object["apiVersion"])")
            }
            let namespace = resource.namespaced ? object["metadata"]["namespace"].string ?? "default" : ""
            try model.create(object, in: resource, namespace: namespace, now: now)
        }
    }
    /// As `kubectl delete pod` and `kubectl delete eipc` do, in the namespace `default`.
    func deletePod(_ name: String) throws {
        let now = SandboxCloudSettings.wallClock()
        try kubernetes.withModel { _ = try $0.delete(ObjectRef(.pods, namespace: "default", name: name), now: now) }
    }
    func deleteClaim(_ name: String) throws {
        let now = SandboxCloudSettings.wallClock()
        try kubernetes.withModel { model in
            guard let claims = model.claimResource else { preconditionFailure("prepare has applied the CRD") }
            try model.delete(ObjectRef(claims, namespace: "default", name: name), now: now)
        }
    }
    /// As `kubectl scale sts` does.
    func scale(_ name: String, to replicas: Int) throws {
        try kubernetes.withModel { model in
            _ = try model.patch(.merge(["spec": ["replicas": .int(replicas)]]), at: ObjectRef(.statefulSets, namespace: "default", name: name))
        }
    }
    /// As `kubectl cordon` and `kubectl uncordon` do.
    func setSchedulable(_ node: String, _ schedulable: Bool) throws {
        try kubernetes.withModel { model in
            _ = try model.patch(.merge(["spec": ["unschedulable": schedulable ? .null : true]]), at: ObjectRef(.nodes, name: node))
        }
    }
}

/// A file of lines.
private final class LogFile: Sendable {
    private let descriptor: Locked<Int32>

    init(_ path: String) throws(KubeconfigNotWritten) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw KubeconfigNotWritten(path: path, errno: errno) }
        descriptor = Locked(file)
    }
    deinit { descriptor.withLock { _ = close($0) } }

    /// A line that the disk does not take is lost.
    func append(_ line: [UInt8]) { descriptor.withLock { file in _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } } }
}

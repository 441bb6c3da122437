import Foundation
import Glibc
import HTTPClient
import JSON
import Testing

/// What all integration tests stand on: a sandbox cloud and a kubelet for two nodes beside the real API server and the real
/// broker; the manifests of `ops/manifests`, and a kubeconfig with the token of the controller's ServiceAccount.
final class Bed: Sendable {
    /// Set while the tests of `RealServers` run.
    @TaskLocal static var current: Bed?

    let servers: Servers
    /// for logs and other files; removed in the end, unless EIP_TEST_KEEP is set
    let folder: String
    let kubectl: Kubectl
    let cloud: CloudSide
    /// of the controller: nothing but its ServiceAccount's token
    let controllerKubeconfig: String
    let http: HTTPClient
    /// tells this run's nodes, namespaces and topics from those of others
    let mark: String
    private let children: [Child]

    static let nodes = ["one", "two"]

    private init(
        servers: Servers, folder: String, kubectl: Kubectl, cloud: CloudSide, controllerKubeconfig: String, http: HTTPClient, mark: String, children: [Child]
    ) {
        self.servers = servers
        self.folder = folder
        self.kubectl = kubectl
        self.cloud = cloud
        self.controllerKubeconfig = controllerKubeconfig
        self.http = http
        self.mark = mark
        self.children = children
    }

    /// The environment of programs that need none.
    static let plain = ["HOME": "/nonexistent", "PATH": "/usr/bin:/bin"]

    static func make(_ servers: Servers) async throws -> Bed {
        let mark = String(UInt32.random(in: .min ... .max), radix: 36)
        let folder = FileManager.default.temporaryDirectory.appending(path: "eip-integration-\(mark)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let http = HTTPClient()
        let cloudChild = try Child(
            servers.sandbox, ["cloud", "--journal", "\(folder)/journal.jsonl"], environment: plain, output: "\(folder)/cloud.log")
        let cloud = CloudSide(url: "http://\(try await announced(by: cloudChild))", http: http)
        let kubeletChild = try Child(
            servers.sandbox, ["kubelet", "--kubeconfig", servers.kubeconfig, "--cloud-endpoint", cloud.url], environment: plain, output: "\(folder)/kubelet.log"
        )
        let proxyChild = try Child(
            servers.kubectl, ["--kubeconfig", servers.kubeconfig, "proxy", "--port", "0"], environment: plain, output: "\(folder)/proxy.log")
        let kubectl = Kubectl(
            program: servers.kubectl, kubeconfig: servers.kubeconfig, folder: folder, http: http,
            proxy: "http://\(try await announced(by: proxyChild))")
        for (child, url) in [(cloudChild, cloud.url + "/sandbox/addresses"), (proxyChild, kubectl.proxy + "/version")] {
            try await answers(url, child, http)
        }
        try await cloud.set(["totalQuota": 200, "dailyQuota": 2000])
        for file in ["namespace", "crd", "rbac"] { try await kubectl("apply", "-f", Servers.repository.appending(path: "ops/manifests/\(file).yaml").path) }
        let kubeconfig = try await serviceAccountKubeconfig(kubectl, folder)
        let bed = Bed(
            servers: servers, folder: folder, kubectl: kubectl, cloud: cloud, controllerKubeconfig: kubeconfig, http: http, mark: mark,
            children: [proxyChild, kubeletChild, cloudChild])
        for node in nodes { try await bed.addNode(node, cores: 48) }
        return bed
    }

    /// The HOST:PORT that a server says it listens on, having picked the port.
    private static func announced(by child: Child) async throws -> String {
        try await eventually("a server says where it listens", within: .seconds(10)) {
            guard child.isAlive else { throw Unmet("ended before it listened: \(try child.output())") }
            return try child.output().firstMatch(of: /127\.0\.0\.1:[0-9]+(?=\s)/).map { String($0.output) }
        }
    }

    private static func answers(_ url: String, _ child: Child, _ http: HTTPClient) async throws {
        try await eventually("\(url) answers", within: .seconds(10), otherwise: try child.output()) {
            guard child.isAlive else { throw Unmet("ended before \(url) answered: \(try child.output())") }
            do { return try await http.send(HTTPRequest("GET", url)).status == 200 } catch { return false }
        }
    }

    /// Ends the processes and removes the objects. Namespaces of tests are theirs.
    func close() async throws {
        for node in Self.nodes { try await kubectl("delete", "node", nodeName(node), "--ignore-not-found") }
        for child in children { await child.stop() }
        await http.shutdown()
        if ProcessInfo.processInfo.environment["EIP_TEST_KEEP"] == nil { try FileManager.default.removeItem(atPath: folder) }
    }

    // MARK: nodes

    func nodeName(_ name: String) -> String { "eip-\(mark)-\(name)" }

    /// A node as its kubelet would register it. It and only it has the label `eip-test=<name>`.
    func addNode(_ name: String, cores: Int, annotations: [String: String] = [:]) async throws {
        let full = nodeName(name)
        let object: JSONValue = [
            "apiVersion": "v1", "kind": "Node",
            "metadata": [
                "name": .string(full), "labels": ["eip-test": .string(full)],
                "annotations": JSONValue(annotations),
            ],
            "spec": ["providerID": .string("qcloud:///100001/ins-\(mark)\(name)")],
            "status": ["capacity": ["cpu": .string("\(cores)"), "memory": "64Gi", "pods": "110"]],
        ]
        try await kubectl("create", "-f", "-", input: object.text())
    }

    // MARK: the controller's own access

    private static func serviceAccountKubeconfig(_ kubectl: Kubectl, _ folder: String) async throws -> String {
        let path = "/api/v1/namespaces/eip-controller/serviceaccounts/eip-controller/token"
        let request = #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":7200}}"#
        let token = try JSONValue(parsing: try await kubectl("create", "--raw", path, "-f", "-", input: request))["status"]["token"].string
        return try await kubeconfig(kubectl, named: "controller", token: token ?? "", folder)
    }

    /// A kubeconfig for the same server with another token.
    static func kubeconfig(_ kubectl: Kubectl, named name: String, token: String, server: String? = nil, _ folder: String) async throws -> String {
        var view = try JSONValue(parsing: try await kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        view["users"][0]["user"] = ["token": .string(token)]
        if let server { view["clusters"][0]["cluster"]["server"] = .string(server) }
        let file = "\(folder)/\(name).kubeconfig"
        try view.text().write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }

    func kubeconfig(named name: String, token: String, server: String? = nil) async throws -> String {
        try await Self.kubeconfig(kubectl, named: name, token: token, server: server, folder)
    }

    func controllerToken() throws -> String {
        try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: controllerKubeconfig))))["users"][0]["user"]["token"].string ?? ""
    }
}

extension JSONValue {
    fileprivate init(_ texts: [String: String]) {
        self = [:]
        for (key, text) in texts { self[key] = .string(text) }
    }
}

/// Around all tests that need it.
struct BedTrait: SuiteTrait, TestScoping {
    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        guard let servers = Servers.found else { throw Unmet(Servers.missing ?? "") }
        let bed = try await Bed.make(servers)
        do {
            try await Bed.$current.withValue(bed) { try await function() }
        } catch {
            try await bed.close()
            throw error
        }
        try await bed.close()
    }
}

extension Trait where Self == BedTrait {
    static var bed: Self { Self() }
}

/// Against a real control plane and a real broker; left out where they are not named. One after another: they time and kill.
@Suite(
    .serialized, .enabled(if: Servers.missing == nil, "\(Servers.missing ?? "")"), .bed)
enum RealServers {}

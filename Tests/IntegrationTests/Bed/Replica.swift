import Foundation
import Glibc
import HTTPClient
import JSON
import Lifecycle
import Testing

/// One `eip-controller run`, set up as `ops/manifests/statefulset.yaml` does: arguments for what is the same in every cluster,
/// environment for the rest.
struct Replica: Sendable {
    struct Settings: Sendable {
        var instance = "a"
        var topicPrefix: String
        var kubeconfig: String
        var kafka: String
        var cloud: String
        var secretID = "AKIDSANDBOX"
        var secretKey = "sandbox"
        var more: [String] = []
    }

    let instance: String
    let child: Child
    private let http: HTTPClient

    /// How soon a silent replica is missed; short, for the tests' sake.
    static let leaseDuration = Duration.seconds(5)
    static let retryPeriod = Duration.seconds(1)
    static let sessionTimeout = Duration.seconds(6)
    private static let quick = [
        "--lease-duration", "5s", "--renew-deadline", "3s", "--retry-period", "1s", "--kafka-session-timeout", "6s",
        "--request-life", "10s", "--log-level", "debug",
    ]

    init(_ settings: Settings, in bed: Bed) throws {
        instance = settings.instance
        http = bed.http
        let environment = [
            "EIP_INSTANCE_ID": settings.instance, "EIP_NAMESPACE": "eip-controller", "EIP_KUBECONFIG": settings.kubeconfig,
            "EIP_KAFKA_BROKERS": settings.kafka, "EIP_KAFKA_TOPIC_PREFIX": settings.topicPrefix, "EIP_CLOUD_ENDPOINT": settings.cloud,
            "EIP_REGION": "ap-guangzhou", "EIP_VPC_ID": "vpc-sandbox", "TENCENTCLOUD_SECRET_ID": settings.secretID,
            "TENCENTCLOUD_SECRET_KEY": settings.secretKey,
        ]
        child = try Child(
            bed.servers.controller, ["run", "--queue", "kafka", "--admin-address", "127.0.0.1:0", "--log-format", "json"] + Self.quick + settings.more,
            environment: environment, output: "\(bed.folder)/\(settings.topicPrefix)-\(settings.instance)-\(UUID().uuidString).log")
    }

    // MARK: its log

    /// The lines so far. A sentence before the log begins is a line with nothing but `msg`.
    func log() throws -> [JSONValue] {
        try child.output().split(separator: "\n").map { line in
            guard line.hasPrefix("{"), line.hasSuffix("}") else { return ["msg": .string(String(line))] }
            return try JSONValue(parsing: String(line))
        }
    }
    func lines(_ message: String, after count: Int = 0) throws -> [JSONValue] { try log().dropFirst(count).filter { $0["msg"].string == message } }

    func waitFor(_ message: String, after count: Int = 0, within limit: Duration = .seconds(20)) async throws {
        try await eventually("\(instance) logs \"\(message)\"", within: limit, otherwise: try tail()) { try !lines(message, after: count).isEmpty }
    }
    func tail() throws -> String { "last lines of \(instance):\n" + (try child.output().split(separator: "\n").suffix(12).joined(separator: "\n")) }

    var isLeading: Bool {
        get throws {
            let last = try log().last { $0["msg"].string == "leading" || $0["msg"].string == "no longer leading" }
            return last?["msg"].string == "leading"
        }
    }

    // MARK: its admin port

    private let address = Locked<String?>(nil)

    /// HOST:PORT, as it said itself: a port that a test found free may be taken when the replica comes to it.
    ///
    /// - Returns: nil when it does not serve yet.
    private func admin() throws -> String? {
        if let known = address.withLock({ $0 }) { return known }
        let said = try lines("serving /livez, /readyz and /metrics").first?["address"].string
        address.withLock { $0 = said }
        return said
    }

    func get(_ path: String) async throws -> (status: Int, text: String) {
        guard let admin = try admin() else { throw Unmet("\(instance) does not serve \(path) yet: \(try tail())") }
        let answer = try await http.send(HTTPRequest("GET", "http://\(admin)\(path)", timeout: .seconds(5)))
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    /// Sum over all labels.
    func metric(_ name: String) async throws -> Double {
        try await get("/metrics").text.split(separator: "\n").filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
            .reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
    }

    func becomesReady(within limit: Duration = .seconds(30)) async throws {
        try await eventually("\(instance) is ready", within: limit, otherwise: try tail()) {
            guard child.isAlive else { throw Unmet("\(instance) ended: \(try tail())") }
            guard try admin() != nil else { return false }
            do { return try await get("/readyz").status == 200 } catch is HTTPClientError { return false }
        }
    }
}

/// Two replicas of the controller with topics of their own, around a suite.
actor Pair {
    @TaskLocal static var current: Pair?

    nonisolated let bed: Bed
    nonisolated let prefix: String
    private(set) var replicas: [Replica]

    private init(bed: Bed, prefix: String, replicas: [Replica]) {
        self.bed = bed
        self.prefix = prefix
        self.replicas = replicas
    }

    nonisolated static func settings(_ instance: String, prefix: String, _ bed: Bed) -> Replica.Settings {
        Replica.Settings(
            instance: instance, topicPrefix: prefix, kubeconfig: bed.controllerKubeconfig, kafka: bed.servers.kafka, cloud: bed.cloud.url)
    }

    static func start(_ bed: Bed, prefix: String) async throws -> Pair {
        let prefix = "it-\(bed.mark)-\(prefix)"
        let replicas = try ["a", "b"].map { try Replica(settings($0, prefix: prefix, bed), in: bed) }
        let pair = Pair(bed: bed, prefix: prefix, replicas: replicas)
        do {
            try await pair.settle()
        } catch {
            // one that is left would lead in the next suite
            await pair.stop()
            throw error
        }
        return pair
    }

    /// Both are ready, one leads.
    func settle() async throws {
        for replica in replicas { try await replica.becomesReady() }
        _ = try await leader()
    }

    func leader(within limit: Duration = .seconds(20)) async throws -> Replica {
        try await eventually("one replica leads", within: limit) { try replicas.filter { try $0.child.isAlive && $0.isLeading }.first }
    }
    func other(than replica: Replica) -> Replica { replicas.first { $0.instance != replica.instance }! }

    /// Starts a replica again that has ended.
    func revive(_ replica: Replica) async throws {
        let fresh = try Replica(Self.settings(replica.instance, prefix: prefix, bed), in: bed)
        replicas = replicas.map { $0.instance == fresh.instance ? fresh : $0 }
        try await fresh.becomesReady()
    }

    func stop() async { for replica in replicas { await replica.child.stop(within: .seconds(30)) } }
}

struct PairTrait: SuiteTrait, TestScoping {
    let prefix: String

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        guard let bed = Bed.current else { throw Unmet("no bed around \(test.name)") }
        let pair = try await Pair.start(bed, prefix: prefix)
        do {
            try await Pair.$current.withValue(pair) { try await function() }
        } catch {
            await pair.stop()
            throw error
        }
        await pair.stop()
    }
}

extension Trait where Self == PairTrait {
    static func pair(_ prefix: String) -> Self { Self(prefix: prefix) }
}

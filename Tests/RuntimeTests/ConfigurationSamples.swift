import Cloud
import Core
import Foundation
import Kafka
import Lifecycle
import Observe
import Options

@testable import Admin
@testable import Runtime

/// One key of the option table with two values, neither of them the default.
struct OptionKey: Sendable {
    let name: String
    let first: String
    let second: String
    /// With the other values of these samples it cannot be left out.
    var required = false
}

enum ConfigurationSamples {
    static let keys: [OptionKey] = [
        OptionKey(name: "roles", first: "informer,worker", second: "worker,reaper"), OptionKey(name: "kubeconfig", first: "/etc/a", second: "/etc/b"),
        OptionKey(name: "namespace", first: "games", second: "shops"), OptionKey(name: "instance-id", first: "eip-0", second: "eip-1"),
        OptionKey(name: "queue", first: "kafka", second: "kafka", required: true),
        OptionKey(name: "kafka-brokers", first: "k0:9092,[::1]:9093", second: "k1:9092", required: true),
        OptionKey(name: "kafka-topic-prefix", first: "prod.eip", second: "test_eip"),
        OptionKey(name: "kafka-security-protocol", first: "SASL_SSL", second: "SASL_SSL", required: true),
        OptionKey(name: "kafka-sasl-mechanism", first: "SCRAM-SHA-512", second: "SCRAM-SHA-256"),
        OptionKey(name: "kafka-sasl-username", first: "ann", second: "bob", required: true),
        OptionKey(name: "kafka-sasl-password", first: "hush-1", second: "hush-2", required: true),
        OptionKey(name: "kafka-ca-file", first: "/etc/ca", second: "/etc/cb"),
        OptionKey(name: "kafka-setting", first: "client.rack=a,ssl.key.password=hush-3", second: "client.rack=b="),
        OptionKey(name: "kafka-replication", first: "3", second: "2"), OptionKey(name: "kafka-session-timeout", first: "6s", second: "30m"),
        OptionKey(name: "slots", first: "8", second: "32"), OptionKey(name: "cloud-endpoint", first: "http://127.0.0.1:1", second: "https://vpc.example:2"),
        OptionKey(name: "region", first: "ap-guangzhou", second: "na-ashburn", required: true),
        OptionKey(name: "vpc-id", first: "vpc-1", second: "vpc-2", required: true),
        OptionKey(name: "credentials-file", first: "/etc/c", second: "/etc/d"), OptionKey(name: "request-life", first: "5s", second: "4m50s"),
        OptionKey(name: "default-tags", first: "team=games,env=", second: "team=shops"),
        OptionKey(name: "annotation-domain", first: "eip.example.com", second: "example"),
        OptionKey(name: "claim-expired-duration", first: "5m", second: "48h"), OptionKey(name: "lost-static", first: "replace", second: "replace"),
        OptionKey(name: "admin-address", first: "0.0.0.0:9090", second: "[::1]:0"), OptionKey(name: "log-format", first: "json", second: "json"),
        OptionKey(name: "log-level", first: "debug", second: "error"), OptionKey(name: "lease-duration", first: "1m", second: "10m"),
        OptionKey(name: "renew-deadline", first: "9s", second: "5m"), OptionKey(name: "retry-period", first: "500ms", second: "5s"),
    ]

    static func first() throws -> Configuration {
        Configuration(
            roles: [.informer, .worker], cluster: .kubeconfig("/etc/a"), namespace: "games", instanceID: "eip-0",
            queue: .kafka(
                .init(
                    brokers: ["k0:9092", "[::1]:9093"], topicPrefix: "prod.eip", securityProtocol: .saslSSL,
                    login: .init(mechanism: .scramSHA512, username: "ann", password: Secret("hush-1")), caFile: "/etc/ca",
                    settings: ["client.rack": Secret("a"), "ssl.key.password": Secret("hush-3")], replication: 3, sessionTimeout: .seconds(6))),
            slots: 8,
            cloud: .init(
                endpoint: try CloudEndpoint("http://127.0.0.1:1"), region: "ap-guangzhou", vpcID: "vpc-1", credentials: .file("/etc/c"),
                requestLife: .seconds(5)), defaultTags: [Tag(key: "team", value: "games"), Tag(key: "env", value: "")],
            annotationDomain: "eip.example.com", claimExpiredDuration: .seconds(300), lostStatic: .replace, adminAddress: try AdminAddress("0.0.0.0:9090"),
            logFormat: .json, logLevel: .debug,
            leadership: .init(leaseDuration: .seconds(60), renewDeadline: .seconds(9), retryPeriod: .milliseconds(500)))
    }
    static func second() throws -> Configuration {
        Configuration(
            roles: [.worker, .reaper], cluster: .kubeconfig("/etc/b"), namespace: "shops", instanceID: "eip-1",
            queue: .kafka(
                .init(
                    brokers: ["k1:9092"], topicPrefix: "test_eip", securityProtocol: .saslSSL,
                    login: .init(mechanism: .scramSHA256, username: "bob", password: Secret("hush-2")), caFile: "/etc/cb",
                    settings: ["client.rack": Secret("b=")], replication: 2, sessionTimeout: .seconds(1800))), slots: 32,
            cloud: .init(
                endpoint: try CloudEndpoint("https://vpc.example:2"), region: "na-ashburn", vpcID: "vpc-2", credentials: .file("/etc/d"),
                requestLife: .seconds(290)), defaultTags: [Tag(key: "team", value: "shops")], annotationDomain: "example",
            claimExpiredDuration: .seconds(48 * 3600), lostStatic: .replace, adminAddress: try AdminAddress("[::1]:0"), logFormat: .json, logLevel: .error,
            leadership: .init(leaseDuration: .seconds(600), renewDeadline: .seconds(300), retryPeriod: .seconds(5)))
    }

    static func flags(_ value: KeyPath<OptionKey, String>, without: String = "") -> [String] {
        keys.filter { $0.name != without }.flatMap { ["--\($0.name)", $0[keyPath: value]] }
    }
    static func environment(_ value: KeyPath<OptionKey, String>) -> [String: String] {
        Dictionary(uniqueKeysWithValues: keys.map { ("EIP_" + $0.name.uppercased().replacing("-", with: "_"), $0[keyPath: value]) })
    }
    /// Values in double quotes, one a line.
    static func file(_ value: KeyPath<OptionKey, String>) -> String { keys.map { "\($0.name): \"\($0[keyPath: value])\"\n" }.joined() }

    /// A process in a pod with keys of the cloud.
    static let pod = ProcessPlace(
        environment: ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "TENCENTCLOUD_SECRET_ID": "AKID", "TENCENTCLOUD_SECRET_KEY": "hush-4"],
        hostname: "eip-controller-0",
        podNamespace: "kube-eip")
    static let outside = ProcessPlace(environment: [:], hostname: "laptop")

    /// What `eip-controller run` with these would run with.
    ///
    /// - Throws: the usage error.
    static func configuration(
        _ flags: [String], environment: [String: String] = [:], in place: ProcessPlace = pod
    ) async throws -> Configuration {
        let told = Locked<Configuration?>(nil)
        let command = controllerCommand(
            in: place,
            run: { configuration in
                told.withLock { $0 = configuration }
                return 0
            }, ensureTopics: { _ in 1 }, output: { _ in })
        switch command.parse(["run"] + flags, environment: environment, readConfiguration: ConfigurationFile.read) {
        case .run(let body): _ = try await body()
        case .failure(let error): throw error
        case .show(let text): throw UsageError(problems: ["help: \(text)"])
        }
        guard let configuration = told.withLock({ $0 }) else { throw UsageError(problems: ["it did not run"]) }
        return configuration
    }
    static func problems(_ flags: String..., environment: [String: String] = [:], in place: ProcessPlace = pod) async -> [String] {
        do {
            return ["accepted: \(try await configuration(flags, environment: environment, in: place))"]
        } catch let error as UsageError {
            return error.problems
        } catch {
            return ["\(error)"]
        }
    }
}

/// A file for the time of `body`.
func withFile<Result>(_ text: String, _ body: (String) async throws -> Result) async throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "eip-\(UUID().uuidString).yaml").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { unlink(path) }
    return try await body(path)
}

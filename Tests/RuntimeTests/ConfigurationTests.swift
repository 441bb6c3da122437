import Admin
import Cloud
import Core
import Foundation
import Kafka
import Observe
import Options
import Testing

@testable import Runtime

private typealias Samples = ConfigurationSamples

@Suite struct `A configuration` {
    @Test func `takes every key from every layer, and the layers in their order`() async throws {
        let (first, second) = try (Samples.first(), Samples.second())
        #expect(try await Samples.configuration(Samples.flags(\.first)) == first)
        #expect(try await Samples.configuration([], environment: Samples.environment(\.first)) == first)
        try await withFile(Samples.file(\.first)) { path in
            let byFlag = try await Samples.configuration(["--config", path])
            let byEnvironment = try await Samples.configuration([], environment: ["EIP_CONFIG": path])
            #expect(byFlag == first && byEnvironment == first)
            let overridden = Samples.environment(\.second).merging(["EIP_CONFIG": path], uniquingKeysWith: { mine, _ in mine })
            let both = try await Samples.configuration([], environment: overridden)
            #expect(both == second, "the environment beats the file")
        }
        #expect(try await Samples.configuration(Samples.flags(\.second), environment: Samples.environment(\.first)) == second, "flags beat the environment")
    }
    @Test func `has no key that these tests leave out, and none without effect`() async throws {
        let command = controllerCommand(in: Samples.pod, run: { _ in 0 }, ensureTopics: { _ in 0 })
        let offered = await command.complete(["run", "--"]).map(\.word)
        #expect(offered.sorted() == (Samples.keys.map { "--\($0.name)" } + ["--config", "--help"]).sorted())
        let whole = try Samples.first()
        for key in Samples.keys {
            let flags = Samples.flags(\.first, without: key.name)
            if key.required {
                await #expect(throws: UsageError.self, "\(key.name)") { try await Samples.configuration(flags) }
            } else {
                #expect(try await Samples.configuration(flags) != whole, "\(key.name) has no effect")
            }
        }
    }
    @Test func `has defaults in a pod`() async throws {
        let configuration = try await Samples.configuration(["--region", "ap-guangzhou", "--vpc-id", "vpc-1"])
        let keys = CloudCredentials(secretID: "AKID", secretKey: Secret("hush-4"))
        #expect(
            configuration
                == Configuration(
                    roles: [.informer, .worker, .reaper], cluster: .inCluster, namespace: "kube-eip", instanceID: "eip-controller-0", queue: .memory, slots: 1,
                    cloud: .init(endpoint: .standard, region: "ap-guangzhou", vpcID: "vpc-1", credentials: .fixed(keys), requestLife: .seconds(60)),
                    defaultTags: [], annotationDomain: "tke.cloud.tencent.com", claimExpiredDuration: .zero, lostStatic: .alert,
                    adminAddress: .standard, logFormat: .text, logLevel: .info,
                    leadership: .init(leaseDuration: .seconds(15), renewDeadline: .seconds(10), retryPeriod: .seconds(2))))
        #expect(configuration.adminAddress.description == "127.0.0.1:8080")
        let kafka = try await Samples.configuration(["--region=r", "--vpc-id=vpc-1", "--queue=kafka", "--kafka-brokers=k:1"])
        #expect(kafka.slots == 4)
        #expect(
            kafka.queue
                == .kafka(
                    .init(
                        brokers: ["k:1"], topicPrefix: "eip", securityProtocol: .plaintext, login: nil, caFile: nil, settings: [:], replication: -1,
                        sessionTimeout: .seconds(30))))
    }
    @Test func `never takes a namespace of its own pod for another cluster, nor a kubeconfig that is not named`() async throws {
        let elsewhere = try await Samples.configuration(["--region=r", "--vpc-id=vpc-1", "--kubeconfig=k"])
        #expect(elsewhere.cluster == .kubeconfig("k") && elsewhere.namespace == "eip-controller")
        #expect(
            await Samples.problems("--region=r", "--vpc-id=vpc-1", "--credentials-file=c", in: Samples.outside) == [
                "--kubeconfig is needed, because this process runs in no pod (KUBERNETES_SERVICE_HOST is not set): write --kubeconfig FILE"
            ])
    }
    @Test func `needs keys of the cloud only where the cloud is called`() async throws {
        var place = Samples.pod
        place.environment["TENCENTCLOUD_SECRET_KEY"] = nil
        let common = ["--region=r", "--vpc-id=vpc-1", "--queue=kafka", "--kafka-brokers=k:1"]
        #expect(try await Samples.configuration(common + ["--roles=informer,reaper"], in: place).cloud.credentials == nil)
        #expect(
            await Samples.problems("--region=r", "--vpc-id=vpc-1", in: place) == [
                "no cloud credentials: TENCENTCLOUD_SECRET_KEY not set in the environment; "
                    + "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or name a credentials file with --credentials-file FILE"
            ])
    }
    @Test func `prints without its secrets`() async throws {
        var place = Samples.pod
        place.environment["TENCENTCLOUD_TOKEN"] = "hush-5"
        let flags = Samples.flags(\.first, without: "credentials-file")
        let configuration = try await Samples.configuration(flags, in: place)
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hush") && text.contains("ann") && text.contains("AKID"))
        }
        guard case .kafka(let kafka) = configuration.queue else {
            Issue.record("no kafka")
            return
        }
        let settings = kafka.clientSettings
        #expect(settings.sasl?.password == "hush-1" && settings.sasl?.mechanism == "SCRAM-SHA-512" && settings.sasl?.username == "ann")
        #expect(settings.extra == ["client.rack": "a", "ssl.key.password": "hush-3"] && settings.securityProtocol == .saslSSL)
        #expect(settings.caFile == "/etc/ca" && settings.brokers == ["k0:9092", "[::1]:9093"])
    }
    @Test func `feeds the planner and the limits`() async throws {
        let first = try Samples.first()
        var policy = Policy(identity: "eip-0")
        policy.requestLife = .seconds(5)
        policy.expireAfter = .seconds(300)
        policy.replacesLostStatic = true
        policy.defaultTags = [Tag(key: "team", value: "games"), Tag(key: "env", value: "")]
        #expect(first.policy == policy)
        let limits = first.limits()
        #expect(limits.check() == [])
        #expect(limits.leadership.leaseDuration == .seconds(60) && limits.leadership.renewDeadline == .seconds(9))
        #expect(limits.leadership.retryPeriod == .milliseconds(500) && limits.shard.sessionTimeout == .seconds(6))
        #expect(try Samples.second().limits().check() == [])
        let usual = try await Samples.configuration(["--region=r", "--vpc-id=vpc-1", "--queue=kafka", "--kafka-brokers=k:1"])
        #expect(usual.limits() == Limits(), "the defaults are those of Core")
    }
    @Test(arguments: [("1s", "1s", "100ms"), ("3s", "2s", "900ms"), ("3s", "1s", "100ms"), ("10m", "9m59s", "4m59s")])
    func `accepts no times that the limits refuse`(lease: String, renew: String, retry: String) async throws {
        let flags = ["--region=r", "--vpc-id=vpc-1", "--lease-duration=\(lease)", "--renew-deadline=\(renew)", "--retry-period=\(retry)"]
        do {
            #expect(try await Samples.configuration(flags).limits().check() == [])
        } catch let error as UsageError {
            #expect(error.problems.allSatisfy { $0.hasPrefix("--lease-duration") }, "\(error)")
        }
    }
}

import Foundation
import JSON
import Options
import Testing
import YAML

@testable import Runtime

private typealias Samples = ConfigurationSamples

@Suite struct `A mistake in a configuration` {
    private static let needed = ["--region=r", "--vpc-id=vpc-1"]

    @Test(arguments: [
        ("--roles=webhook", #"--roles: "webhook" is not a role of this version, which has no webhook yet: write informer,worker,reaper"#),
        ("--roles=worker,cook", #"--roles: "worker,cook" is not one of informer, worker, reaper"#),
        ("--roles=", "--roles is empty: write some of informer,worker,reaper, or leave it out for all"),
        ("--roles=worker", "--roles has to name all of them with --queue memory, which stays within this process: leave it out, or write --queue kafka"),
        ("--namespace=Games", #"--namespace: "Games" is not a DNS label: a-z, 0-9 and -, at most 63"#),
        ("--instance-id=a/b", #"--instance-id: "a/b" is not a name: letters, digits, . _ and -, at most 200"#),
        ("--queue=rabbit", #"--queue: "rabbit" is not one of memory, kafka"#),
        ("--queue=kafka", "--kafka-brokers is required with kafka: write --kafka-brokers HOST:PORT,HOST:PORT"),
        ("--kafka-brokers=k:1", "--kafka-brokers is given, but not --queue kafka: write it too, or --queue memory to do without Kafka"),
        ("--kafka-brokers=k", #"--kafka-brokers: "k" is not HOST:PORT, such as kafka-0.kafka:9092"#),
        ("--kafka-topic-prefix=a b", #"--kafka-topic-prefix: "a b" is not a name: letters, digits, . _ and -, at most 200"#),
        ("--kafka-setting=debug", #"--kafka-setting: "debug" is not KEY=VALUE"#),
        ("--kafka-replication=0", #"--kafka-replication: "0" is not -1 (the brokers' default) or 1 to 100"#),
        ("--kafka-session-timeout=5s", #"--kafka-session-timeout: "5s" is not within 6s to 30m"#),
        ("--slots=3", #"--slots: "3" is not one of 1, 2, 4, 8, 16, 32"#), ("--region=", #"--region: "" is not a region: a-z, 0-9 and -"#),
        ("--vpc-id=subnet-1", #"--vpc-id: "subnet-1" is not the id of a VPC, such as vpc-a1b2c3d4"#),
        ("--credentials-file=", #"--credentials-file: "" is not a path"#), ("--kubeconfig=", #"--kubeconfig: "" is not a path"#),
        ("--request-life=291s", #"--request-life: "291s" is not within 5s to 4m50s"#), ("--default-tags=a", #"--default-tags: "a" is not KEY=VALUE"#),
        ("--default-tags=a=1,a=2", "--default-tags a is given twice: write it once"),
        ("--default-tags=eip-controller.cluster=x", "--default-tags eip-controller.cluster is this controller's own: choose another key"),
        ("--annotation-domain=a..b", #"--annotation-domain: "a..b" is not a DNS name: labels of a-z, 0-9 and - with dots between, at most 253"#),
        ("--claim-expired-duration=4m", #"--claim-expired-duration: "4m" is not 0 (for ever) or at least 5m"#),
        ("--lost-static=keep", #"--lost-static: "keep" is not one of alert, replace"#),
        ("--log-level=loud", #"--log-level: "loud" is not one of debug, info, warning, error"#),
        ("--lease-duration=15500ms", #"--lease-duration: "15500ms" is not whole seconds within 3s to 10m"#),
        ("--lease-duration=10s", "--renew-deadline 10s has to be at least 1s less than --lease-duration 10s, by clocks that differ in speed"),
        ("--retry-period=5s", "--retry-period 5s has to be less than half of --renew-deadline 10s, so that a failed renewal can be repeated"),
    ]) func `is explained`(flag: String, problem: String) async throws {
        // the last one counts
        #expect(await Samples.problems(Self.needed[0], Self.needed[1], flag) == [problem])
    }
    @Test func `of an address or a URL is explained by those who read it`() async throws {
        let problems = await Samples.problems("--region=r", "--vpc-id=vpc-1", "--admin-address=:80", "--cloud-endpoint=vpc")
        #expect(problems.count == 2)
        #expect(problems.contains { $0.hasPrefix(#"--cloud-endpoint: "vpc" is not an endpoint: "#) && $0.contains("it has no scheme; write https://HOST") })
        #expect(problems.contains { $0.hasPrefix(#"--admin-address: ":80" is not an address to listen on: "#) && $0.contains("write HOST:PORT such as") })
    }
    @Test func `about Kafka is explained`() async throws {
        #expect(
            await Samples.problems(
                "--region=r", "--vpc-id=vpc-1", "--queue=kafka", "--kafka-brokers=k:1", "--kafka-sasl-username=u", "--kafka-ca-file=f",
                "--kafka-setting=acks=0,sasl.password=x,client.rack=a,client.rack=b") == [
                    "--kafka-sasl-username and --kafka-sasl-password are of no use with PLAINTEXT: "
                        + "write --kafka-security-protocol SASL_SSL or SASL_PLAINTEXT, or leave them out",
                    "--kafka-ca-file is of no use with PLAINTEXT: write --kafka-security-protocol SSL or SASL_SSL, or leave it out",
                    "--kafka-setting acks is fixed by this program: leave it out",
                    "--kafka-setting sasl.password has an option of its own: write --kafka-sasl-password",
                    "--kafka-setting client.rack is given twice: write it once",
                ])
        #expect(
            await Samples.problems("--region=r", "--vpc-id=vpc-1", "--queue=kafka", "--kafka-brokers=k:1", "--kafka-security-protocol=SASL_PLAINTEXT") == [
                "--kafka-sasl-username is required with SASL_PLAINTEXT",
                "--kafka-sasl-password is required with SASL_PLAINTEXT: set EIP_KAFKA_SASL_PASSWORD in the environment",
            ])
    }
    @Test func `is told with all the others of all layers`() async throws {
        try await withFile("slots: 3\nregoin: x\n") { path in
            let problems = await Samples.problems(
                "--config", path, "--log-format=xml", "--retry-period=5s", environment: ["EIP_QUEUE": "rabbit"],
                in: ProcessPlace(environment: [:], hostname: ""))
            #expect(problems.first == "\(path): unknown key regoin, did you mean region?")
            #expect(
                Set(problems.dropFirst()) == [
                    #"EIP_QUEUE: "rabbit" is not one of memory, kafka"#, #"\#(path): slots: "3" is not one of 1, 2, 4, 8, 16, 32"#,
                    "--region is required (or EIP_REGION)", "--vpc-id is required (or EIP_VPC_ID)", #"--log-format: "xml" is not one of text, json"#,
                    "--kubeconfig is needed, because this process runs in no pod (KUBERNETES_SERVICE_HOST is not set): write --kubeconfig FILE",
                    "--instance-id is needed, because HOSTNAME is not set: write --instance-id NAME, unique among all controllers",
                    "no cloud credentials: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY not set in the environment; "
                        + "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or name a credentials file with --credentials-file FILE",
                    "--retry-period 5s has to be less than half of --renew-deadline 10s, so that a failed renewal can be repeated",
                ])
        }
    }
}

@Suite struct `The configuration file` {
    @Test func `has lists, mappings, numbers and nothing`() throws {
        let text = """
            roles: [informer, worker]
            default-tags:
              team: games
              cost: 7
            slots: 4
            verbose: true
            kubeconfig:
            none: []
            """
        #expect(
            try ConfigurationFile.texts(JSONValue(yaml: text)) == [
                "roles": ["informer", "worker"], "default-tags": ["team=games", "cost=7"], "slots": ["4"], "verbose": ["true"], "none": [],
            ])
        #expect(try ConfigurationFile.texts(JSONValue(yaml: "# nothing\n")) == [:])
    }
    @Test(arguments: [
        ("- a\n", "has to be a mapping, one `option: value` a line"), ("roles: [[a]]\n", "roles has to be a text, a number, true or false"),
        ("default-tags: {a: {b: c}}\n", "default-tags.a has to be a text, a number, true or false"),
        ("a: 1\na: 2\n", #"line 2, column 1: duplicate key "a""#),
    ]) func `that is none is refused`(text: String, reason: String) async throws {
        try await withFile(text) { path in
            #expect(await Samples.problems("--region=r", "--vpc-id=vpc-1", "--config", path) == ["--config: \(path): \(reason)"])
        }
    }
    @Test func `that cannot be read is named`() async {
        #expect(
            await Samples.problems("--region=r", "--vpc-id=vpc-1", "--config=/nowhere/x") == [
                "--config: /nowhere/x: cannot be opened: No such file or directory"
            ])
        #expect(await Samples.problems("--region=r", "--vpc-id=vpc-1", "--config=/") == ["--config: /: cannot be read: Is a directory"])
    }
}

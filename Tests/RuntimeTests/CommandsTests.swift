import Contract
import Foundation
import Kafka
import Lifecycle
import Options
import Testing

@testable import Runtime

@Suite struct `The commands` {
    private func run(
        _ arguments: String..., environment: [String: String] = [:]
    ) async -> (code: Int32, output: String, errors: String, kafka: Configuration.Kafka?) {
        let (output, errors, kafka) = (Locked(""), Locked(""), Locked<Configuration.Kafka?>(nil))
        let command = controllerCommand(
            in: ConfigurationSamples.pod, run: { $0.slots == 1 ? 7 : 8 },
            ensureTopics: { told in
                kafka.withLock { $0 = told }
                return 9
            }, output: { text in output.withLock { $0 += text } })
        let code = await command.run(
            arguments, environment: environment, readConfiguration: ConfigurationFile.read, output: { text in output.withLock { $0 += text } },
            errors: { text in errors.withLock { $0 += text } })
        return (code, output.withLock { $0 }, errors.withLock { $0 }, kafka.withLock { $0 })
    }

    @Test func `run runs, and returns its exit code`() async {
        #expect(await run("run", "--region=r", "--vpc-id=vpc-1").code == 7)
        let wrong = await run("run", "--region=r")
        #expect(wrong.code == 2 && wrong.errors == "eip-controller: --vpc-id is required (or EIP_VPC_ID)\nSee eip-controller run --help.\n")
    }
    @Test func `topics ensure needs nothing but Kafka, and takes the file of run`() async throws {
        let (code, _, errors, kafka) = await run("topics", "ensure", "--kafka-brokers=k:1", "--kafka-replication=3", "--kafka-topic-prefix=x")
        #expect(code == 9 && errors.isEmpty && kafka?.brokers == ["k:1"] && kafka?.replication == 3 && kafka?.topicPrefix == "x")
        #expect(await run("topics", "ensure").errors.hasPrefix("eip-controller: --kafka-brokers is required"))
        try await withFile(ConfigurationSamples.file(\.first)) { path in
            let told = await run("topics", "ensure", "--config", path)
            #expect(told.code == 9 && told.kafka?.brokers == ["k0:9092", "[::1]:9093"] && told.kafka?.login?.username == "ann")
        }
    }
    @Test func `the others print`() async {
        #expect(await run("crd").output == ClaimDefinition.yaml)
        #expect(await run("version").output == "eip-controller \(ControllerVersion.text)\n")
        for shell in ["bash", "zsh", "fish"] {
            let script = await run("completion", shell)
            #expect(script.code == 0 && script.output.contains("__complete") && script.output.contains("eip-controller"))
        }
        #expect(await run("completion", "tcsh").errors.hasPrefix("eip-controller: \"tcsh\" is not one of bash, zsh, fish\n"))
        #expect(await run("completion").errors.hasPrefix("eip-controller: missing SHELL\n"))
        #expect(await run("__complete", "run", "--queue", "").output == "memory\nkafka\n:4\n")
    }
    @Test func `docs/reference.md says what the tables say`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "docs/reference.md")
        let command = controllerCommand(in: ConfigurationSamples.outside, run: { _ in 0 }, ensureTopics: { _ in 0 })
        let text = controllerReference(of: command)
        if ProcessInfo.processInfo.environment["EIP_RECORD"] == "1" { try text.write(to: file, atomically: true, encoding: .utf8) }
        #expect(try String(contentsOf: file, encoding: .utf8) == text, "docs/reference.md is stale; write it anew with EIP_RECORD=1")
    }
}

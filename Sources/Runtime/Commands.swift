internal import Contract
internal import Glibc
public import Options

/// What this program calls itself.
public enum ControllerVersion {
    public static let program = "eip-controller"
    public static let text = "0.1.0-dev"
}

/// The commands of `eip-controller`.
///
/// - Parameters:
///   - place: where it runs.
///   - run: the controller itself; returns the exit code.
///   - ensureTopics: makes the topics that are missing, and tells of those that are wrong; returns the exit code.
///   - output: takes what the other commands print.
public func controllerCommand(
    in place: ProcessPlace = .current(), run: @escaping @Sendable (Configuration) async throws -> Int32,
    ensureTopics: @escaping @Sendable (Configuration.Kafka) async throws -> Int32, output: @escaping @Sendable (String) -> Void = standardOutput
) -> Command {
    let program = ControllerVersion.program
    return Command(
        program, "Gives Kubernetes pods their own elastic public IP on Tencent Cloud.",
        children: [
            runCommand(place, run), Command("topics", "The topics in Kafka.", children: [ensureCommand(ensureTopics)]),
            printing("crd", "Prints the CustomResourceDefinition of EIPClaim, for kubectl apply.", output) { ClaimDefinition.yaml },
            printing("version", "Prints the version.", output) { "\(program) \(ControllerVersion.text)\n" },
            completionCommand(output),
        ])
}

/// A whole `main` but for the exit: reads arguments, environment and configuration file of this process; returns the exit code.
public func execute(_ command: Command, in place: ProcessPlace = .current()) async -> Int32 {
    await command.run(
        Array(CommandLine.arguments.dropFirst()), environment: place.environment, readConfiguration: ConfigurationFile.read, output: standardOutput,
        errors: { write($0, to: 2) })
}

/// Writes to descriptor 1. What nobody reads any more is lost.
@Sendable public func standardOutput(_ text: String) { write(text, to: 1) }

private func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { continue }
            return
        }
        rest = rest.dropFirst(count)
    }
}

/// docs/reference.md.
public func controllerReference(of command: Command) -> String {
    """
    # Reference of the commands

    <!-- Generated from the option tables: EIP_RECORD=1 swift test --filter CommandsTests. DO NOT EDIT. -->

    An option is given as a flag, as a variable of the environment or as a key of the YAML file that `--config` names (its name
    without the dashes in front); the first of these that has it decides, and else the default holds. An empty variable is as good
    as none. Durations are written as Go does: `30s`, `5m`, `1h30m`. Lists are written with commas, or as a list in the file;
    `KEY=VALUE` lists may be a mapping there. All mistakes are told at once, before anything is done.


    """ + command.reference()
}

private func runCommand(_ place: ProcessPlace, _ run: @escaping @Sendable (Configuration) async throws -> Int32) -> Command {
    Command(
        "run", "Runs the controller until SIGTERM or SIGINT.",
        discussion: "Keys of the cloud come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY (and TENCENTCLOUD_TOKEN) in the environment, or from "
            + "--credentials-file.",
        defaults: ConfigurationOptions(), environmentPrefix: environmentPrefix, configurationOption: "config", options: ConfigurationOptions.table,
        validate: { options, _ in options.problems(in: place) }, run: { options, _ in try await run(options.configuration(in: place)) })
}

private let environmentPrefix = "EIP_"

private struct TopicsOptions: Sendable {
    var config: String?
    var kafka = KafkaOptions()
}

private func ensureCommand(_ ensureTopics: @escaping @Sendable (Configuration.Kafka) async throws -> Int32) -> Command {
    Command(
        "ensure", "Creates the topics that are missing. Never changes one that is there.",
        discussion: "Topics with another number of partitions than this program needs are named and left alone: adding partitions would move keys.",
        defaults: TopicsOptions(), environmentPrefix: environmentPrefix, configurationOption: "config",
        options: [.value(\.config, "config", as: "FILE", "YAML file of options, that of run will do")] + KafkaOptions.table.map { $0.within(\.kafka) },
        validate: { options, _ in
            var problems: [String] = []
            _ = options.kafka.checked(&problems)
            return problems
        },
        run: { options, _ in
            var problems: [String] = []
            let kafka = options.kafka.checked(&problems)
            guard problems.isEmpty else { throw UsageError(problems: problems) }
            return try await ensureTopics(kafka)
        })
}

private struct NoOptions: Sendable {}

private func printing(
    _ name: String, _ summary: String, _ output: @escaping @Sendable (String) -> Void, _ text: @escaping @Sendable () -> String
) -> Command {
    Command(
        name, summary, defaults: NoOptions(), options: [],
        run: { _, _ in
            output(text())
            return 0
        })
}

private func completionCommand(_ output: @escaping @Sendable (String) -> Void) -> Command {
    let shells = Command.Shell.choices
    return Command(
        "completion", "Prints the completion script of a shell, such as: source <(\(ControllerVersion.program) completion bash)", defaults: NoOptions(),
        positional: .init("SHELL", shells.joined(separator: ", "), complete: { shells }), options: [],
        validate: { _, words in shells.contains(words[0]) ? [] : ["\"\(words[0])\" is not one of \(shells.joined(separator: ", "))"] },
        run: { _, words in
            // the script asks the program by its name, whatever its commands are
            output(Command(ControllerVersion.program, "", children: []).completionScript(try Command.Shell(option: words[0])) + "\n")
            return 0
        })
}

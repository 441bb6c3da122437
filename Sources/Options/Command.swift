/// A node of the command tree. A leaf has options and runs; a branch has children.
public struct Command: Sendable {
    /// The words after the options.
    public struct Positional: Sendable {
        let name: String
        let help: String
        let count: ClosedRange<Int>
        let complete: (@Sendable () async -> [String])?

        /// - Parameter complete: words to offer at run time; called only by completion.
        public init(_ name: String, _ help: String, count: ClosedRange<Int> = 1...1, complete: (@Sendable () async -> [String])? = nil) {
            (self.name, self.help, self.count, self.complete) = (name, help, count, complete)
        }
    }
    /// What the arguments ask for.
    public enum Outcome: Sendable {
        case run(@Sendable () async throws -> Int32)
        /// Help was asked for.
        case show(String)
        case failure(UsageError)
    }

    public let name: String
    let summary: String
    let discussion: String
    let children: [Command]
    let rows: [OptionRow]
    let positional: Positional?
    /// The option that names the configuration file.
    let configurationOption: String?
    let prepare: @Sendable (Layers, [String]) -> Outcome

    /// A branch.
    public init(_ name: String, _ summary: String, discussion: String = "", children: [Command]) {
        (self.name, self.summary, self.discussion, self.children) = (name, summary, discussion, children)
        (rows, positional, configurationOption) = ([], nil, nil)
        prepare = { _, _ in preconditionFailure("a branch does not run") }
    }

    /// A leaf.
    ///
    /// - Parameters:
    ///   - defaults: holds every default.
    ///   - environmentPrefix: gives each option its variable: with `EIP_`, `--kafka-brokers` is also `EIP_KAFKA_BROKERS`.
    ///   - configurationOption: the option that names a file of more values, keyed by option name without dashes in front.
    ///   - validate: problems between options. Asked even when single values are wrong or missing (those are as in `defaults`), so
    ///     that all problems are told together; one that begins with such an option (`--name …`) only follows from that and is
    ///     left out.
    ///   - run: returns the exit code.
    public init<Root: Sendable>(
        _ name: String, _ summary: String, discussion: String = "", defaults: Root, environmentPrefix: String? = nil, configurationOption: String? = nil,
        positional: Positional? = nil, options: [Option<Root>], validate: @escaping @Sendable (Root, [String]) -> [String] = { _, _ in [] },
        run: @escaping @Sendable (Root, [String]) async throws -> Int32
    ) {
        let options = options.map { option in
            var option = option
            option.row.defaultText = option.show(defaults)
            option.row.environment = environmentPrefix.map { $0 + option.row.name.uppercased().replacing("-", with: "_") }
            return option
        }
        let rows = options.map(\.row)
        let shorts = rows.compactMap(\.short)
        precondition(Set(rows.map(\.name)).count == rows.count && Set(shorts).count == shorts.count, "\(name): two options share a name")
        precondition(configurationOption.map { wanted in rows.contains { $0.name == wanted } } != false, "\(name): no option for the configuration file")
        (self.name, self.summary, self.discussion, children) = (name, summary, discussion, [])
        (self.rows, self.positional, self.configurationOption) = (rows, positional, configurationOption)
        prepare = { layers, words in
            var root = defaults
            var problems = layers.problems
            var wrong: [String] = []
            for option in options {
                let found = layers.apply(option, to: &root)
                if !found.isEmpty { wrong.append("--\(option.row.name)") }
                problems += found
            }
            let wanted = positional?.count ?? 0...0
            if words.count > wanted.upperBound { problems.append("unexpected argument \"\(words[wanted.upperBound])\"") }
            if words.count < wanted.lowerBound, let positional { problems.append("missing \(positional.name)") }
            if wanted.contains(words.count) {
                problems += validate(root, words).filter { problem in !wrong.contains { problem.hasPrefix("\($0) ") || problem.hasPrefix("\($0):") } }
            }
            if !problems.isEmpty { return .failure(UsageError(problems: problems)) }
            return .run { [root] in try await run(root, words) }
        }
    }
}

/// Everything that is wrong with the arguments, the environment and the configuration file, each in one sentence.
public struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    public var problems: [String]
    /// Where to look.
    public var hint: String?

    public init(problems: [String], hint: String? = nil) { (self.problems, self.hint) = (problems, hint) }
    public var description: String { (problems + [hint].compactMap { $0 }).joined(separator: "\n") }
}

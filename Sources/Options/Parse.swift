extension Command {
    /// Decides what to do; runs nothing. All problems of command line, environment and file are reported together.
    ///
    /// - Parameter readConfiguration: gets the file's name if one is given, returns texts by option name (several for a list);
    ///   what it throws becomes a problem.
    public func parse(
        _ arguments: [String], environment: [String: String] = [:], readConfiguration: (String) throws -> [String: [String]] = { _ in [:] }
    ) -> Outcome {
        var node = self
        var path = [name]
        var rest = arguments[...]
        while !node.children.isEmpty {
            let see = "See \(path.joined(separator: " ")) --help."
            guard let word = rest.popFirst(), word != "--help", word != "-h" else { return .show(node.help(path)) }
            if word == "help" {
                rest = rest.isEmpty ? ["--help"] : rest + ["--help"]
                continue
            }
            guard !word.hasPrefix("-") else { return .failure(UsageError(problems: ["\(word): options go after the command"], hint: see)) }
            guard let child = node.children.first(where: { $0.name == word }) else {
                let near = Command.nearest(word, node.children.map(\.name)).map { "Did you mean \"\($0)\"?" }
                return .failure(UsageError(problems: ["unknown command \"\(word)\""], hint: near ?? see))
            }
            node = child
            path.append(child.name)
        }
        let scanned = Scanner(rest, rows: node.rows)
        if scanned.wantsHelp { return .show(node.help(path)) }
        var layers = Layers(scanned, environment: environment)
        if let row = node.rows.first(where: { $0.name == node.configurationOption }) {
            layers.addFile(named: row, known: optionNames, read: readConfiguration)
        }
        let outcome = node.prepare(layers, scanned.words)
        var problems = scanned.problems
        if case .failure(let error) = outcome { problems += error.problems }
        guard problems.isEmpty else { return .failure(UsageError(problems: problems, hint: "See \(path.joined(separator: " ")) --help.")) }
        return outcome
    }

    /// Of the whole tree.
    private var optionNames: [String] { rows.map(\.name) + children.flatMap(\.optionNames) }

    /// A whole `main` but for the process's own doings: completion, help, errors, and the run. Returns the exit code: that of the
    /// command, 1 if it threw, 2 for wrong usage.
    public func run(
        _ arguments: [String], environment: [String: String], readConfiguration: (String) throws -> [String: [String]] = { _ in [:] },
        output: @Sendable (String) -> Void, errors: @Sendable (String) -> Void
    ) async -> Int32 {
        if arguments.first == "__complete" {
            output(await completionReply(Array(arguments.dropFirst())))
            return 0
        }
        switch parse(arguments, environment: environment, readConfiguration: readConfiguration) {
        case .show(let text): output(text)
        case .failure(let error):
            errors("\(name): \(error)\n")
            return 2
        case .run(let body):
            do {
                return try await body()
            } catch {
                errors("\(name): \(error)\n")
                return 1
            }
        }
        return 0
    }
}

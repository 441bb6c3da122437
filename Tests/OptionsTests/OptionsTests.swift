import Lifecycle
import Testing

@testable import Options

private enum Format: String, CaseIterable, OptionValue { case json, yaml, wide }
private struct Inner: Sendable { var namespace = "default", all = false }
private struct Sample: Sendable {
    var inner = Inner(), output = Format.wide, since: Duration?, labels: [String] = ["x"], need: Int?, verbose = false, config: String?
}
private struct Other: Sendable { var region = "" }
private struct Box: Error {
    let s: Sample
    let words: [String]
}

@Suite struct `A command line` {
    private let command = Command(
        "eip", "Test.",
        children: [
            Command(
                "list", "Lists", defaults: Sample(), environmentPrefix: "EIP_", configurationOption: "config",
                positional: .init("NAME", "names", count: 0...2, complete: { ["web-0", "web-1"] }),
                options: [
                    Option<Inner>.value(\.namespace, "namespace", short: "n", as: "NAME", "Namespace") { ["default", "kube-system"] }.within(\.inner),
                    Option<Inner>.flag(\.all, "all-namespaces", short: "A", "All").within(\.inner),
                    .value(\.output, "output", short: "o", "Format"), .value(\.since, "since", "Since"), .list(\.labels, "label", short: "l", "Labels"),
                    .value(\.need, "need", required: true, "Needed"), .flag(\.verbose, "verbose", short: "v", "Talk"),
                    .value(\.config, "config", as: "FILE", "More values"),
                ], run: { throw Box(s: $0, words: $1) }),
            Command(
                "other", "Other", defaults: Other(), options: [.value(\.region, "region", "Region")],
                validate: { o, _ in o.region == "bad" ? ["no such region"] : [] }, run: { _, _ in 7 }),
        ])
    private func parse(
        _ line: String, _ environment: [String: String] = [:], file: [String: [String]] = [:]
    ) async throws -> Result<(Sample, [String]), UsageError> {
        let outcome = command.parse(line.split(separator: " ").map(String.init), environment: environment) { name in
            if name == "missing" { throw UsageError(problems: ["no such file"]) }
            return file
        }
        switch outcome {
        case .run(let body):
            let box = await #expect(throws: Box.self) { _ = try await body() }
            return .success(try #require(box.map { ($0.s, $0.words) }))
        case .failure(let error): return .failure(error)
        case .show(let text): return .failure(UsageError(problems: ["SHOW \(text.prefix(20))"]))
        }
    }
    @Test(arguments: ["list --namespace=a --need 1 -o json", "list -n a --need=1 -ojson", "list -na -o=json --need 1", "list -o json --need 1 -n=a"])
    func `every habit of kubectl is read`(line: String) async throws {
        let (s, _) = try await parse(line).get()
        #expect(s.inner.namespace == "a" && s.output == .json && s.need == 1 && s.labels == ["x"] && !s.inner.all)
    }
    @Test func `bundles, lists, words and the end of options`() async throws {
        let (s, w) = try await parse("list -Av --need 1 -l a=1,b=2 --label=c -- -x y").get()
        #expect(s.inner.all && s.verbose && s.labels == ["a=1", "b=2", "c"] && w == ["-x", "y"])
        let (t, _) = try await parse("list --all-namespaces=false --need -5 --since 1h30m").get()
        #expect(!t.inner.all && t.need == -5 && t.since == .seconds(5400))
    }
    @Test func `the environment fills what flags do not`() async throws {
        let env = ["EIP_NAMESPACE": "env", "EIP_NEED": "7", "EIP_VERBOSE": "true", "EIP_LABEL": "p,q"]
        let (s, _) = try await parse("list -n flag", env).get()
        #expect(s.inner.namespace == "flag" && s.need == 7 && s.verbose && s.labels == ["p", "q"])
    }
    @Test(arguments: [
        ("list --need 1 --namspace=a", #"unknown option --namspace, did you mean --namespace?"#), ("lst", #"unknown command "lst""#),
        ("list", "--need is required (or EIP_NEED)"),
        ("list --need x", #"--need: "x" is not a whole number"#), ("list --need 1 -o xml", #"--output: "xml" is not one of json, yaml, wide"#),
        ("list --need 1 --since 5", #"--since: "5" is not a duration such as 30s, 5m or 1h30m"#),
        ("list --need", "--need needs a value (N)"), ("list --need 1 a b c", #"unexpected argument "c""#), ("list -Q --need 1", "unknown option -Q"),
        ("-n x list", "-n: options go after the command"),
    ]) func `a mistake is explained`(line: String, problem: String) async throws {
        guard case .failure(let e) = try await parse(line) else {
            Issue.record("accepted")
            return
        }
        #expect(e.problems == [problem])
    }
    @Test func `all mistakes are told at once`() async throws {
        guard case .failure(let e) = try await parse("list -o xml --since 5 a b c") else {
            Issue.record("accepted")
            return
        }
        #expect(e.problems.count == 4)
    }
    @Test(arguments: [("5m", "5m"), ("90s", "1m30s"), ("1.5h", "1h30m"), ("0", "0s"), ("300ms", "300ms"), ("48h", "48h"), ("1h2m3s", "1h2m3s")])
    func `durations read and print`(text: String, shown: String) throws {
        #expect(try Duration(option: text).optionText == shown)
    }
    @Test(arguments: [
        ("1ns", "0.000000001s"), ("1.5us", "0.0000015s"), ("1.0000005s", "1.0000005s"), ("90.000001s", "1m30.000001s"), ("1h0.5s", "1h0m0.5s"),
        ("833237h3s214ms", "833237h0m3.214s"),
    ])
    func `fractions of a second are printed as they are read`(text: String, shown: String) throws {
        #expect(try Duration(option: text).optionText == shown)
        #expect(try Duration(option: shown) == Duration(option: text))
    }
    @Test(arguments: ["", "5", "m", "-5m", "5 m", "99999999999h", "1..5s", "1d", "٥m"]) func `odd durations are refused`(text: String) {
        #expect(throws: BadValue.self) { try Duration(option: text) }
    }
    @Test(arguments: [
        ([""], ["list", "other"]), (["list", "--na"], ["--namespace"]), (["list", "-o", ""], ["json", "yaml", "wide"]),
        (["list", "--output=j"], ["--output=json"]),
        (["list", "-n", "k"], ["kube-system"]), (["list", "web-1", ""], ["web-0", "web-1"]), (["list", "a", "b", ""], []),
    ]) func `completion offers what fits`(words: [String], want: [String]) async { #expect(await command.complete(words).map(\.word) == want) }

    @Test func `a flag beats the environment, which beats the file, which beats the default`() async throws {
        let file = ["namespace": ["file"], "need": ["1"], "label": ["p", "q,r"], "verbose": ["true"], "since": ["5m"]]
        let (s, _) = try await parse("list --config f -n flag", ["EIP_NAMESPACE": "env", "EIP_NEED": "2", "EIP_SINCE": ""], file: file).get()
        #expect(s.inner.namespace == "flag" && s.need == 2 && s.labels == ["p", "q", "r"] && s.verbose && s.output == .wide)
        #expect(s.since == .seconds(300), "an empty variable is none")
        let (t, _) = try await parse("list", ["EIP_CONFIG": "f"], file: file).get()
        #expect(t.inner.namespace == "file" && t.config == "f")
        let (u, _) = try await parse("list --need 3", file: file).get()
        #expect(u.inner.namespace == "default", "no file is read unless it is named")
    }
    @Test func `the file's mistakes are told with all the others`() async throws {
        let file = ["namespce": ["x"], "region": ["of another command"], "since": ["5"], "need": ["1"]]
        guard case .failure(let e) = try await parse("list --config f -o xml", ["EIP_VERBOSE": "maybe"], file: file) else {
            Issue.record("accepted")
            return
        }
        #expect(
            e.problems == [
                "f: unknown key namespce, did you mean namespace?", #"--output: "xml" is not one of json, yaml, wide"#,
                #"f: since: "5" is not a duration such as 30s, 5m or 1h30m"#, #"EIP_VERBOSE: "maybe" is not true or false"#,
            ])
        guard case .failure(let unread) = try await parse("list --config missing --need 1") else {
            Issue.record("accepted")
            return
        }
        #expect(unread.problems == ["--config: missing: no such file"])
    }
    @Test func `values outside an option's range, and problems between options, are told with all others`() throws {
        struct Span: Sendable { var from = 1, to: Int?, name = "" }
        let command = Command(
            "span", "", defaults: Span(),
            options: [
                .value(\.from, "from", accepting: Accepting(1...9), "Start"), .value(\.to, "to", accepting: Accepting("even") { $0 % 2 == 0 }, "End"),
                .value(\.name, "name", "Name"),
            ],
            validate: { span, _ in
                (span.from >= span.to ?? 0 ? ["--to has to be more than --from, \(span.from)"] : []) + (span.name.isEmpty ? ["--name: none"] : [])
            }, run: { span, _ in Int32(span.from) })
        func problems(_ arguments: String...) -> [String] {
            if case .failure(let error) = command.parse(arguments) { error.problems } else { [] }
        }
        #expect(problems("--from=2", "--to=4", "--name=x") == [])
        #expect(problems("--from=0", "--to=3") == [#"--from: "0" is not within 1 to 9"#, #"--to: "3" is not even"#, "--name: none"])
        #expect(problems("--from=x", "--to=0") == [#"--from: "x" is not a whole number"#, "--to has to be more than --from, 1", "--name: none"])
        #expect(problems("word") == [#"unexpected argument "word""#], "with too many words nothing is asked")
        #expect(command.reference().contains("| `--from N` | `1` |  | Start; within 1 to 9 |"))
    }
    @Test func `help, reference and exit codes follow from the table`() async throws {
        func run(_ arguments: String...) async -> (Int32, String, String) {
            let output = Locked("")
            let errors = Locked("")
            let code = await command.run(
                arguments, environment: [:], output: { t in output.withLock { $0 += t } }, errors: { t in errors.withLock { $0 += t } })
            return (code, output.withLock { $0 }, errors.withLock { $0 })
        }
        let help = await run("help", "list")
        #expect(help == (await run("list", "--help")) && help.0 == 0)
        #expect(help.1.contains("eip list [options] [NAME]...") && help.1.contains("-n, --namespace NAME"))
        #expect(help.1.contains("(default default; $EIP_NAMESPACE)") && help.1.contains("(required; $EIP_NEED)"))
        #expect(await run().1.contains("list    Lists"))
        #expect(await run("other", "--region=x").0 == 7)
        #expect(await run("other", "--region=bad") == (2, "", "eip: no such region\nSee eip other --help.\n"))
        #expect(await run("list", "--need", "1").0 == 1, "a command that throws")
        #expect(await run("__complete", "l").1 == "list\tLists\n:4\n")
        #expect(command.reference().contains("| `-n, --namespace NAME` | `default` | `EIP_NAMESPACE` | Namespace |"))
        for shell in Command.Shell.allCases { #expect(command.completionScript(shell).contains("__complete")) }
    }
}

import Testing

@Suite struct `The repository is tidy` {
    static let lineCharactersMax = 160
    static let fileLinesMax = 400
    static let functionLinesMax = 70
    let repository = Repository()

    private func expectNone(_ offenders: [String], _ instead: Comment, _ location: SourceLocation = #_sourceLocation) {
        #expect(offenders.isEmpty, "\(offenders.joined(separator: "\n"))\nWrite instead: \(instead)", sourceLocation: location)
    }

    @Test func `nothing banned stands in the sources`() throws {
        let files = try repository.swiftFiles("Sources")
        try #require(files.count > 20, "the root is wrong: \(repository.root)")
        for file in files {
            let code = file.code
            for rule in Rule.all where rule.applies(to: file.path) {
                expectNone(try rule.offences(in: code).map { "\(file.path):\($0): \(rule.needle)" }, "\(rule.instead)")
            }
        }
    }
    @Test func `nothing is left to do, and nothing is a placeholder`() throws {
        let marks = ["TO" + "DO", "FIX" + "ME"]
        let files = try repository.files(["Sources", "Tests"])
        for mark in marks {
            expectNone(files.filter { $0.path.hasPrefix("Sources/") && $0.text.contains(mark) }.map { "\($0.path): \(mark)" }, "do it, or an issue")
        }
        expectNone(files.map(\.path).filter { $0.lowercased().contains("/placeholder.") }, "the target's first real file, or no target")
    }
    @Test func `lines, functions and files are short`() throws {
        for file in try repository.swiftFiles("Sources", "Tests") {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            let long = lines.enumerated().filter { $0.element.utf8.count > Self.lineCharactersMax && $0.element.count > Self.lineCharactersMax }
            expectNone(long.map { "\(file.path):\($0.offset + 1): \($0.element.count) characters" }, "lines of at most \(Self.lineCharactersMax)")
            expectNone(
                lines.count - 1 > Self.fileLinesMax ? ["\(file.path): \(lines.count - 1) lines"] : [], "files of about 100 lines, at most \(Self.fileLinesMax)")
            let functions = Code.functions(file.code).filter { $0.lines > Self.functionLinesMax }
            expectNone(functions.map { "\(file.path):\($0.line): a function of \($0.lines) lines" }, "branch in the parent, compute in the leaf")
        }
    }
    @Test func `production links no model and no fake, and imports only what the manifest declares`() throws {
        let text = try #require(try repository.files(["Package.swift"]).first?.text)
        let manifest = try Manifest(text)
        try #require(manifest.executables.isSuperset(of: ["eip-controller", "eip-sandbox"]))
        #expect(manifest.reach("eip-sandbox").contains("Sandbox"), "the reader of the manifest sees nothing")
        for name in manifest.executables where !["eip-sandbox", "eip-fuzz"].contains(name) {
            #expect(manifest.reach(name).isDisjoint(with: ["Fuzz", "Models", "Sandbox", "Simulator"]), "\(name)")
        }
        let line = try Regex(#"^\s*(?:(?:public|internal|private|package|fileprivate|@\w+)\s+)*import\s+(?:\w+\s+)?(\w+)\s*$"#, as: (Substring, Substring).self)
        for file in try repository.swiftFiles("Sources") {
            let target = String(file.path.split(separator: "/")[1])
            guard let declared = manifest.dependencies[target] else { continue }
            let imports = file.text.split(separator: "\n").filter { $0.contains("import ") }.compactMap { $0.wholeMatch(of: line)?.output.1 }.map(String.init)
            let undeclared = imports.filter { name in name != target && !declared.contains(name) && manifest.dependencies[name] != nil }
            expectNone(undeclared.map { "\(file.path): import \($0)" }, "the arrow in Package.swift, if the design has it")
        }
    }
    /// As `SuiteTests: the beginning of its name ...`, the first word being its file.
    @Test func `the tests that the documents name are there`() throws {
        let documents = try repository.files(["docs"], extensions: ["md"])
        let tests = try repository.swiftFiles("Tests")
        let name = try Regex(#"`(\w+Tests): ([^`]+)`"#, as: (Substring, Substring, Substring).self)
        var count = 0
        for document in documents {
            for match in document.text.matches(of: name) {
                let (file, words) = (match.output.1, match.output.2.split(separator: " ..."))
                count += 1
                let isThere = tests.contains { $0.path.hasSuffix("/\(file).swift") && $0.text.contains("func `\(words.first ?? "")") }
                expectNone(isThere ? [] : ["\(document.path): \(match.output.0)"], "the name of a test that is there")
            }
        }
        #expect(count > 40, "the reader of the documents sees nothing")
    }
    /// Row by row: the seeds stand in the files of the tests that the row names.
    @Test func `what the simulator found is tested under its seeds`() throws {
        let tests = try repository.swiftFiles("Tests")
        let proof = try #require(try repository.files(["docs"], extensions: ["md"]).first { $0.path.hasSuffix("proof.md") })
        let row = try Regex(#"^\| [^|]+ \| ([0-9, ]+) \| [^|]+ \| ([^|]+) \|$"#, as: (Substring, Substring, Substring).self)
        let name = try Regex(#"`(\w+Tests): "#, as: (Substring, Substring).self)
        var count = 0
        for line in proof.text.split(separator: "\n") {
            guard let match = line.firstMatch(of: row) else { continue }
            let files = match.output.2.matches(of: name).map(\.output.1)
            let told = tests.filter { test in files.contains { test.path.hasSuffix("/\($0).swift") } }.flatMap { $0.text.split(separator: "\n") }
                .filter { $0.contains("// ") && $0.contains("eed") }.flatMap { $0.split { !$0.isNumber } }
            for seed in match.output.1.split(separator: ", ") {
                count += 1
                expectNone(told.contains(seed) ? [] : ["\(seed): \(line.prefix(80))"], "a seed that its test names")
            }
        }
        #expect(count > 40, "the reader of the table sees nothing")
    }
    @Test func `nothing names the place where it was written`() throws {
        let place = String("\(#filePath)".dropLast("/Tests/TidyTests/TidyTests.swift".count))
        for file in try repository.files(["Sources", "Tests", "docs", "ops", "charts", "proto", "README.md", "Package.swift"]) {
            expectNone(file.text.contains(place) ? ["\(file.path): \(place)"] : [], "paths inside the repository")
        }
    }
}

/// The targets of Package.swift and what each may import, read from its `library(…)` and `executable(…)` rows.
struct Manifest {
    private(set) var dependencies: [String: Set<String>] = [:]
    private(set) var executables: Set<String> = []

    init(_ text: String) throws {
        let row = try Regex(#"(library|executable)\(\s*"([^"]+)"(?:,\s*\[([^\]]*)\])?\s*\)"#, as: (Substring, Substring, Substring, Substring?).self)
        for match in text.matches(of: row) {
            let (_, kind, name, list) = match.output
            let quoted = (list ?? "").split(separator: "\"", omittingEmptySubsequences: false)
            dependencies[String(name)] = Set(quoted.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) })
            if kind == "executable" { executables.insert(String(name)) }
        }
    }
    /// All that a target links.
    func reach(_ target: String) -> Set<String> {
        var seen: Set<String> = []
        var rest = [target]
        while let next = rest.popLast() {
            for name in dependencies[next] ?? [] where seen.insert(name).inserted { rest.append(name) }
        }
        return seen
    }
}

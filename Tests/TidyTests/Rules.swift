/// What must not stand in code, where, and what to write instead.
struct Rule: Sendable {
    /// Must be there for the pattern to be tried.
    let needle: String
    let pattern: String
    let places: [String]
    var except: [String] = []
    let instead: String

    static let all: [Rule] = [
        Rule(needle: ".random", pattern: #"\.random\b"#, places: ["Sources/Core"], instead: "draw from a seeded generator in the state"),
        Rule(needle: ".now", pattern: #"((Clock|Instant|Date)|(^|[^\w)\]?!]))\.now\b"#, places: ["Sources/Core"], instead: "take `now` as a parameter"),
        Rule(needle: "UUID(", pattern: #"\bUUID\("#, places: ["Sources/Core"], instead: "take ids from outside or from a counter"),
        Rule(needle: "Task", pattern: #"\bTask(\.detached)?\s*\{"#, places: ["Sources/Core"], instead: "return an effect; the shell runs tasks"),
        Rule(
            needle: "import Foundation", pattern: #"import Foundation\b"#, places: ["Sources/Core", "Sources/JSON", "Sources/Models"],
            instead: "a few lines of Swift"),
        Rule(needle: "async", pattern: #"\basync\b"#, places: ["Sources/Core"], instead: "a synchronous `handle(event, now:) -> [Effect]`"),
        Rule(needle: "try?", pattern: #"\btry\?"#, places: ["Sources"], instead: "catch, and say why the error does not matter"),
        Rule(needle: "fatalError(", pattern: #"\bfatalError\("#, places: ["Sources"], instead: "`precondition` for a bug, a thrown error for a condition"),
        Rule(needle: "Mutex", pattern: #"\bMutex\s*[<(]"#, places: ["Sources"], instead: "`Locked` of Lifecycle"),
        Rule(
            needle: "pthread_create", pattern: #"\bpthread_create\("#, places: ["Sources"], except: ["Sources/Lifecycle"],
            instead: "`spawnThread` of Lifecycle"),
    ]

    func applies(to path: String) -> Bool {
        places.contains { path.hasPrefix($0 + "/") } && !except.contains { path.hasPrefix($0 + "/") }
    }
    /// Numbers of the lines that break the rule.
    func offences(in code: String) throws -> [Int] {
        guard code.contains(needle) else { return [] }
        let regex = try Regex(pattern)
        return code.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .filter { $0.element.contains(needle) && $0.element.contains(regex) }.map { $0.offset + 1 }
    }
}

import Testing

@Suite struct `The tidy test finds what it looks for` {
    @Test func `in code, and not in comments or texts`() {
        let text = #"""
            let a = try? f("try? \(g("x", try? h())) \"") // try? here
            /* try? /* nested */ try? */ let b = 1
            let c = #"a " try? \"# + """
              try? "quoted" \(d)
              """
            func `try? in a name`() {}
            let d = try? e()
            """#
        let code = Code.bare(text)
        #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count == text.split(separator: "\n", omittingEmptySubsequences: false).count)
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { $0.element.contains("try?") }.map(\.offset)
        #expect(lines == [0, 6])
        #expect(code.contains("let b = 1") && !code.contains("quoted"))
    }
    @Test(arguments: [
        (".random", "x.random(in: 0..<1)", "let randomness = 1"), (".now", "let t: Instant = .now", "facts.now"), (".now", "ContinuousClock.now", "event.now"),
        ("UUID(", "UUID()", "podUUID(x)"), ("Task", "Task { }", "myTask { }"), ("Task", "Task.detached { }", "Task"),
        ("import Foundation", "internal import Foundation", "import FoundationX"), ("async", "func f() async {", "asynchronous"),
        ("try?", "try? f()", "try f()"), ("fatalError(", "fatalError()", "myfatalError()"), ("Mutex", "Mutex<Int>", "mutex"),
        ("pthread_create", "pthread_create(&t)", "pthread_join"),
    ])
    func `by each rule`(needle: String, bad: String, good: String) throws {
        let rule = try #require(Rule.all.first { $0.needle == needle })
        #expect(try rule.offences(in: "x\n\(bad)\n") == [2])
        #expect(try rule.offences(in: good) == [])
    }
    @Test func `functions by their length`() {
        let code = """
            protocol P {
                func requirement()
                init(x: Int)
            }
            struct S {
                init() { a = .init(b: [1, 2]) { 3 } }
                func long(
                    a: Int = { 1 }()
                ) throws -> Int
                where A: B {
                    if a { b() }
                    return 1
                }
                var computed: Int { 1 }
                subscript(i: Int) -> Int {
                    i
                }
            }
            """
        #expect(Code.functions(code) == [.init(line: 6, lines: 1), .init(line: 7, lines: 7), .init(line: 15, lines: 3)])
    }
    @Test func `links through other targets`() throws {
        let manifest = try Manifest(
            """
            library("Options"),
            library("Models", ["Core", "JSON"]),
            library(
                "Runtime",
                [
                    "Models",
                ]),
            executable("eip-controller", ["Runtime", "Options"]),
            """)
        #expect(manifest.reach("eip-controller") == ["Runtime", "Options", "Models", "Core", "JSON"])
        #expect(manifest.executables == ["eip-controller"])
    }
}

import JSON
import Testing
import YAML

@Suite struct `YAML text` {
    @Test func `documents, anchors and merges are read`() throws {
        let docs = try JSONValue.documents(
            yaml: "a: &x {b: 1, c: [yes, 0o17, 0644, 1.5, ~, '1']}\nd: *x\ne: {<<: *x, b: 2}\n---\n- 2026-11-01T08:00:00Z\n--- # empty\n")
        #expect(docs.count == 3)
        #expect(docs[0]["d"] == docs[0]["a"])
        #expect(docs[0]["e"]["b"] == .int(2))
        #expect(docs[0]["a"]["c"] == ["yes", 15, 420, 1.5, .null, "1"])
        #expect(docs[1][0] == "2026-11-01T08:00:00Z")
        #expect(docs[2] == .null)
    }
    @Test(arguments: [
        ("a: 1\nb: [1, 2", 3, 1), ("a:\n  b: 1\n c: 2", 3, 2), ("a: 1\na: 2", 2, 1), ("a: *nope", 1, 4), ("a: \u{1}", 1, 4), ("\t- a", 1, 1), ("a: 'x", 1, 6),
        ("? [1]\n: 2", 1, 3), ("a: .nan", 1, 4),
    ]) func `an error says where`(text: String, line: Int, column: Int) {
        let error = #expect(throws: YAMLError.self) { try JSONValue.documents(yaml: text) }
        #expect(error?.line == line && error?.column == column, "\(String(describing: error))")
    }
    @Test func `an alias bomb is refused`() {
        var t = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for (p, c) in zip("abcdefgh", "bcdefghi") { t += "\(c): &\(c) [" + (0..<10).map { _ in "*\(p)" }.joined(separator: ",") + "]\n" }
        let start = ContinuousClock.now
        #expect(throws: YAMLError.self) { try JSONValue.documents(yaml: t) }
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(throws: YAMLError.self) { try JSONValue.documents(yaml: String(repeating: "[", count: 100_000)) }
    }
    @Test func `a long text is not repeated without end`() throws {
        func repeated(_ times: Int) -> String {
            "a: &a \(String(repeating: "x", count: 64_000))\n" + (0..<times).map { "k\($0): *a\n" }.joined()
        }
        #expect(try JSONValue(yaml: repeated(90)).object?.count == 91)
        #expect(throws: YAMLError.self) { try JSONValue(yaml: repeated(110)) }
    }
    @Test func `what is written reads back the same`() throws {
        let nasty: [String] = [
            "", " ", "a ", "true", "yes", "1", "1.0", "0x1f", "1e3", "2026-11-01", "- a", "a: b", "a #b", "#a", "*a", "&a", "!a", "%a", "@a", "`a", "{}", "[]",
            "'", "\"", "a\nb", "a\n", "\n", "\na", " a\nb", "a\n\nb\n\n", "\t", "é", "😀", "\u{85}", "\u{2028}", "\u{7f}", "null", "~", "<<", "1:20", "=", "?",
            "-", ":", "a\\b", "\u{1}", "\u{feff}", String(repeating: "word ", count: 50),
        ]
        for s in nasty {
            let v = JSONValue.object(["k": .string(s), "l": [.string(s), [:], []]])
            let y = v.yaml()
            let back = try JSONValue(yaml: y)
            #expect(back == v, "\(y)")
        }
    }

    @Test func `is written as kubectl prints it`() throws {
        let value: JSONValue = [
            "kind": "Pod", "apiVersion": "v1",
            "metadata": [
                "annotations": ["tke.cloud.tencent.com/eip-attributes": #"{"Bandwidth":"100","ISP":"BGP"}"#, "text": "a\nb\n", "on": "yes", "n": "1"]
            ],
            "spec": ["containers": [["name": "c", "args": []]], "replicas": 2, "paused": false, "x": .null],
        ]
        #expect(
            value.yaml() == """
                apiVersion: v1
                kind: Pod
                metadata:
                  annotations:
                    "n": "1"
                    "on": "yes"
                    text: |
                      a
                      b
                    tke.cloud.tencent.com/eip-attributes: '{"Bandwidth":"100","ISP":"BGP"}'
                spec:
                  containers:
                  - args: []
                    name: c
                  paused: false
                  replicas: 2
                  x: null

                """)
    }
    @Test func `mangled at random never crashes, and what is read is written and read the same`() {
        var s: UInt64 = 42
        func r(_ n: Int) -> Int {
            s = s &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(s >> 33) % n
        }
        let base = Array(
            ("apiVersion: v1\nclusters:\n- &a {name: 'x', server: \"https://1\\u00e9\"}\n- *a\n"
                + "users: |\n  text\n  more\n? k\n: [1, 2.5, ~, !!str 3]\n---\n<<: {a: b}\n").utf8)
        let bits: [[UInt8]] = [
            "&a ", "*a", "{", "}", "[", "]", ": ", "- ", "\n", "'", "\"", "|", ">", "!!binary ", "%YAML 1.2\n", "---\n", "\t", "?", "#", "\\x",
        ].map { Array($0.utf8) }
        var ok = 0
        for _ in 0..<4000 {
            var b = base
            for _ in 0..<(1 + r(4)) {
                let i = r(b.count)
                switch r(3) {
                case 0: b[i] = UInt8(r(256))
                case 1: b.insert(contentsOf: bits[r(bits.count)], at: i)
                default: b.removeSubrange(i..<min(b.count, i + 1 + r(6)))
                }
                if b.isEmpty { b = [10] }
            }
            do throws(YAMLError) {
                for value in try JSONValue.documents(yaml: String(decoding: b, as: UTF8.self)) {
                    ok += 1
                    let back = try JSONValue(yaml: value.yaml())
                    #expect(back == value)
                }
            } catch {
                #expect(error.line >= 1 && error.column >= 1 && !error.reason.isEmpty)
            }
        }
        #expect(ok > 100)
    }
}

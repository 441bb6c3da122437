import JSON
import Testing

@Suite struct `A JSON value` {
    let pod: JSONValue = ["metadata": ["name": "web-0", "labels": ["a": "1"]], "spec": ["containers": [["name": "c"], ["name": "d"]], "n": 3, "x": 1.5]]

    @Test func `is read by path, and nil where the path breaks off`() {
        #expect(pod["metadata"]["name"].string == "web-0")
        #expect(pod["spec"]["containers"][1]["name"].string == "d")
        #expect(pod["spec"]["n"].int == 3 && pod["spec"]["n"].double == 3 && pod["spec"]["x"].double == 1.5)
        #expect(pod["spec"]["n"].string == nil && pod["spec"]["x"].int == nil)
        #expect(pod["status"]["phase"].string == nil && pod["spec"]["containers"][2]["name"].isNull && pod[0].isNull)
        #expect(pod.has("spec") && !pod.has("status"))
    }
    @Test func `is written by path, creating objects on the way`() {
        var v = pod
        v["status"]["binding"]["podIP"] = "10.0.0.1"
        v["spec"]["containers"][0]["image"] = "nginx"
        v["metadata"]["labels"]["a"] = "2"
        #expect(v["status"]["binding"]["podIP"] == "10.0.0.1")
        #expect(v["spec"]["containers"][0] == ["image": "nginx", "name": "c"])
        #expect(v["metadata"]["labels"] == ["a": "2"])
        #expect(pod["metadata"]["labels"]["a"] == "1", "a copy is a copy")
        v["metadata"]["name"]["first"] = 1
        #expect(v["metadata"]["name"] == ["first": 1], "what was no object is replaced by one")
    }
    @Test func `keeps null members and forgets removed ones`() {
        var v = pod
        v["metadata"]["name"] = .null
        #expect(v["metadata"].has("name") && v["metadata"]["name"].isNull)
        #expect(v["metadata"].removeValue(forKey: "name") == .null)
        #expect(!v["metadata"].has("name"))
        #expect(v["nowhere"]["at"].removeValue(forKey: "all") == nil)
        #expect(!v.has("nowhere"), "removing creates nothing")
        #expect(v["spec"]["n"]["deep"].removeValue(forKey: "x") == nil)
        #expect(v["spec"]["n"] == 3, "removing replaces nothing")
        v["metadata"]["finalizers"].append("eip")
        v["metadata"]["finalizers"].append("other")
        #expect(v["metadata"]["finalizers"] == ["eip", "other"])
    }
    @Test func `equals another of the same members in any order`() throws {
        let a = try JSONValue(parsing: #"{"a":1,"b":{"c":[1,2],"d":null}}"#)
        let b = try JSONValue(parsing: #"{"b":{"d":null,"c":[1,2]},"a":1}"#)
        #expect(a == b && a.hashValue == b.hashValue)
        #expect(a.text() != b.text() && a.text(sortedKeys: true) == b.text(sortedKeys: true))
        #expect(a != (try JSONValue(parsing: #"{"a":1,"b":{"c":[2,1],"d":null}}"#)))
        #expect(a != (try JSONValue(parsing: #"{"a":1,"b":{"c":[1,2],"e":null}}"#)))
        #expect(JSONValue.int(1) != .double(1))
    }
    @Test func `keeps the order in which members came, small or large`() {
        var v = JSONValue.null
        let keys = (0..<40).map { "k\(($0 * 7) % 40)" }
        for (i, k) in keys.enumerated() { v[k] = .int(i) }
        v["k7"] = "again"
        #expect(v.object?.keys == keys)
        for k in keys.dropFirst(5) { v.removeValue(forKey: k) }
        #expect(v.object?.keys == Array(keys.prefix(5)))
        #expect(v["k7"] == "again" && !v.has("k35"))
    }
    /// The test cases of RFC 7386, appendix A: original, patch, result.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#), (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#), (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#), (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#), (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func `takes a merge patch as RFC 7386 says`(original: String, patch: String, result: String) throws {
        var value = try JSONValue(parsing: original)
        value.merge(patch: try JSONValue(parsing: patch))
        #expect(value == (try JSONValue(parsing: result)))
    }
}

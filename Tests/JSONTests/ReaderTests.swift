import Foundation
import JSON
import Testing

@Suite struct `JSON text` {
    @Test(arguments: [#"{"a":[1,-2.5,true,null,"é\ud83d\ude00\n"],"b":{}}"#, "[]", "  1 ", #""\u0000""#])
    func `that is valid is read as Foundation reads it`(text: String) throws {
        let ours = try JSONValue(parsing: text)
        let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        let again = try JSONSerialization.jsonObject(with: Data(ours.bytes()), options: .fragmentsAllowed)
        #expect((theirs as? NSObject)?.isEqual(again) == true)
    }
    @Test(arguments: [
        "", " ", "{", "[1,]", "[1 2]", #"{"a"}"#, #"{"a":}"#, "{]", "01", "1.", "+1", "tru", "nope", "NaN", "\"a\nb\"", #""\x""#, #""\ud83d""#,
        #""\ud83d\u0041""#, #""\uZZZZ""#, "1 2", "\u{feff}1", #"{"a":1,}"#, "1e999", "-", "[1}",
    ])
    func `that is not is refused, read or skipped`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8) + [0xff]) }
        // skipped strings are not decoded and skipped numbers not evaluated, the grammar holds all the same
        guard !text.contains("\\"), text != "1e999" else { return }
        #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)) { r throws(JSONError) in try r.skip() } }
    }
    @Test func `with invalid UTF-8 in a wanted string is refused`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xc3, 0x28, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xff, 0x5c, 0x6e, 0x22]) }
    }
    @Test func `may nest to the limit and no deeper`() throws {
        func nested(_ n: Int) -> [UInt8] { Array((String(repeating: "[", count: n) + String(repeating: "]", count: n)).utf8) }
        _ = try JSONValue(parsing: nested(JSONReader.depthMax))
        try JSONReader.read(nested(JSONReader.depthMax)) { r throws(JSONError) in try r.skip() }
        for n in [JSONReader.depthMax + 1, 100_000] {
            #expect(throws: JSONError.self) { try JSONValue(parsing: nested(n)) }
            #expect(throws: JSONError.self) { try JSONReader.read(nested(n)) { r throws(JSONError) in try r.skip() } }
        }
    }
    @Test func `gives what is asked for and checks what is skipped`() throws {
        func name(_ text: String) throws(JSONError) -> String {
            try JSONReader.read(Array(text.utf8)) { r throws(JSONError) in
                var name = ""
                try r.object { r, key throws(JSONError) in
                    switch key {
                    case "name": name = try r.string()
                    default: try r.skip()
                    }
                }
                return name
            }
        }
        #expect(try name(#"{"skip":{"x":[1,{"y":"\"]}"}]},"name":"web"}"#) == "web")
        #expect(try name(#"{"n\u0061me":"escaped key"}"#) == "escaped key")
        #expect(try name(#"{"name":"first","name":"last"}"#) == "last")
        #expect(throws: JSONError.self) { try name(#"{"skip":{"x":[1,{"y":1]}]},"name":"web"}"#) }
    }
    @Test func `reads numbers exactly or not at all`() throws {
        func int(_ text: String) throws(JSONError) -> Int { try JSONReader.read(Array(text.utf8)) { r throws(JSONError) in try r.int() } }
        #expect(try int("9223372036854775807") == .max)
        #expect(try int("-9223372036854775808") == .min)
        for bad in ["9223372036854775808", "-9223372036854775809", "1.0", "1e3", "\"1\"", "true"] {
            #expect(throws: JSONError.self) { try int(bad) }
        }
        #expect(try JSONValue(parsing: "9223372036854775808") == .double(9_223_372_036_854_775_808))
        #expect(try JSONReader.read(Array("2.5e1".utf8)) { r throws(JSONError) in try r.double() } == 25)
    }
    @Test func `of null is the empty value, as in Kubernetes`() throws {
        let text = Array(#"{"s":null,"i":null,"b":null,"m":null,"l":null}"#.utf8)
        try JSONReader.read(text) { r throws(JSONError) in
            try r.object { r, key throws(JSONError) in
                switch key {
                case "s": #expect(try r.string() == "")
                case "i": #expect(try r.int() == 0)
                case "b": #expect(try !r.bool())
                case "m": #expect(try r.stringMap() == [:])
                case "l": try r.array { _ throws(JSONError) in Issue.record("an element of null") }
                default: Issue.record("unknown key")
                }
            }
        }
    }
    @Test func `mangled at random neither crashes nor reads differently the second time`() throws {
        let original = Array(#"{"metadata":{"name":"web-0","labels":{"a":"é\ud83d\ude00"}},"spec":[1,-2.5e3,true,null,"\"x"]}"#.utf8)
        let pieces = ["{", "}", "[", "]", ",", ":", "\"", "\\", "\\u00", "1", "-", "e", "null", "\u{0}", " "].map { Array($0.utf8) }
        var state: UInt64 = 42
        func draw(_ n: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % n
        }
        var accepted = 0
        for _ in 0..<20_000 {
            var text = original
            for _ in 0...draw(3) {
                let at = draw(text.count)
                switch draw(3) {
                case 0: text[at] = UInt8(draw(256))
                case 1: text.insert(contentsOf: pieces[draw(pieces.count)], at: at)
                default: text.removeSubrange(at..<min(text.count, at + 1 + draw(6)))
                }
                if text.isEmpty { text = [0x20] }
            }
            do throws(JSONError) {
                let value = try JSONValue(parsing: text)
                accepted += 1
                let again = try JSONValue(parsing: value.bytes())
                #expect(again == value)
                try JSONReader.read(text) { r throws(JSONError) in try r.skip() }  // never stricter than reading
            } catch {
                #expect(error.offset <= text.count)
            }
        }
        #expect(accepted > 1000)
    }
}

import Foundation
import JSON
import Testing

@Suite struct `The JSON writer` {
    @Test func `writes what Foundation reads back`() throws {
        var w = JSONWriter()
        w.object { w in
            w.field("a\"\\", "\u{1}\n\té😀")
            w.field("n", Int.min)
            w.field("b", true)
            w.list("l") { l in
                l.int(1)
                l.double(1e300)
                l.null()
                l.object { _ in }
            }
            w.field("m") { m in m.field("x", 1) }
        }
        let o = try #require(try JSONSerialization.jsonObject(with: Data(w.bytes)) as? [String: Any])
        #expect(o["a\"\\"] as? String == "\u{1}\n\té😀")
        #expect(o["n"] as? Int == .min)
        #expect((o["l"] as? [Any])?.count == 4)
        #expect((o["m"] as? [String: Int]) == ["x": 1])
    }
    @Test func `deletes in a merge patch with an explicit null`() {
        var w = JSONWriter()
        w.object { w in
            w.field("metadata") { m in
                m.field("annotations") { a in
                    a.key("eip-public-ip")
                    a.null()
                }
            }
        }
        #expect(String(decoding: w.bytes, as: UTF8.self) == #"{"metadata":{"annotations":{"eip-public-ip":null}}}"#)
    }
    @Test(arguments: [0.1, 1, -2.5e-7, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e16, 123456789.5])
    func `writes doubles that read back exactly`(number: Double) throws {
        #expect(try JSONValue(parsing: JSONValue.double(number).bytes()) == .double(number))
    }
}

import Foundation
import Lifecycle
import Observe
import Testing

final class Lines: Sendable {
    private let all = Locked<[String]>([])
    var sink: Log.Sink { { [all] bytes in all.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } } }
    var texts: [String] { all.withLock { $0 } }
    var last: String { texts.last ?? "" }
}

@Suite struct `A log` {
    @Test func `holds the same in text and JSON, and cannot be forged`() throws {
        let text = Lines()
        let json = Lines()
        for (lines, format) in [(text, Log.Format.text), (json, .json)] {
            let log = Log(format: format, sink: lines.sink, now: { (1_793_520_000, 7) }).with(Field("cluster", "cls-1"))
            log.info(
                "claim bound",
                [
                    Field("claim", "ns/web 0\nlevel=error"), Field("attempt", 3), Field("took", Duration.milliseconds(1500)),
                    Field("key", Secret("hunter2")), Field("quote", "a\"b\\"), Field("empty", ""), Field("ok", true), Field("nan", Double.nan),
                    Field("control", "\u{1}\u{7f}"),
                ])
        }
        #expect(
            text.last
                == #"2026-11-01T08:00:00.007Z INFO claim bound cluster=cls-1 claim="ns/web 0\nlevel=error" attempt=3 took=1.5 key=<redacted> "#
                + #"quote="a\"b\\" empty="" ok=true nan=nan control="\u0001\u007f""# + "\n")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.last.utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2026-11-01T08:00:00.007Z" && object["level"] as? String == "info")
        #expect(object["msg"] as? String == "claim bound" && object["claim"] as? String == "ns/web 0\nlevel=error")
        #expect(object["took"] as? Double == 1.5 && object["key"] as? String == "<redacted>" && object["nan"] is NSNull)
        #expect(object["control"] as? String == "\u{1}\u{7f}" && object["cluster"] as? String == "cls-1")
    }
    @Test func `evaluates nothing for a level that is off`() {
        let lines = Lines()
        let log = Log(level: .warning, sink: lines.sink)
        let evaluated = Locked(0)
        func fields() -> [Field] {
            evaluated.withLock { $0 += 1 }
            return []
        }
        log.info("off", fields())
        #expect(evaluated.withLock { $0 } == 0 && lines.texts.isEmpty)
        let copy = log.with(Field("a", 1))
        log.set(level: .debug)
        copy.debug("on", fields())
        #expect(evaluated.withLock { $0 } == 1 && lines.texts.count == 1, "the level is shared by all copies")
    }
    @Test func `cuts long values and hides secrets`() {
        let lines = Lines()
        Log(textBytesMax: 10, sink: lines.sink).info("x", [Field("k", String(repeating: "é", count: 100))])
        #expect(lines.last.hasSuffix("k=ééééé…\n"))
        let secret = Secret("sssecret")
        var dumped = ""
        dump(secret, to: &dumped)
        for shown in ["\(secret)", String(reflecting: secret), "\([secret])", "\(["k": secret])", dumped] { #expect(!shown.contains("sssecret"), "\(shown)") }
        #expect(secret.reveal() == "sssecret")
    }
    @Test func `knows the time of day as it passes`() {
        let lines = Lines()
        let time = Locked((seconds: 0, milliseconds: 999))
        let log = Log(sink: lines.sink, now: { time.withLock { $0 } })
        log.info("x")
        time.withLock { $0 = (951_782_400, 0) }
        log.info("x")
        #expect(lines.texts == ["1970-01-01T00:00:00.999Z INFO x\n", "2000-02-29T00:00:00.000Z INFO x\n"])
    }
}

import HTTPClient
import Testing

struct LineFramesTests {
    @Test(arguments: 1...9)
    func `lines are the same however the bytes are cut`(_ size: Int) throws {
        let bytes = Array("{\"a\":1}\n\n{\"b\":2}\r\n{}\nrest".utf8)
        var frames = LineFrames()
        var lines: [String] = []
        for from in stride(from: 0, to: bytes.count, by: size) {
            frames.append(Array(bytes[from..<min(from + size, bytes.count)]))
            while let line = try frames.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == ["{\"a\":1}", "{\"b\":2}\r", "{}"])
        #expect(frames.rest == 4)
    }

    @Test func `a line over the limit is refused`() throws {
        var frames = LineFrames(lineBytesMax: 4)
        frames.append(Array("abcd\nabcde".utf8))
        #expect(try frames.next() == Array("abcd".utf8))
        #expect(throws: LineFrames.TooLong.self) { try frames.next() }
    }
}

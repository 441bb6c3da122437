import Core
import Testing
import Wire

@Suite struct EventCodecTests {
    @Test(arguments: Cause.allCases) func `an event comes back as it was written`(cause: Cause) {
        let event = sampleEvent(cause)
        #expect(EventCodec.decode(key: EventCodec.messageKey(event.key), value: EventCodec.encode(event)) == .changed(event))
    }

    @Test func `an event with nothing but its key, with negative numbers and with text of all kinds comes back`() {
        for event in [
            KeyChanged(key: sampleKey, cause: .due, at: Timestamp(milliseconds: 0)),
            KeyChanged(key: sampleKey, cause: .due, term: .min, at: Timestamp(milliseconds: -1)),
            KeyChanged(key: Key(cluster: "ü", namespace: "名前", name: "👩‍👩‍👧"), cause: .due, snapshot: "\u{1F600}\n", at: Timestamp(milliseconds: .max)),
        ] {
            #expect(EventCodec.decode(key: EventCodec.messageKey(event.key), value: EventCodec.encode(event)) == .changed(event))
        }
    }

    @Test func `the message's key is cluster, namespace and name`() {
        #expect(EventCodec.messageKey(sampleKey) == Array("5f1c7a52-6a3f-4c8e-8d0e-0a9b1c2d3e4f/games/lobby-0".utf8))
        #expect(EventCodec.key(EventCodec.messageKey(sampleKey)) == sampleKey)
        let wrong: [[UInt8]?] = [nil, [], Array("a/b".utf8), Array("a/b/".utf8), Array("a/b/c/d".utf8), [0x61, 0x2f, 0x62, 0x2f, 0xff], Array("a/b/c\0".utf8)]
        for bytes in wrong { #expect(EventCodec.key(bytes) == nil) }
    }

    @Test func `without a readable payload the message's key is reconciled`() {
        let values: [[UInt8]?] = [nil, [], [0xff, 0xff, 0xff], Array("not protobuf".utf8)]
        for value in values {
            guard case .undecodable(sampleKey, let why) = EventCodec.decode(key: EventCodec.messageKey(sampleKey), value: value) else {
                Issue.record("\(String(describing: value))")
                continue
            }
            #expect(!why.isEmpty)
        }
    }

    @Test func `the message's key wins over the payload's`() {
        var other = sampleEvent()
        other.key.name = "lobby-1"
        let value = EventCodec.encode(other)
        #expect(EventCodec.decode(key: EventCodec.messageKey(sampleKey), value: value) == .undecodable(sampleKey, why: "the payload names another key"))
        #expect(EventCodec.decode(key: nil, value: value) == .changed(other))
        #expect(EventCodec.decode(key: [0xff], value: value) == .keyless(why: "the message's key is not cluster/namespace/name"))
        #expect(EventCodec.decode(key: [0xff], value: nil) == .keyless(why: "no payload"))
    }

    @Test func `a name cut off at a zero byte is noticed`() {
        // field 1 (key) { cluster "c", namespace "n", name "web\0-12" }, field 2 (cause) 1
        let name = Array("web\0-12".utf8)
        let key: [UInt8] = [0x0a, 1, 0x63, 0x12, 1, 0x6e, 0x1a, UInt8(name.count)] + name
        let value: [UInt8] = [0x0a, UInt8(key.count)] + key + [0x10, 1]
        let sentWith = Key(cluster: "c", namespace: "n", name: "web-12")
        #expect(EventCodec.decode(key: EventCodec.messageKey(sentWith), value: value) == .undecodable(sentWith, why: "the payload names another key"))
    }

    @Test func `text that is not UTF-8 makes the payload undecodable`() throws {
        var value = EventCodec.encode(sampleEvent())
        value[try #require(value.firstRange(of: Array("123456".utf8))).lowerBound] = 0xc0
        #expect(EventCodec.decode(key: EventCodec.messageKey(sampleKey), value: value) == .undecodable(sampleKey, why: "text that is not UTF-8"))
    }

    @Test func `a cause of a later version is undecodable, a field of a later version is skipped`() {
        let key = EventCodec.messageKey(sampleKey)
        let event = EventCodec.encode(sampleEvent())
        // the last cause counts: field 2 = 99
        #expect(EventCodec.decode(key: key, value: event + [0x10, 99]) == .undecodable(sampleKey, why: "cause 99 is not known"))
        // field 100, text "new"
        #expect(EventCodec.decode(key: key, value: event + [0xa2, 0x06, 3, 0x6e, 0x65, 0x77]) == .changed(sampleEvent()))
    }

    @Test func `garbage is never more than undecodable`() {
        var random = SeededBytes(seed: 0x5eed)
        let good = EventCodec.encode(sampleEvent())
        let key = EventCodec.messageKey(sampleKey)
        var undecodable = 0
        for _ in 0..<5000 {
            let reading = EventCodec.decode(key: key, value: random.mutant(of: good))
            #expect(reading.key == sampleKey)
            if case .undecodable = reading { undecodable += 1 }
            _ = EventCodec.decode(key: random.mutant(of: key), value: random.mutant(of: good))
        }
        #expect(undecodable > 1000 && undecodable < 5000, "mutants of both kinds: \(undecodable)")
    }
}

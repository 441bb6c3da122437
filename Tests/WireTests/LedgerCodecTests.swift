import Core
import Testing
import Wire

@Suite struct LedgerCodecTests {
    @Test func `a record comes back as it was written`() {
        #expect(LedgerCodec.decode(LedgerCodec.encode(sampleRecord())) == sampleRecord())
        let least = LedgerRecord(at: Timestamp(milliseconds: 0), key: sampleKey, addressID: AddressID("eip-1"))
        #expect(LedgerCodec.decode(LedgerCodec.encode(least)) == least)
    }
    @Test func `the message's key is account and address`() {
        #expect(LedgerCodec.messageKey(account: "default", AddressID("eip-1")) == Array("default/eip-1".utf8))
    }
    @Test func `without a key or an address it is no record`() {
        #expect(LedgerCodec.decode(nil) == nil)
        #expect(LedgerCodec.decode([]) == nil)
        #expect(LedgerCodec.decode([0x08, 0x01]) == nil)
        #expect(LedgerCodec.decode(LedgerCodec.encode(LedgerRecord(at: Timestamp(milliseconds: 0), key: sampleKey, addressID: AddressID("")))) == nil)
    }
    @Test func `garbage is a record or none`() {
        var random = SeededBytes(seed: 0x1ed9e5)
        let good = LedgerCodec.encode(sampleRecord())
        let read = (0..<5000).count { _ in LedgerCodec.decode(random.mutant(of: good)) != nil }
        #expect(read > 0 && read < 4500, "mutants of both kinds: \(read)")
    }
}

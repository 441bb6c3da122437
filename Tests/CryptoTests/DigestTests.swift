import Crypto
import Testing

@Suite struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `SHA-256 gives the published digests`(text: String, expected: String) {
        #expect(Digest.hex(Digest.sha256(text.utf8)) == expected)
    }

    @Test func `HMAC-SHA-256 gives the vectors of RFC 4231`() {
        // test case 2: a key shorter than the block; test case 6: a key longer than the block
        let short = Digest.hmacSHA256(key: "Jefe".utf8, "what do ya want for nothing?".utf8)
        #expect(Digest.hex(short) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = Digest.hmacSHA256(key: [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First".utf8)
        #expect(Digest.hex(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func `an empty key is a key`() {
        #expect(Digest.hex(Digest.hmacSHA256(key: [], [])) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}

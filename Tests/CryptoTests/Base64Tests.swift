import Crypto
import Testing

@Suite struct `Base64` {
    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]) func `gives the vectors of RFC 4648 both ways`(plain: String, encoded: String) {
        #expect(Crypto.Base64.encode(plain.utf8) == encoded)
        #expect(Crypto.Base64.decode(encoded) == Array(plain.utf8))
        #expect(Crypto.Base64.decode("\n" + encoded + " \n") == Array(plain.utf8))
    }
    @Test func `carries every byte`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 167) }
        #expect(Crypto.Base64.decode(Crypto.Base64.encode(bytes)) == bytes)
    }
    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\nZm9v", "Zm9-", "=Zm9", "Zm=v"])
    func `refuses what nobody would write`(text: String) {
        #expect(Crypto.Base64.decode(text) == nil)
    }
}

internal import CCrypto

/// Base64 with padding (RFC 4648, section 4), as Kubernetes' Secrets and kubeconfigs have it.
public enum Base64 {
    /// - Precondition: less than 1.5 GiB.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        precondition(bytes.count < 3 << 29, "too large for one text")
        let text = [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { buffer, count in  // libcrypto adds a NUL
            count = Int(EVP_EncodeBlock(buffer.baseAddress, bytes, Int32(bytes.count)))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil unless the text is exactly what `encode` writes; line feeds and spaces at either end are forgiven, as files end with one.
    public static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed())
        guard digits.count % 4 == 0, digits.count < Int(Int32.max) else { return nil }
        guard !digits.isEmpty else { return [] }
        let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2, digits.dropLast(padding).allSatisfy(isDigit) else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 4 * 3) { buffer, count in
            count = max(0, Int(EVP_DecodeBlock(buffer.baseAddress, digits, Int32(digits.count))) - padding)
        }
        // bits beyond the last byte must be zero: one way to write each value
        return encode(bytes).utf8.elementsEqual(digits) ? bytes : nil
    }

    private static func isDigit(_ c: UInt8) -> Bool {
        (c | 0x20) &- UInt8(ascii: "a") < 26 || c &- UInt8(ascii: "0") < 10 || c == UInt8(ascii: "+") || c == UInt8(ascii: "/")
    }
}

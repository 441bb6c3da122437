internal import CCrypto

/// Hashes of OpenSSL's libcrypto, one-shot.
public enum Digest {
    /// SHA-256 (FIPS 180-4), 32 bytes.
    public static func sha256(_ data: some Collection<UInt8>) -> [UInt8] {
        let data = Array(data)
        return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { output, count in
            let digest = SHA256(data, data.count, output.baseAddress)
            precondition(digest != nil, "libcrypto has no SHA-256")
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// HMAC-SHA-256 (RFC 2104), 32 bytes.
    public static func hmacSHA256(key: some Collection<UInt8>, _ data: some Collection<UInt8>) -> [UInt8] {
        let key = Array(key)
        let data = Array(data)
        precondition(key.count <= Int(Int32.max), "an HMAC key has less than 2 GiB")
        return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { output, count in
            var length = UInt32(0)
            let digest = HMAC(EVP_sha256(), key, Int32(key.count), data, data.count, output.baseAddress, &length)
            precondition(digest != nil && length == UInt32(SHA256_DIGEST_LENGTH), "libcrypto has no HMAC-SHA-256")
            count = Int(length)
        }
    }

    /// Lower-case hexadecimal, two digits a byte.
    public static func hex(_ bytes: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

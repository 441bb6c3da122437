internal import Core
internal import Crypto
internal import Observe

/// TC3-HMAC-SHA256, Tencent Cloud's signature of API 3.0 (cloud.tencent.com/document/product/213/30654, "signature v3").
/// Pure: what is signed comes from outside, so the same values always give the same header.
///
/// `content-type` and `host` are signed, so a proxy that rewrites either breaks the signature. `X-TC-Action` may be signed
/// too; the official SDKs do not, and neither does the client.
struct TC3Signature {
    /// As sent, with the port where it is not the scheme's own.
    var host: String
    var contentType: String
    /// Set to sign `x-tc-action` as well.
    var action: String?
    /// The product's name in the credential scope, such as `vpc`.
    var service: String
    /// Seconds since 1970, the value of `X-TC-Timestamp`.
    var timestamp: Int64
    var body: [UInt8]

    var signedHeaders: String { action == nil ? "content-type;host" : "content-type;host;x-tc-action" }

    /// Method POST, path `/`, no query: the only form this API is called in.
    var canonicalRequest: String {
        var headers = "content-type:\(contentType)\nhost:\(host)\n"
        if let action { headers += "x-tc-action:\(action.lowercased())\n" }
        return "POST\n/\n\n\(headers)\n\(signedHeaders)\n\(Digest.hex(Digest.sha256(body)))"
    }

    /// The day of the timestamp in UTC, `2023-11-14`.
    var date: String { String(Timestamp(milliseconds: timestamp * 1000).rfc3339.prefix(10)) }

    var scope: String { "\(date)/\(service)/tc3_request" }

    var stringToSign: String { "TC3-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(Digest.hex(Digest.sha256(canonicalRequest.utf8)))" }

    /// 64 hexadecimal digits.
    func signature(secretKey: Secret) -> String {
        let date = Digest.hmacSHA256(key: "TC3\(secretKey.reveal())".utf8, date.utf8)
        let service = Digest.hmacSHA256(key: date, service.utf8)
        let signing = Digest.hmacSHA256(key: service, "tc3_request".utf8)
        return Digest.hex(Digest.hmacSHA256(key: signing, stringToSign.utf8))
    }

    /// The value of the header `Authorization`.
    func authorization(_ credentials: CloudCredentials) -> String {
        let signature = signature(secretKey: credentials.secretKey)
        return "TC3-HMAC-SHA256 Credential=\(credentials.secretID)/\(scope), SignedHeaders=\(signedHeaders), Signature=\(signature)"
    }
}

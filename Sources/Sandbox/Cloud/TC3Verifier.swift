internal import Core
internal import Crypto
internal import HTTPServing

/// Checks TC3-HMAC-SHA256 signatures as the cloud does (cloud.tencent.com/document/product/213/30654). It is written from that
/// page and shares nothing with the client's signing code, so that the two check each other.
struct TC3Verifier {
    /// Secret keys by secret id.
    var secrets: [String: String]
    /// Requests signed longer ago, or that far ahead, are refused.
    static let window = Duration.seconds(300)

    /// What the caller claims to be.
    struct Claim: Equatable {
        var secretID: String
        var date: String
        var service: String
        var signedHeaders: [String]
        var signature: String
    }
    struct Refusal: Error, Equatable {
        var code: String
        var message: String
    }

    /// `TC3-HMAC-SHA256 Credential=<id>/<date>/<service>/tc3_request, SignedHeaders=<a;b>, Signature=<hex>`
    static func parse(_ authorization: String) throws(Refusal) -> Claim {
        let malformed = Refusal(code: "AuthFailure.InvalidAuthorization", message: "the Authorization header is not of the form TC3-HMAC-SHA256 Credential=…")
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0] == "TC3-HMAC-SHA256" else { throw malformed }
        var fields: [Substring: Substring] = [:]
        for part in words[1].split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, fields.updateValue(pair[1], forKey: pair[0]) == nil else { throw malformed }
        }
        guard let credential = fields["Credential"], let headers = fields["SignedHeaders"], let signature = fields["Signature"] else { throw malformed }
        let scope = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard scope.count == 4, scope[3] == "tc3_request" else { throw malformed }
        return Claim(
            secretID: scope[0], date: scope[1], service: scope[2], signedHeaders: headers.split(separator: ";").map(String.init),
            signature: String(signature))
    }

    /// Whether a signature of that time is too old, or too far ahead.
    static func isExpired(_ timestamp: Int64, now: Timestamp) -> Bool {
        let age = now.milliseconds - timestamp * 1000
        return age > window.milliseconds || age < -window.milliseconds
    }

    func verify(_ request: HTTPRequest, _ claim: Claim, timestamp: Int64, now: Timestamp) throws(Refusal) {
        if Self.isExpired(timestamp, now: now) {
            throw Refusal(
                code: "AuthFailure.SignatureExpire", message: "X-TC-Timestamp \(timestamp) is more than 300 s off the server's \(now.milliseconds / 1000)")
        }
        guard let key = secrets[claim.secretID] else {
            throw Refusal(code: "AuthFailure.SecretIdNotFound", message: "the SecretId `\(claim.secretID)` does not exist")
        }
        let day = String(Timestamp(milliseconds: timestamp * 1000).rfc3339.prefix(10))
        let wrong = Refusal(code: "AuthFailure.SignatureFailure", message: "the provided credentials could not be validated: check the signature")
        guard claim.date == day, claim.service == "vpc", claim.signedHeaders.contains("host"), claim.signedHeaders.contains("content-type") else { throw wrong }
        guard claim.signature == Self.signature(of: request, claim, key: key, timestamp: timestamp) else { throw wrong }
    }

    private static func signature(of request: HTTPRequest, _ claim: Claim, key: String, timestamp: Int64) -> String {
        let target = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        // names and values in lower case, values without the blanks around them
        let headers = claim.signedHeaders.map { name in
            "\(name):\(trimmed((request.headers[name] ?? "").lowercased()))\n"
        }
        let payload = request.headers["x-tc-content-sha256"] == "UNSIGNED-PAYLOAD" ? Array("UNSIGNED-PAYLOAD".utf8) : request.body
        let canonical = [
            request.method, String(target[0]), target.count > 1 ? String(target[1]) : "", headers.joined(), claim.signedHeaders.joined(separator: ";"),
            Digest.hex(Digest.sha256(payload)),
        ]
        let scope = "\(claim.date)/\(claim.service)/tc3_request"
        let text = ["TC3-HMAC-SHA256", String(timestamp), scope, Digest.hex(Digest.sha256(canonical.joined(separator: "\n").utf8))]
        var signing = Array("TC3\(key)".utf8)
        for step in [claim.date, claim.service, "tc3_request"] { signing = Digest.hmacSHA256(key: signing, step.utf8) }
        return Digest.hex(Digest.hmacSHA256(key: signing, text.joined(separator: "\n").utf8))
    }

    private static func trimmed(_ text: String) -> Substring {
        var rest = text[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}

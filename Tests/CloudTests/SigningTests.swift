import Crypto
import Observe
import Testing

@testable import Cloud

/// A is the example of cloud.tencent.com/document/product/213/30654; B was made with the official Python SDK; the primed ones
/// sign `x-tc-action` as well.
struct SigningVector: Sendable, CustomTestStringConvertible {
    var name: String
    var signature: TC3Signature
    var credentials: CloudCredentials
    var payloadHash: String
    var canonicalHash: String
    var expected: String
    var testDescription: String { name }

    static let all: [SigningVector] = [
        a, a.signingAction("DescribeInstances", canonical: aPrimed.0, aPrimed.1), b, b.signingAction("AssociateAddress", canonical: bPrimed.0, bPrimed.1), c,
    ]

    static let a = SigningVector(
        name: "A",
        signature: TC3Signature(
            host: "cvm.tencentcloudapi.com", contentType: "application/json; charset=utf-8", service: "cvm", timestamp: 1_551_113_065,
            body: Array(#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#.utf8)),
        credentials: CloudCredentials(secretID: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", secretKey: Secret("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")),
        payloadHash: "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064",
        canonicalHash: "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031",
        expected: "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")
    static let aPrimed = (
        "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84", "644be983de9a8a3f00db8eadaba61467c3b429e2215758ba897b738ca469fd26"
    )
    static let example = CloudCredentials(secretID: "AKIDEXAMPLE", secretKey: Secret("SECRETEXAMPLE"))
    static let b = SigningVector(
        name: "B",
        signature: TC3Signature(
            host: "vpc.tencentcloudapi.com", contentType: "application/json", service: "vpc", timestamp: 1_700_000_000,
            body: Array(#"{"AddressId": "eip-11112222", "NetworkInterfaceId": "eni-11112222", "PrivateIpAddress": "172.16.0.2"}"#.utf8)),
        credentials: example, payloadHash: "5663cab945a376b15b163aa5af7450d4dfdb71329b9ec8568ff80958104f3ea2",
        canonicalHash: "993130b4b039de92057490f21c9a73c951ce210648c6fa73f70b16046a4bef05",
        expected: "4d619ee8fa79b1c3336fd28a47fccb7c2e86385172d6463cad40f5a33a3220a1")
    static let bPrimed = (
        "984b49814842b5f53a26a90e702c1597a90ea32d183e82bf31ecb3ec7fd8aed0", "a012c6b99337f75171ec5aa838d390ff67a88c15b1db45a2269e7641da1cb5d0"
    )
    static let c = SigningVector(
        name: "C",
        signature: TC3Signature(
            host: "vpc.tencentcloudapi.com", contentType: "application/json", service: "vpc", timestamp: 1_700_000_000,
            body: Array(#"{"AddressCount":1,"ClientToken":"tke-eip-demo-0001"}"#.utf8)),
        credentials: example, payloadHash: "cfc756d0586fce6f2e9d3daa18f3fdcda20bc80a7376a864b3c31b853e54687e",
        canonicalHash: "0507d2d9a7532aae8516de797b12fde87fa35b09ecd4483f66e84001d06727e3",
        expected: "8126c01883b1a9ed56098b1576868977b76f900800282903088d6101db78b9a3")

    func signingAction(_ action: String, canonical: String, _ expected: String) -> SigningVector {
        var vector = self
        vector.name += "'"
        vector.signature.action = action
        vector.canonicalHash = canonical
        vector.expected = expected
        return vector
    }
}

@Suite struct SigningTests {
    @Test(arguments: SigningVector.all)
    func `the published examples come out`(_ vector: SigningVector) {
        #expect(Digest.hex(Digest.sha256(vector.signature.body)) == vector.payloadHash)
        #expect(Digest.hex(Digest.sha256(vector.signature.canonicalRequest.utf8)) == vector.canonicalHash)
        #expect(vector.signature.signature(secretKey: vector.credentials.secretKey) == vector.expected)
    }

    @Test func `the header names key, scope and signed headers`() {
        #expect(
            SigningVector.b.signature.authorization(SigningVector.example)
                == "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/vpc/tc3_request, SignedHeaders=content-type;host, "
                + "Signature=4d619ee8fa79b1c3336fd28a47fccb7c2e86385172d6463cad40f5a33a3220a1")
    }

    @Test func `the day of the scope is the day of the timestamp in UTC`() {
        var signature = SigningVector.b.signature
        signature.timestamp = 1_699_919_999
        #expect(signature.date == "2023-11-13")
        signature.timestamp = 1_699_920_000
        #expect(signature.date == "2023-11-14")
    }
}

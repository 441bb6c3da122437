import Core
import HTTPServing
import Testing

@testable import Sandbox

@Suite struct TC3VerifierTests {
    /// Made with the official Python SDK for AKIDEXAMPLE/SECRETEXAMPLE at 1700000000; the second also signs the action.
    static let vectors = [
        ("content-type;host", "4d619ee8fa79b1c3336fd28a47fccb7c2e86385172d6463cad40f5a33a3220a1"),
        ("content-type;host;x-tc-action", "a012c6b99337f75171ec5aa838d390ff67a88c15b1db45a2269e7641da1cb5d0"),
    ]

    static func request(_ body: String) -> HTTPRequest {
        HTTPRequest(
            method: "POST", target: "/",
            headers: ["Host": "vpc.tencentcloudapi.com", "Content-Type": "application/json", "X-TC-Action": "AssociateAddress"], body: Array(body.utf8))
    }
    static let body = #"{"AddressId": "eip-11112222", "NetworkInterfaceId": "eni-11112222", "PrivateIpAddress": "172.16.0.2"}"#
    static let verifier = TC3Verifier(secrets: ["AKIDEXAMPLE": "SECRETEXAMPLE"])
    static let signedAt = Timestamp(milliseconds: 1_700_000_000_000)

    static func claim(_ vector: (String, String)) throws -> TC3Verifier.Claim {
        try TC3Verifier.parse(
            "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/vpc/tc3_request, SignedHeaders=\(vector.0), Signature=\(vector.1)")
    }

    @Test(arguments: vectors) func `a signature of the official SDK passes, one of another request does not`(_ vector: (String, String)) throws {
        let claim = try Self.claim(vector)
        try Self.verifier.verify(Self.request(Self.body), claim, timestamp: 1_700_000_000, now: Self.signedAt)
        let error = #expect(throws: TC3Verifier.Refusal.self) {
            try Self.verifier.verify(Self.request(Self.body + " "), claim, timestamp: 1_700_000_000, now: Self.signedAt)
        }
        #expect(error?.code == "AuthFailure.SignatureFailure")
    }

    @Test func `a scope of another day, service or without the host is refused`() throws {
        let changes: [(inout TC3Verifier.Claim) -> Void] = [
            { $0.date = "2023-11-15" }, { $0.service = "cvm" }, { $0.signedHeaders = ["content-type"] }, { $0.signedHeaders = ["host"] },
        ]
        for change in changes {
            var claim = try Self.claim(Self.vectors[0])
            change(&claim)
            let error = #expect(throws: TC3Verifier.Refusal.self) {
                try Self.verifier.verify(Self.request(Self.body), claim, timestamp: 1_700_000_000, now: Self.signedAt)
            }
            #expect(error?.code == "AuthFailure.SignatureFailure")
        }
    }

    @Test(arguments: [
        "", "Bearer x", "TC3-HMAC-SHA256", "TC3-HMAC-SHA256 Credential=a", "TC3-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=s",
        "TC3-HMAC-SHA256 Credential=a/b/c/tc3_request, SignedHeaders=host, Signature=s, Signature=t",
    ])
    func `a malformed header is said to be one`(_ header: String) {
        let error = #expect(throws: TC3Verifier.Refusal.self) { try TC3Verifier.parse(header) }
        #expect(error?.code == "AuthFailure.InvalidAuthorization")
    }
}

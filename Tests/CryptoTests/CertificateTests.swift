import Crypto
import Foundation
import Testing

@Suite struct `Certificates` {
    let now = Int(Date().timeIntervalSince1970)
    @Test func `are issued, read back, checked and renewed`() throws {
        let ca = try Identity.authority(name: "eip-controller", validFor: .seconds(10 * 365 * 86400), now: now)
        let names = ["eip-webhook.kube-system.svc", "eip-webhook.kube-system.svc.cluster.local", "10.0.0.7", "fd00::7"]
        let server = try ca.issue(names: names, validFor: .seconds(90 * 86400), now: now)
        let again = try Identity(certificatePEM: server.certificatePEM, keyPEM: server.keyPEM)
        #expect(again.expiresAt == now + 90 * 86400 && again.isSigned(by: ca) && names.allSatisfy(again.isValid) && !again.isValid(for: "example.com"))
        #expect(!again.needsRenewal(now: now, authority: ca, names: names))
        #expect(again.needsRenewal(now: now + 61 * 86400, authority: ca, names: names) && again.needsRenewal(now: now, authority: ca, names: ["new.name"]))
        let other = try Identity.authority(name: "eip-controller", validFor: .seconds(86400), now: now)
        #expect(again.needsRenewal(now: now, authority: other, names: names))
        #expect(throws: CertificateError.self) { try Identity(certificatePEM: server.certificatePEM, keyPEM: other.keyPEM) }
        #expect(throws: CertificateError.self) { try Identity(certificatePEM: "nonsense", keyPEM: other.keyPEM) }
        #expect(throws: CertificateError.self) { try ca.issue(names: ["a,DNS:evil.com"], validFor: .seconds(1), now: now) }
        #expect(throws: CertificateError.self) { try ca.issue(names: [], validFor: .seconds(1), now: now) }
    }
    @Test(arguments: [Identity.Purpose.server, .client]) func `are what openssl verify accepts for their purpose and no other`(purpose: Identity.Purpose) throws
    {
        let ca = try Identity.authority(name: "eip-controller", validFor: .seconds(86400), now: now)
        let leaf = try ca.issue(names: ["eip-webhook.kube-system.svc", "10.0.0.7"], for: purpose, validFor: .seconds(3600), now: now)
        let dir = FileManager.default.temporaryDirectory.appending(path: "eip-certificates-\(UUID())")
        try FileManager.default.createDirectory(at: dir, withIntermediateDirectories: true)
        defer { _ = try? FileManager.default.removeItem(at: dir) }
        try ca.certificatePEM.write(to: dir.appending(path: "ca.pem"), atomically: true, encoding: .utf8)
        try leaf.certificatePEM.write(to: dir.appending(path: "tls.pem"), atomically: true, encoding: .utf8)
        for asked in ["sslserver", "sslclient"] {
            let verify = Process()
            verify.executableURL = URL(filePath: "/usr/bin/openssl")
            verify.arguments = [
                "verify", "-x509_strict", "-purpose", asked, "-CAfile", dir.appending(path: "ca.pem").path(), dir.appending(path: "tls.pem").path(),
            ]
            (verify.standardOutput, verify.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
            try verify.run()
            verify.waitUntilExit()
            #expect((verify.terminationStatus == 0) == (asked == (purpose == .server ? "sslserver" : "sslclient")))
        }
    }
}

internal import CCrypto
internal import Glibc

/// A certificate and its key, for our own webhooks and the sandbox: one authority per installation, server and client
/// certificates signed by it, P-256 throughout.
///
/// Owns one EVP_PKEY and the X509 made for it; both are freed with it. `@unchecked`: immutable after init.
public final class Identity: @unchecked Sendable {
    /// What a certificate may be used for.
    public enum Purpose: Sendable { case server, client }
    /// Certificates begin this much before now: clocks differ.
    private static let backdatedSeconds = 300

    private let key: OpaquePointer
    private let certificate: OpaquePointer

    /// Takes both over.
    private init(key: OpaquePointer, certificate: OpaquePointer) {
        self.key = key
        self.certificate = certificate
    }
    deinit {
        EVP_PKEY_free(key)
        X509_free(certificate)
    }

    /// Reads PEM, as kept in a Secret; the key must belong to the certificate.
    public init(certificatePEM: String, keyPEM: String) throws(CertificateError) {
        certificate = try Identity.read(certificatePEM, "certificate", cc_read_cert)
        do throws(CertificateError) { key = try Identity.read(keyPEM, "key", cc_read_key) } catch {
            X509_free(certificate)
            throw error
        }
        guard X509_check_private_key(certificate, key) == 1 else { throw CertificateError("the key is not the certificate's") }  // deinit frees
    }
    private static func read(_ pem: String, _ what: String, _ f: (OpaquePointer) -> OpaquePointer?) throws(CertificateError) -> OpaquePointer {
        let bytes = Array(pem.utf8)
        guard let bio = BIO_new_mem_buf(bytes, Int32(bytes.count)) else { throw CertificateError("out of memory") }  // copies nothing: `bytes` outlives it
        defer { BIO_free(bio) }
        guard let p = f(bio) else { throw CertificateError("unreadable \(what)") }
        return withExtendedLifetime(bytes) { p }
    }

    /// A new self-signed authority.
    ///
    /// - Parameter now: seconds since the epoch.
    public static func authority(name: String, validFor: Duration, now: Int) throws(CertificateError) -> Identity {
        try make(
            name: name, now: now, validFor: validFor, issuer: nil,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"), (NID_subject_key_identifier, "hash"),
            ])
    }
    /// A new certificate signed by this authority.
    ///
    /// - Parameters:
    ///   - names: DNS names and IP addresses, as a client will dial them; the first is the common name too. At least one.
    ///   - now: seconds since the epoch.
    public func issue(names: [String], for purpose: Purpose = .server, validFor: Duration, now: Int) throws(CertificateError) -> Identity {
        guard let first = names.first else { throw CertificateError("a certificate needs a name") }
        for n in names {
            // a comma would begin another entry of the extension's text
            guard !n.isEmpty, n.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ",") }) else {
                throw CertificateError("\"\(n)\" is no name for a certificate")
            }
        }
        let san = names.map { n in
            var a = in6_addr()
            return (inet_pton(AF_INET, n, &a) == 1 || inet_pton(AF_INET6, n, &a) == 1 ? "IP:" : "DNS:") + n
        }.joined(separator: ",")
        return try Identity.make(
            name: String(first.prefix(64)), now: now, validFor: validFor, issuer: self,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, purpose == .server ? "serverAuth" : "clientAuth"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"), (NID_subject_alt_name, san),
            ])
    }
    private static func make(name: String, now: Int, validFor: Duration, issuer: Identity?, extensions: [(Int32, String)]) throws(CertificateError) -> Identity
    {
        guard let key = cc_new_p256() else { throw CertificateError("cannot make a key") }
        guard let x = X509_new() else {
            EVP_PKEY_free(key)
            throw CertificateError("out of memory")
        }
        let made = Identity(key: key, certificate: x)  // owns both from here on, also when we throw
        try setSerial(of: x)
        X509_set_version(x, 2)  // counted from 0: version 3
        ASN1_TIME_set(X509_getm_notBefore(x), time_t(now - backdatedSeconds))
        ASN1_TIME_set(X509_getm_notAfter(x), time_t(now) + time_t(validFor.components.seconds))
        X509_set_pubkey(x, key)
        let subject = X509_get_subject_name(x)  // borrowed from x
        guard X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) == 1 else { throw CertificateError("bad name \(name)") }
        X509_set_issuer_name(x, X509_get_subject_name(issuer?.certificate ?? x))
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer?.certificate ?? x, x, nil, nil, 0)
        for (nid, value) in extensions {
            guard let e = X509V3_EXT_conf_nid(nil, &context, nid, value) else { throw CertificateError("bad extension \(value)") }
            X509_add_ext(x, e, -1)  // copies
            X509_EXTENSION_free(e)
        }
        guard X509_sign(x, issuer?.key ?? key, EVP_sha256()) > 0 else { throw CertificateError("cannot sign") }
        return made
    }
    /// Random, positive, 16 bytes (RFC 5280, 4.1.2.2).
    private static func setSerial(of certificate: OpaquePointer) throws(CertificateError) {
        var serial = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&serial, 16) == 1 else { throw CertificateError("no randomness") }
        serial[0] &= 0x7f
        let number = BN_bin2bn(serial, 16, nil)
        defer { BN_free(number) }
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate))
    }

    public var certificatePEM: String { pem { PEM_write_bio_X509($0, certificate) } }
    /// PKCS 8, not encrypted.
    public var keyPEM: String { pem { cc_write_key($0, key) } }
    private func pem(_ write: (OpaquePointer) -> Int32) -> String {
        let bio = BIO_new(BIO_s_mem())!
        defer { BIO_free(bio) }
        let code = write(bio)
        precondition(code == 1, "out of memory")
        var p: UnsafeMutablePointer<CChar>?
        let n = cc_mem_data(bio, &p)
        return String(decoding: UnsafeRawBufferPointer(start: p, count: n), as: UTF8.self)
    }
    /// Seconds since the epoch.
    public var expiresAt: Int {
        var t = tm()
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &t)
        return timegm(&t)
    }
    /// Whether that authority signed it and its names chain.
    public func isSigned(by authority: Identity) -> Bool {
        defer { ERR_clear_error() }
        return X509_verify(certificate, authority.key) == 1 && X509_check_issued(authority.certificate, certificate) == X509_V_OK
    }
    /// Whether it names that host or address.
    public func isValid(for name: String) -> Bool { X509_check_host(certificate, name, 0, 0, nil) == 1 || X509_check_ip_asc(certificate, name, 0) == 1 }
    /// When a third of the life is left, another authority signs, or a name is missing
    public func needsRenewal(now: Int, authority: Identity, names: [String]) -> Bool {
        var from = tm()
        ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &from)
        let life = expiresAt - timegm(&from)
        return expiresAt - now < life / 3 || !isSigned(by: authority) || !names.allSatisfy(isValid)
    }
}

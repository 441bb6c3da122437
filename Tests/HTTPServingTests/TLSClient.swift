import CMicroHTTPD
import Glibc

/// A TLS connection and the name in the certificate that it was shown.
final class TLSClient: @unchecked Sendable {  // used by one thread at a time
    let socket: Socket
    private var session: gnutls_session_t?, credentials: gnutls_certificate_credentials_t?
    private(set) var subject: String?
    init(port: Int, identity: (cert: [UInt8], key: [UInt8])? = nil) {
        socket = Socket(port: port)
        gnutls_certificate_allocate_credentials(&credentials)
        if var i = identity {
            let rc = i.cert.withUnsafeMutableBufferPointer { c in
                i.key.withUnsafeMutableBufferPointer { k in
                    var cert = gnutls_datum_t(data: c.baseAddress, size: UInt32(c.count))
                    var key = gnutls_datum_t(data: k.baseAddress, size: UInt32(k.count))
                    return gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM)
                }
            }
            precondition(rc == 0)
        }
        gnutls_init(&session, UInt32(GNUTLS_CLIENT.rawValue | GNUTLS_NO_SIGNAL.rawValue))
        gnutls_set_default_priority(session)
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(credentials))
        gnutls_transport_set_int2(session, socket.fd, socket.fd)
        gnutls_handshake_set_timeout(session, 10_000)
        var rc: Int32 = 0
        repeat { rc = gnutls_handshake(session) } while rc < 0 && gnutls_error_is_fatal(rc) == 0
        var n: UInt32 = 0
        guard rc == 0, let der = gnutls_certificate_get_peers(session, &n) else { return }
        var crt: gnutls_x509_crt_t?
        var name = [UInt8](repeating: 0, count: 256)
        var size = 256
        gnutls_x509_crt_init(&crt)
        gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER)
        name.withUnsafeMutableBytes { b in _ = gnutls_x509_crt_get_dn(crt, b.baseAddress!.assumingMemoryBound(to: CChar.self), &size) }
        gnutls_x509_crt_deinit(crt)
        subject = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
    func get(_ path: String, until suffix: String = "ok") -> String {
        let r = Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        return gnutls_record_send(session, r, r.count) > 0 ? receive(until: suffix) : "<FAILED>"
    }
    func receive(until suffix: String) -> String {
        var b = [UInt8](repeating: 0, count: 65536)
        var out = ""
        while !out.hasSuffix(suffix) {
            let n = gnutls_record_recv(session, &b, b.count)
            if n == Int(GNUTLS_E_AGAIN) || n == Int(GNUTLS_E_INTERRUPTED) { continue }
            if n <= 0 { return out + "<EOF>" }
            out += String(decoding: b[..<n], as: UTF8.self)
        }
        return out
    }
    deinit {
        gnutls_deinit(session)
        gnutls_certificate_free_credentials(credentials)
        socket.shut()
    }
}
/// A fresh self-signed identity.
func identity(_ name: String) -> (cert: [UInt8], key: [UInt8]) {
    var key: gnutls_x509_privkey_t?
    var crt: gnutls_x509_crt_t?
    gnutls_x509_privkey_init(&key)
    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, 0x8000_0000 | GNUTLS_ECC_CURVE_SECP256R1.rawValue, 0)
    gnutls_x509_crt_init(&crt)
    defer {
        gnutls_x509_crt_deinit(crt)
        gnutls_x509_privkey_deinit(key)
    }
    gnutls_x509_crt_set_version(crt, 3)
    gnutls_x509_crt_set_serial(crt, [1], 1)
    gnutls_x509_crt_set_activation_time(crt, time(nil) - 60)
    gnutls_x509_crt_set_expiration_time(crt, time(nil) + 3600)
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, UInt32(name.utf8.count))
    gnutls_x509_crt_set_key(crt, key)
    gnutls_x509_crt_set_ca_status(crt, 1)
    let rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0)
    precondition(rc == 0)
    func pem(_ f: (UnsafeMutableRawPointer, inout Int) -> Int32) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 8192)
        var n = 8192
        let rc = out.withUnsafeMutableBytes { f($0.baseAddress!, &n) }
        precondition(rc == 0)
        return Array(out[..<n])
    }
    return (
        pem { gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, $0, &$1) },
        pem { gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, $0, &$1) }
    )
}

internal import CCrypto

/// What could not be read, made or signed, with OpenSSL's own words where it has some.
public struct CertificateError: Error, Sendable, CustomStringConvertible {
    public let what: String
    /// OpenSSL's; 0 if it said nothing.
    public let code: UInt

    /// Takes and clears OpenSSL's queue of errors for this thread.
    init(_ what: String) {
        self.what = what
        code = ERR_get_error()
        ERR_clear_error()
    }

    public var description: String {
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &text, text.count)
        return code == 0 ? what : what + ": " + String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }
}

internal import Glibc

/// Where the admin server listens: a numeric address of this machine and a port.
public struct AdminAddress: Hashable, Sendable, CustomStringConvertible {
    /// Reachable from this machine only.
    public static let standard = AdminAddress(host: "127.0.0.1", port: 8080)

    /// Numeric, IPv6 without brackets.
    public let host: String
    /// 0 takes a free one.
    public let port: Int

    private init(host: String, port: Int) { (self.host, self.port) = (host, port) }

    /// Reads `HOST:PORT`. The host is numeric (IPv6 in brackets) or `localhost`, which is 127.0.0.1: a name that is looked up
    /// could have several addresses, or none while DNS is down.
    ///
    /// - Throws: `AdminAddressError` that says what to write instead.
    public init(_ text: String) throws(AdminAddressError) {
        guard let colon = text.lastIndex(of: ":") else { throw AdminAddressError(text, "it has no port") }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = UInt16(digits) else { throw AdminAddressError(text, "its port is not 0 to 65535") }
        var host = String(text[..<colon])
        if host.isEmpty { throw AdminAddressError(text, "it has no host, and all addresses of this machine are 0.0.0.0") }
        if host == "localhost" { host = Self.standard.host }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        guard Self.isNumeric(host, isBracketed ? AF_INET6 : AF_INET) else {
            throw AdminAddressError(text, "its host is neither numeric (IPv6 in brackets) nor localhost")
        }
        self.init(host: host, port: Int(port))
    }

    func with(port: Int) -> AdminAddress { AdminAddress(host: host, port: port) }

    /// Reads back as the same address.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func isNumeric(_ host: String, _ family: Int32) -> Bool {
        var address = in6_addr()  // the larger of the two kinds
        return inet_pton(family, host, &address) == 1
    }
}

/// An address that cannot be listened on: which, why, and what to write.
public struct AdminAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What an address looks like.
    public static let form = "HOST:PORT such as \(AdminAddress.standard), or 0.0.0.0:8080 for all addresses of this machine"

    public let message: String

    init(_ text: String, _ what: String) { message = "admin address \"\(text)\": \(what); write \(Self.form)" }

    /// - Parameter code: errno of bind or listen.
    init(_ address: AdminAddress, errno code: Int32) {
        switch code {
        case EADDRINUSE:
            message =
                "--admin-address \(address): another process listens there; stop it, or write another port, such as \(address.host):\(address.port % 65535 + 1)"
        case EADDRNOTAVAIL: message = "--admin-address \(address): no address of this machine; write \(Self.form)"
        case EACCES: message = "--admin-address \(address): not permitted; write a port above 1023"
        default: message = "--admin-address \(address): \(String(cString: strerror(code)))"  // errno is no enum of ours
        }
    }
    public var description: String { message }
}

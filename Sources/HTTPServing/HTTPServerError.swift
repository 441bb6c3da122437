internal import Glibc

/// Why a server did not start, did not take an identity, or a stream ended.
public enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bind, listen or start failed, with errno. EINVAL: the host is no numeric address.
    case listen(address: String, errno: Int32)
    /// The PEM data are not a certificate chain with its key, or not a CA bundle; GnuTLS' words.
    case identity(String)
    /// The client has gone; thrown by `HTTPBodyWriter.write`.
    case disconnected

    public var description: String {
        switch self {
        case .listen(let address, EADDRINUSE): "cannot listen on \(address): another process does; stop it or choose another port"
        case .listen(let address, EINVAL): "cannot listen on \(address): write a numeric address such as 127.0.0.1 or ::"
        case .listen(let address, EACCES): "cannot listen on \(address): not permitted; choose a port above 1023"
        case .listen(let address, let code): "cannot listen on \(address): \(String(cString: strerror(code)))"
        case .identity(let reason): "no usable TLS identity: \(reason); it takes a PEM certificate chain and the key of its first certificate"
        case .disconnected: "the client has gone"
        }
    }
}

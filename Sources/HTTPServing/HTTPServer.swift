internal import CMicroHTTPD
internal import Glibc
internal import Lifecycle
internal import Synchronization

/// An HTTP/1.1 server on libmicrohttpd and GnuTLS, on one thread of its own; handlers run on Swift's global executor.
///
/// Serves from `init` on, until `shutdown` or until the last reference goes. A client that goes away is noticed within about
/// half a second, also while its handler works. Not promised: a minimum rate for slow readers, a budget over all bodies.
public final class HTTPServer: Sendable {
    /// The port that it listens on, also when it was asked for port 0.
    public let port: Int
    private let shared: SharedState

    /// `host` is a numeric address; port 0 takes a free one. The handler runs once per request, in a task of its own that is
    /// cancelled when the client goes away.
    public init(
        host: String, port: Int, limits: HTTPServerLimits = .init(), tls: TLSIdentity? = nil,
        handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) throws(HTTPServerError) {
        var credentials: TLSCredentials?
        if let tls { credentials = try .load(tls) }
        var bound: Int32 = 0
        let listener = cmhd_listen(host, Int32(port), 512, &bound)
        if listener < 0 { throw .listen(address: "\(host):\(port)", errno: -listener) }
        self.port = Int(bound)
        shared = SharedState(credentials: credentials)
        let loop = try ServerLoop(
            shared: shared, limits: limits, tls: tls != nil, listener: listener, address: "\(host):\(port)", handler: handler)
        spawnThread(name: "http-server") { loop.run() }
    }

    deinit { shared.stop(drain: .zero, nil) }

    /// Open connections, of any kind.
    public var connections: Int { shared.connections.load(ordering: .relaxed) }

    /// New connections get this identity, open ones keep theirs. On a throw the old one stays in use.
    ///
    /// - Precondition: the server was made with an identity.
    public func rotate(to identity: TLSIdentity) throws(HTTPServerError) {
        precondition(shared.credentials != nil, "this server speaks plain HTTP")
        shared.credentials = try .load(identity)
    }

    /// Stops accepting, closes idle connections, cancels streams, lets other requests finish; after `drain` cuts the rest
    /// and returns how many connections that were.
    @discardableResult
    public func shutdown(drain: Duration) async -> Int {
        await withCheckedContinuation { shared.stop(drain: drain, $0) }
    }
}

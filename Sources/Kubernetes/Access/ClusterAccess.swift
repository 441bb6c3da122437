public import HTTPClient
internal import Lifecycle
public import Observe

/// Where an API server is and what it is shown: from a kubeconfig or from the pod we run in.
public struct ClusterAccess: Sendable {
    public enum Credential: Sendable, Equatable {
        /// None, or the client certificate in `tls`.
        case none
        case token(Secret)
        /// Read again every few seconds and after a 401: kubelet replaces it before it expires.
        case tokenFile(String)
    }
    /// Without a slash at its end.
    public var server: String
    public var tls: TLSSettings
    public var credential: Credential
    /// Of the context or of our own pod; nil: none was named.
    public var namespace: String?

    public init(server: String, tls: TLSSettings = TLSSettings(), credential: Credential = .none, namespace: String? = nil) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.tls = tls
        self.credential = credential
        self.namespace = namespace
    }
}

/// The access itself is wrong: which file, what is wrong, what to write.
public struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var message: String
    public init(file: String, _ message: String) {
        self.file = file
        self.message = message
    }
    public var description: String { "\(file): \(message)" }
}

/// Gives the bearer token of the moment.
final class TokenSource: Sendable {
    /// client-go's interval for the same (k8s.io/client-go/transport/token_source.go: one minute, minus ten seconds); files
    /// are cheap to read.
    static let freshFor = Duration.seconds(10)
    private struct Cached {
        var token: Secret
        var readAt: ContinuousClock.Instant
    }
    private let credential: ClusterAccess.Credential
    private let cached = Locked<Cached?>(nil)

    init(_ credential: ClusterAccess.Credential) { self.credential = credential }

    func token() throws(AccessError) -> String? {
        switch credential {
        case .none: return nil
        case .token(let token): return token.reveal()
        case .tokenFile(let path):
            let now = ContinuousClock.now
            if let cached = cached.withLock({ $0 }), now - cached.readAt < Self.freshFor { return cached.token.reveal() }
            let token = String(decoding: try readFile(path), as: UTF8.self).split(whereSeparator: \.isWhitespace).joined()
            guard !token.isEmpty else { throw AccessError(file: path, "the token file is empty: write the service account's token into it") }
            cached.withLock { $0 = Cached(token: Secret(token), readAt: now) }
            return token
        }
    }
    func refused() { cached.withLock { $0 = nil } }
}

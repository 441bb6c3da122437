/// What a server must show, and what we show to it. All certificates and keys are PEM bytes, read by the caller, so that
/// a rotated file is simply a new value.
public struct TLSSettings: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The authorities to trust instead of the system's; nil: the system's.
    public var authorities: [UInt8]?
    /// Our certificate (chain) and its key, for servers that ask for one; both or none.
    public var certificate: [UInt8]?
    public var key: [UInt8]?
    /// Accept any certificate for any name. For trying things out only.
    public var insecure = false

    public init(authorities: [UInt8]? = nil, certificate: [UInt8]? = nil, key: [UInt8]? = nil, insecure: Bool = false) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.insecure = insecure
    }

    /// Without the key, in dumps too.
    public var description: String {
        let trust = insecure ? "trusting anybody" : authorities == nil ? "trusting the system's authorities" : "trusting given authorities"
        return certificate == nil ? trust : trust + ", showing a certificate"
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// One request. Redirects are never followed: an API that redirects is answered as it is.
public struct HTTPRequest: Sendable {
    public var method: String
    /// `http` or `https`, already percent-encoded.
    public var url: String
    public var headers: HTTPHeaders
    /// nil sends none; empty sends `Content-Length: 0` where the method is POST.
    public var body: [UInt8]?
    /// From the start of the connection to the last byte of the answer; nil: no limit (watches).
    public var timeout: Duration?
    public var connectTimeout: Duration = .seconds(10)
    /// Streams only: no byte of the header block, or of the body of a refusal (not 2xx), for this long ends the stream as timed out; not more
    /// than `idleTimeout`, which says alone when this is nil.
    public var headTimeout: Duration?
    /// Streams only: no byte for this long, the consumer not being behind, ends the stream as timed out.
    public var idleTimeout: Duration?
    /// Unary only: a longer body ends the request as too large.
    public var bodyBytesMax = 64 << 20
    /// nil: the client's.
    public var tls: TLSSettings?

    public init(_ method: String = "GET", _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil, timeout: Duration? = .seconds(30)) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// Status and headers of an answer, and when the exchange happened on the local clock that counts in suspend too.
public struct HTTPHead: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    /// Just before the first byte of the request was written.
    public var sentAt: ContinuousClock.Instant
    /// When the header block was complete.
    public var receivedAt: ContinuousClock.Instant
    /// The `Date` header as the server wrote it; its clock read something between `sentAt` and `receivedAt`.
    public var date: String? { headers["date"] }

    public init(status: Int, headers: HTTPHeaders, sentAt: ContinuousClock.Instant, receivedAt: ContinuousClock.Instant) {
        self.status = status
        self.headers = headers
        self.sentAt = sentAt
        self.receivedAt = receivedAt
    }
}

/// A whole answer.
public struct HTTPResponse: Sendable {
    public var head: HTTPHead
    public var body: [UInt8]
    public var status: Int { head.status }
    public var headers: HTTPHeaders { head.headers }

    public init(head: HTTPHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

public import HTTPClient

/// Why the API server did not do what was asked, or why nobody knows.
public struct KubernetesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `Status.reason` of the API server (k8s.io/apimachinery/pkg/apis/meta/v1, `StatusReason`), or ours where there is no answer.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        case unauthorized = "Unauthorized"
        case forbidden = "Forbidden"
        /// `Forbidden` because the object would be created in a namespace that is being deleted: nobody has to grant anything.
        case namespaceTerminating = "NamespaceTerminating"
        case notFound = "NotFound"
        case alreadyExists = "AlreadyExists"
        case conflict = "Conflict"
        /// The resource version or the list's continuation is too old; `Gone` in older servers.
        case expired = "Expired"
        case invalid = "Invalid"
        case badRequest = "BadRequest"
        case methodNotAllowed = "MethodNotAllowed"
        case notAcceptable = "NotAcceptable"
        case unsupportedMediaType = "UnsupportedMediaType"
        case tooLarge = "RequestEntityTooLarge"
        case tooManyRequests = "TooManyRequests"
        case serverTimeout = "ServerTimeout"
        case timeout = "Timeout"
        case internalError = "InternalError"
        case serviceUnavailable = "ServiceUnavailable"
        /// An answer that names no reason that we know.
        case unknown = "Unknown"
        /// No answer: see `transport`.
        case noAnswer = "NoAnswer"
        /// An answer that is not what the API promises.
        case unreadable = "Unreadable"
        /// Our own access: a token file that cannot be read.
        case noCredentials = "NoCredentials"
    }
    /// What to do about it.
    public enum Disposition: Hashable, Sendable {
        /// The same again, soon, with growing pauses.
        case retry
        /// The same again, after `retryAfter` or a long pause: the server is busy, or somebody must grant something first.
        case backOff
        /// What we knew is out of date: read again, then decide again.
        case reread
        /// There is no such object.
        case notFound
        /// Never again as it is: the request itself is wrong.
        case terminal
    }

    /// HTTP status, or the code of a `Status` in a watch; 0: no answer.
    public var code: Int
    public var reason: Reason
    /// The server's sentence, or ours, with what was asked.
    public var message: String
    public var retryAfter: Duration?
    /// Why there is no answer.
    public var transport: HTTPClientError.Code?
    /// Whether a write may nevertheless have happened.
    public var mayHaveBeenApplied: Bool

    public init(
        code: Int, reason: Reason, message: String, retryAfter: Duration? = nil, transport: HTTPClientError.Code? = nil, mayHaveBeenApplied: Bool = false
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
        self.transport = transport
        self.mayHaveBeenApplied = mayHaveBeenApplied
    }

    public var disposition: Disposition {
        switch reason {
        case .notFound: .notFound
        case .alreadyExists, .conflict, .expired: .reread
        case .invalid, .badRequest, .methodNotAllowed, .notAcceptable, .unsupportedMediaType, .tooLarge: .terminal
        case .unauthorized, .forbidden, .namespaceTerminating, .tooManyRequests, .serviceUnavailable, .noCredentials: .backOff
        case .serverTimeout, .timeout, .internalError, .unknown, .noAnswer, .unreadable: .retry
        }
    }
    public var description: String { code == 0 ? message : "\(message) (\(code) \(reason.rawValue))" }
}

extension KubernetesError {
    init(_ error: HTTPClientError, asking what: String) {
        self.init(
            code: 0, reason: error.code == .invalid ? .badRequest : .noAnswer, message: "\(what): \(error.message)", transport: error.code,
            mayHaveBeenApplied: error.mayHaveBeenSent)
    }

    /// From an answer that is not 2xx. Proxies and load balancers answer without a `Status`: then the HTTP code decides.
    package init(status: Int, headers: HTTPHeaders, body: [UInt8], asking what: String) {
        let parsed = Status(parsing: body)
        let reason = parsed?.knownReason ?? Reason(code: status)
        let words = parsed?.message.map(Self.short) ?? String(decoding: body.prefix(200), as: UTF8.self)
        let seconds = headers["retry-after"].flatMap { Int($0) } ?? parsed?.retryAfterSeconds
        self.init(
            code: status, reason: reason, message: words.isEmpty ? "\(what): HTTP \(status)" : "\(what): \(words)",
            retryAfter: seconds.map { .seconds(max(0, min($0, 3600))) }, mayHaveBeenApplied: status >= 500)
    }

    /// From a `Status` inside a watch.
    package init(_ status: Status, asking what: String) {
        self.init(
            code: status.code, reason: status.knownReason ?? Reason(code: status.code),
            message: "\(what): \(status.message.map(Self.short) ?? "an error without a message")",
            retryAfter: status.retryAfterSeconds.map { .seconds(max(0, min($0, 3600))) })
    }
}

extension KubernetesError {
    /// Of what a server says: a refused object is repeated in it in full.
    private static let wordsBytesMax = 1000

    private static func short(_ words: String) -> String {
        words.utf8.count > wordsBytesMax ? String(decoding: words.utf8.prefix(wordsBytesMax), as: UTF8.self) + "…" : words
    }
}

extension KubernetesError.Reason {
    init(code: Int) {
        let known: [Int: Self] = [
            400: .badRequest, 401: .unauthorized, 403: .forbidden, 404: .notFound, 405: .methodNotAllowed, 406: .notAcceptable, 409: .conflict, 410: .expired,
            413: .tooLarge, 415: .unsupportedMediaType, 422: .invalid, 429: .tooManyRequests, 500: .internalError, 503: .serviceUnavailable, 504: .timeout,
        ]
        self = known[code] ?? .unknown
    }
}

/// Header fields in order of arrival. Names are kept in lower case, lookups ignore case.
public struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    /// All fields, names in lower case.
    public private(set) var fields: [(name: String, value: String)] = []
    public init() {}
    public init(dictionaryLiteral elements: (String, String)...) { for (n, v) in elements { append(n, v) } }
    /// Adds a field, also beside others of that name.
    public mutating func append(_ name: String, _ value: String) { fields.append((name.lowercased(), value)) }
    /// The first field of that name.
    public subscript(_ name: String) -> String? { all(name).first }
    /// The values of all fields of that name.
    public func all(_ name: String) -> [String] {
        let name = name.lowercased()
        return fields.compactMap { $0.name == name ? $0.value : nil }
    }
}

/// A request that has arrived whole.
public struct HTTPRequest: Sendable {
    /// As the client sent it, such as `GET`.
    public var method: String
    /// Path and query as the client sent them; nothing is decoded or normalised.
    public var target: String
    public var headers: HTTPHeaders
    /// The whole body, at most `HTTPServerLimits.bodyBytesMax`.
    public var body: [UInt8]
    public init(method: String, target: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// What a handler answers.
///
/// The server adds date, content-length, transfer-encoding and connection; a response that brings its own, or a field that
/// would split the head, is replaced by a 500.
public struct HTTPResponse: Sendable {
    public enum Body: Sendable {
        case bytes([UInt8])
        /// The closure runs in the request's task after the head is on its way. Returning ends the body well; throwing cuts
        /// the connection, so that the client sees a truncated body. The task is cancelled when the client goes away and when
        /// the server drains.
        case stream(heartbeat: Heartbeat? = nil, @Sendable (HTTPBodyWriter) async throws -> Void)
    }
    /// Sent in a stream that has been silent for `interval`, so that a peer that vanished is noticed.
    public struct Heartbeat: Sendable {
        public var interval: Duration
        public var bytes: [UInt8]
        public init(every interval: Duration, _ bytes: [UInt8]) {
            self.interval = interval
            self.bytes = bytes
        }
    }
    public var status: Int
    /// More fields, such as content-type.
    public var headers: HTTPHeaders
    public var body: Body
    /// - Precondition: the status is in 200...599.
    public init(_ status: Int, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
        precondition((200...599).contains(status), "\(status) is no final status")
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Where a streamed body goes.
public struct HTTPBodyWriter: Sendable {
    let exchange: Exchange
    /// Suspends while `HTTPServerLimits.streamBufferBytesMax` wait for the client; throws `.disconnected` once it has gone.
    public func write(_ bytes: [UInt8]) async throws(HTTPServerError) { try await exchange.write(bytes) }
}

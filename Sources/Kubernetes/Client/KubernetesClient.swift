internal import Core
public import HTTPClient
public import JSON

/// Calls of one API server. Bodies are JSON bytes; what they mean is the caller's business.
/// It retries nothing: `KubernetesError.disposition` says what would help.
public struct KubernetesClient: Sendable {
    public struct Configuration: Sendable {
        /// For every call but a watch.
        public var timeout = Duration.seconds(15)
        /// Of an answer: the largest page of the largest objects.
        public var bodyBytesMax = 256 << 20
        /// Of one event of a watch. The API server's own limit of an object is 1.5 MiB in etcd (3 MiB as JSON).
        public var eventBytesMax = 8 << 20
        public init() {}
    }
    public let access: ClusterAccess
    public private(set) var configuration: Configuration
    let http: HTTPClient
    let tokens: TokenSource

    /// - Parameter http: shared by any number of clients; whoever made it shuts it down.
    public init(_ access: ClusterAccess, http: HTTPClient, configuration: Configuration = Configuration()) {
        self.access = access
        self.http = http
        self.configuration = configuration
        tokens = TokenSource(access.credential)
    }

    /// The same client with another time limit for its calls.
    public func with(timeout: Duration) -> KubernetesClient {
        var copy = self
        copy.configuration.timeout = timeout
        return copy
    }

    // MARK: reading

    public func get(_ path: ResourcePath) async throws(KubernetesError) -> Answer<[UInt8]> {
        try await call("GET", path.path, what: "get \(path)")
    }
    public func get<Value: Sendable>(
        _ path: ResourcePath, read: (inout JSONReader) throws(JSONError) -> Value
    ) async throws(KubernetesError) -> Answer<Value> {
        let answer = try await get(path)
        return Answer(try decode(answer.value, what: "get \(path)", read), serverTime: answer.serverTime)
    }
    /// Any other path of the server, such as `/version` or `/readyz`.
    public func get(rawPath: String) async throws(KubernetesError) -> Answer<[UInt8]> { try await call("GET", rawPath, what: "get \(rawPath)") }

    // MARK: writing; the answer is the object as stored

    /// - Parameter path: a collection (`Resource.all(in:)`).
    public func create(_ path: ResourcePath, _ body: [UInt8]) async throws(KubernetesError) -> Answer<[UInt8]> {
        try await call("POST", path.path, body: body, what: "create in \(path)")
    }
    /// With a `metadata.resourceVersion` in the body it is conditional: another one stored answers `.conflict`.
    public func replace(_ path: ResourcePath, _ body: [UInt8]) async throws(KubernetesError) -> Answer<[UInt8]> {
        try await call("PUT", path.path, body: body, what: "replace \(path)")
    }
    /// RFC 7396. A `metadata.resourceVersion` in the patch makes it conditional on that (`.conflict`). A `metadata.uid` does so too:
    /// the API server refuses another one as 422 ("field is immutable"), which is `.conflict` here. But in a patch of the status of a
    /// custom resource the API server overlooks the uid: there only the resourceVersion protects.
    public func mergePatch(_ path: ResourcePath, _ body: [UInt8]) async throws(KubernetesError) -> Answer<[UInt8]> {
        try await call("PATCH", path.path, body: body, contentType: "application/merge-patch+json", what: "patch \(path)")
    }
    /// The answer is the object that is going (finalizers, grace) or a `Status` when it has gone.
    public func delete(_ path: ResourcePath, _ options: DeleteOptions = DeleteOptions()) async throws(KubernetesError) -> Answer<[UInt8]> {
        try await call("DELETE", path.path, body: options.json, what: "delete \(path)")
    }

    // MARK: the one way in and out

    func call(
        _ method: String, _ pathAndQuery: String, body: [UInt8]? = nil, contentType: String = "application/json", what: String
    ) async throws(KubernetesError) -> Answer<[UInt8]> {
        var request = try self.request(method, pathAndQuery, what: what)
        request.body = body
        if body != nil { request.headers["Content-Type"] = contentType }
        request.timeout = configuration.timeout
        request.bodyBytesMax = configuration.bodyBytesMax
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await http.send(request)
        } catch {
            throw KubernetesError(error, asking: what)
        }
        guard 200..<300 ~= response.status else { throw refusal(response.head, response.body, what: what) }
        return Answer(response.body, serverTime: ServerTime(response.head))
    }

    func request(_ method: String, _ pathAndQuery: String, what: String) throws(KubernetesError) -> HTTPRequest {
        var request = HTTPRequest(method, access.server + pathAndQuery, headers: ["Accept": "application/json"])
        request.tls = access.tls
        do throws(AccessError) {
            if let token = try tokens.token() { request.headers["Authorization"] = "Bearer " + token }
        } catch {
            throw KubernetesError(code: 0, reason: .noCredentials, message: "\(what): \(error)")
        }
        return request
    }

    func refusal(_ head: HTTPHead, _ body: [UInt8], what: String) -> KubernetesError {
        if head.status == 401 { tokens.refused() }
        return KubernetesError(status: head.status, headers: head.headers, body: body, asking: what)
    }

    func decode<Value: Sendable>(
        _ bytes: [UInt8], what: String, _ read: (inout JSONReader) throws(JSONError) -> Value
    ) throws(KubernetesError) -> Value {
        do throws(JSONError) {
            return try JSONReader.read(bytes, read)
        } catch {
            throw KubernetesError(code: 0, reason: .unreadable, message: "\(what): the answer does not read: \(error)", mayHaveBeenApplied: true)
        }
    }
}

extension ServerTime {
    init?(_ head: HTTPHead) {
        guard let date = head.date.flatMap({ Timestamp(httpDate: $0) }) else { return nil }
        self.init(date: date, sentAt: head.sentAt, receivedAt: head.receivedAt)
    }
}

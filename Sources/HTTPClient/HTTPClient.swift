internal import Lifecycle
internal import Synchronization

/// HTTP/1.1 over libcurl: one multi handle on one thread of its own, keep-alive connections shared by all requests.
///
/// It never follows a redirect, never asks for compression, and never sends a request twice on its own unless the method
/// is safe (GET, HEAD) or not one byte of it had left. HTTP/2 is off: libcurl 7.88 leaks aborted streams (curl #10971)
/// and fails on a connection's second request (curl #10634).
/// Proxies come from the environment as libcurl reads it (`HTTPS_PROXY`, `NO_PROXY`), loopback excepted.
public final class HTTPClient: Sendable {
    public typealias Request = HTTPRequest
    public typealias Response = HTTPResponse
    public typealias Headers = HTTPHeaders

    public struct Configuration: Sendable {
        /// For requests that bring no TLS settings of their own.
        public var tls = TLSSettings()
        public var userAgent = "eip-controller"
        /// Requests beyond this wait, within their own timeout, for a connection. A stream holds one for its life.
        public var connectionsMax = 1024
        /// Idle connections kept for reuse.
        public var idleConnectionsMax = 128
        /// What a stream buffers before its transfer pauses.
        public var streamBufferBytesMax = 256 << 10
        public init() {}
    }

    private let loop: CurlLoop
    private let configuration: Configuration
    private let ids = Atomic<UInt64>(1)

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        loop = CurlLoop(configuration)
    }
    deinit { loop.stop() }

    /// Sends a request and reads the whole answer, whatever its status.
    public func send(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponse {
        let id = ids.wrappingAdd(1, ordering: .relaxed).oldValue
        let cancelled = CancelFlag()
        let result: UnaryResult = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !loop.submit(.send(id, request, cancelled, continuation)) { continuation.resume(returning: .failure(.shutDown)) }
            }
        } onCancel: {
            cancelled.set()  // covers a cancel that arrives before the request does
            _ = loop.submit(.cancel(id))
        }
        return try result.get()
    }

    /// Sends a request and returns as soon as the answer's headers are there.
    public func stream(_ request: HTTPRequest) async throws(HTTPClientError) -> (head: HTTPHead, body: HTTPBody) {
        let id = ids.wrappingAdd(1, ordering: .relaxed).oldValue
        let stream = StreamState(loop: loop, id: id, bufferBytesMax: configuration.streamBufferBytesMax)
        let owner = StreamOwner(stream)
        let head = try await stream.start(request)
        return (head, HTTPBody(owner: owner))
    }

    /// Ends what is under way with `.cancelled` and returns when the thread has closed every connection.
    public func shutdown() async {
        loop.stop()
        await loop.stopped.wait()
    }
}

typealias UnaryResult = Result<HTTPResponse, HTTPClientError>

final class CancelFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    func set() { flag.store(true, ordering: .releasing) }
    var isSet: Bool { flag.load(ordering: .acquiring) }
}

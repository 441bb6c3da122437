internal import CCurl
internal import Glibc

/// What every transfer of a client has in common.
struct TransferDefaults {
    let tls: TLSSettings
    let userAgent: String
    /// libcurl would send loopback addresses through the environment's proxy; nobody means that.
    let noProxy: String

    init(_ configuration: HTTPClient.Configuration) {
        tls = configuration.tls
        userAgent = configuration.userAgent
        let environment = (getenv("no_proxy") ?? getenv("NO_PROXY")).map { String(cString: $0) }
        noProxy = [environment, "localhost,127.0.0.1,::1"].compactMap { $0 }.joined(separator: ",")
    }
}

/// One request on its easy handle. Confined to the loop's thread; libcurl holds an unretained pointer to it, and the
/// thread's table of live transfers keeps it until the handle is removed.
final class Transfer {
    enum Sink {
        case unary(CheckedContinuation<UnaryResult, Never>)
        case stream(StreamState)
    }
    static let headerBytesMax = 64 << 10

    let id: UInt64
    let request: HTTPRequest
    let sink: Sink
    let easy: UnsafeMutableRawPointer
    private(set) var sentAt: ContinuousClock.Instant?
    private var receivedAt: ContinuousClock.Instant?
    private var heardAt: ContinuousClock.Instant
    private var paused = false
    private var tooLarge: String?
    private var refusedResend = false
    private var headDelivered = false
    private var headerBytes = 0
    private var headers = HTTPHeaders()
    private var body: [UInt8] = []
    private var list: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    init(id: UInt64, request: HTTPRequest, sink: Sink, easy: UnsafeMutableRawPointer, now: ContinuousClock.Instant) {
        (self.id, self.request, self.sink, self.easy, heardAt) = (id, request, sink, easy, now)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }
    deinit { errorText.deallocate() }

    /// Scheme, host and port, for messages: paths and queries may carry what is nobody's business.
    var host: String {
        let parts = request.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty else { return "the URL" }
        return "\(parts[0])//\(parts[2].prefix { !"/?#".contains($0) })"
    }

    // MARK: callbacks

    /// False: libcurl must not send now. It would resend a request on its own when a kept-alive connection died under it
    /// without an answer; the server may have acted on the first one, so only safe methods get a second.
    func willSend() -> Bool {
        if sentAt != nil {
            var bytesSent = 0
            _ = ccurl_get_long(easy, CURLINFO_REQUEST_SIZE, &bytesSent)
            if bytesSent > 0 && request.method != "GET" && request.method != "HEAD" {
                refusedResend = true
                return false
            }
        }
        sentAt = ContinuousClock.now
        return true
    }

    /// One header line with its line end. False: too many.
    func header(_ line: UnsafeRawBufferPointer) -> Bool {
        heardAt = ContinuousClock.now
        headerBytes += line.count
        guard headerBytes <= Self.headerBytesMax else {
            tooLarge = "the answer's headers have more than \(Self.headerBytesMax) bytes"
            return false
        }
        if line.starts(with: "HTTP/".utf8) {  // a new block: the one before was informational (1xx)
            headers = HTTPHeaders()
        } else if let colon = line.firstIndex(of: 0x3a) {
            headers.append(Self.text(line[..<colon]), Self.text(line[(colon + 1)...]))
        } else if line.count <= 2, status >= 200 {
            receivedAt = heardAt
            deliverHead()
        }
        return true
    }

    enum Taken { case all, none, tooMuch }
    func bodyBytes(_ bytes: UnsafeRawBufferPointer) -> Taken {
        heardAt = ContinuousClock.now
        switch sink {
        case .unary:
            guard body.count + bytes.count <= request.bodyBytesMax else {
                tooLarge = "the answer's body has more than \(request.bodyBytesMax) bytes"
                return .tooMuch
            }
            body.append(contentsOf: bytes)
            return .all
        case .stream(let stream):
            paused = !stream.push(bytes)
            return paused ? .none : .all
        }
    }

    // MARK: outcome

    var status: Int {
        var status = 0
        _ = ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return status
    }
    private func deliverHead() {
        if headDelivered { return }
        headDelivered = true
        if case .stream(let stream) = sink { stream.deliver(head) }
    }
    private var head: HTTPHead {
        let now = ContinuousClock.now
        return HTTPHead(status: status, headers: headers, sentAt: sentAt ?? now, receivedAt: receivedAt ?? now)
    }

    /// The handle is removed but not yet used again, so that its status can still be read.
    func succeed() {
        switch sink {
        case .unary(let continuation): continuation.resume(returning: .success(HTTPResponse(head: head, body: body)))
        case .stream(let stream):
            deliverHead()
            stream.finish(.success(()))
        }
    }
    func fail(_ error: HTTPClientError) {
        switch sink {
        case .unary(let continuation): continuation.resume(returning: .failure(error))
        case .stream(let stream): stream.finish(.failure(error))
        }
    }

    func resumed(at now: ContinuousClock.Instant) {
        paused = false
        heardAt = now
    }
    /// When the stream will have been silent for too long; nil while that is not asked, or while we are the slow side.
    var silentAt: ContinuousClock.Instant? {
        guard let limit = silenceMax, case .stream = sink, !paused else { return nil }
        return heardAt.advanced(by: limit)
    }
    /// How long nothing may be heard, by what is awaited.
    var silenceMax: Duration? { headDelivered && 200..<300 ~= status ? request.idleTimeout : request.headTimeout ?? request.idleTimeout }

    func explain(_ code: CURLcode) -> (HTTPClientError.Code, String) {
        if let tooLarge { return (.tooLarge, "\(host): \(tooLarge)") }
        if refusedResend { return (.broken, "\(host): the connection ended after the request was sent, before an answer") }
        let words = errorText.pointee != 0 ? String(cString: errorText) : String(cString: curl_easy_strerror(code))
        return (HTTPClientError.Code(code), "\(host): \(words)")
    }

    func freeLists() {
        if let list { curl_slist_free_all(list) }
        list = nil
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        func blank(_ c: UInt8) -> Bool { c == 0x20 || c == 0x09 || c == 0x0d || c == 0x0a }
        guard let first = bytes.firstIndex(where: { !blank($0) }), let last = bytes.lastIndex(where: { !blank($0) }) else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    func append(header line: String) { list = curl_slist_append(list, line) }
    var headerList: UnsafeMutablePointer<curl_slist>? { list }
    var errorBuffer: UnsafeMutablePointer<CChar> { errorText }
}

extension HTTPClientError.Code {
    /// libcurl.se/libcurl/c/libcurl-errors.html; what is not named there as one of the others broke an exchange.
    init(_ code: CURLcode) {
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_CERTPROBLEM, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_SSL_CACERT_BADFILE: self = .invalid
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_NO_CONNECTION_AVAILABLE: self = .cannotConnect
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_NOTFOUND:
            self = .tls
        default: self = .broken  // CURLcode is C's enum, not ours
        }
    }
}

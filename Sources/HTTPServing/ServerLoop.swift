internal import CMicroHTTPD
internal import Glibc
internal import Lifecycle
internal import Synchronization

/// What the loop knows of one TCP connection. libmicrohttpd's socket context points to it, unretained: `ServerLoop.open` owns it.
private final class Connection {
    let fd: Int32
    let credentials: TLSCredentials?
    var deadline: ContinuousClock.Instant?  // for a request to be whole; nil while it is answered
    var target: String?  // from the request line to the end of the response
    var request: HTTPRequest?
    var bodyBytes = 0
    var exchange: Exchange?
    var hungUp = false
    init(fd: Int32, credentials: TLSCredentials?, deadline: ContinuousClock.Instant) {
        self.fd = fd
        self.credentials = credentials
        self.deadline = deadline
    }
}

/// libmicrohttpd and the thread that owns it.
///
/// All of this class and every callback runs on that thread, in `MHD_run` or between two calls of it, so quiescing and stopping
/// cannot race with the library's own work. Only `MHD_resume_connection` comes from elsewhere. `@unchecked`: made on the
/// caller's thread, then used on its own only.
final class ServerLoop: @unchecked Sendable {
    private let shared: SharedState, limits: HTTPServerLimits
    private let handler: @Sendable (HTTPRequest) async -> HTTPResponse
    private var daemon: OpaquePointer!  // owned: freed by MHD_stop_daemon at the end of run
    private var open: [Int32: Connection] = [:]
    private var drainEnd: ContinuousClock.Instant?

    /// Takes over `listener`. Nothing runs before `run`.
    init(
        shared: SharedState, limits: HTTPServerLimits, tls: Bool, listener: Int32, address: String,
        handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) throws(HTTPServerError) {
        (self.shared, self.limits, self.handler) = (shared, limits, handler)
        // `self` outlives the daemon: `run` stops it before the thread lets go of `self`.
        daemon = cmhd_start(
            listener, tls ? 1 : 0, UInt32(limits.connectionsMax), UInt32(limits.connectionsPerAddressMax),
            UInt32(max(1, limits.idleTime.components.seconds)), limits.connectionBytesMax, Unmanaged.passUnretained(self).toOpaque(),
            { cls, c, _, method, version, data, size, _ in
                Unmanaged<ServerLoop>.fromOpaque(cls!).takeUnretainedValue().received(c!, method!, version!, data, size!)
            },
            { cls, uri, c in
                Unmanaged<ServerLoop>.fromOpaque(cls!).takeUnretainedValue().began(c, uri)
                return nil
            },
            { cls, c, _, _ in Unmanaged<ServerLoop>.fromOpaque(cls!).takeUnretainedValue().completed(c!) },
            { cls, c, context, code in
                let loop = Unmanaged<ServerLoop>.fromOpaque(cls!).takeUnretainedValue()
                if code == .CONNECTION_NOTIFY_STARTED { context!.pointee = loop.opened(c!) } else { loop.closed(c!) }
            })
        // Some failures close the listener, some do not: a descriptor lost is better than one closed twice.
        if daemon == nil { throw .listen(address: address, errno: errno) }
    }
    func run() {
        // libmicrohttpd's own epoll set and our wake-up: its resume does not wake a loop that is not its own.
        var ready = [
            pollfd(fd: cmhd_epoll(daemon), events: Int16(POLLIN), revents: 0),
            pollfd(fd: shared.wake.fd, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            var timeout: UInt64 = 0
            let bounded = MHD_get_timeout(daemon, &timeout) == .YES && timeout < 200
            poll(&ready, 2, bounded ? Int32(timeout) : 200)
            if ready[1].revents != 0 { shared.wake.clear() }
            MHD_run(daemon)
            let now = ContinuousClock.now
            if drainEnd == nil, let drain = shared.drain {
                drainEnd = now + drain
                Glibc.close(MHD_quiesce_daemon(daemon))  // the listener is ours again
            }
            tend(now)
            if let end = drainEnd, open.isEmpty || now >= end { break }
        }
        let cut = open.count
        for c in open.values { c.exchange?.abandon() }  // resumes what sleeps: MHD_stop_daemon would abort the process
        MHD_stop_daemon(daemon)
        shared.finish(cut: cut)
    }

    /// How often `tend` looks: a client that left is noticed within about two of these.
    private static let tendEvery = Duration.milliseconds(200)
    private var tended = ContinuousClock.now
    /// Deadlines, heartbeats, clients that left (libmicrohttpd does not watch a suspended connection), draining.
    private func tend(_ now: ContinuousClock.Instant) {
        guard now - tended >= Self.tendEvery || drainEnd != nil else { return }
        tended = now
        var watched: [pollfd] = []
        for c in open.values {
            if let d = c.deadline, now > d { shutdown(c.fd, Int32(SHUT_RDWR)) }
            if drainEnd != nil {
                if c.target == nil, !c.hungUp {
                    c.hungUp = true
                    shutdown(c.fd, Int32(SHUT_RD))  // a request that is already here is still read
                }
                c.exchange?.cancel(onlyStreams: true)
            }
            guard let e = c.exchange else { continue }
            e.beat(now)
            if !c.hungUp { watched.append(pollfd(fd: c.fd, events: Int16(CMHD_POLLRDHUP), revents: 0)) }
        }
        guard poll(&watched, nfds_t(watched.count), 0) > 0 else { return }
        for w in watched where w.revents != 0 {
            guard let c = open[w.fd] else { continue }
            c.hungUp = true
            c.exchange?.cancel(onlyStreams: false)
            c.exchange?.abandon(onlyStreams: true)
        }
    }

    // MARK: callbacks

    private func opened(_ c: OpaquePointer) -> UnsafeMutableRawPointer {
        let connection = Connection(fd: cmhd_fd(c), credentials: shared.credentials, deadline: .now + limits.requestTime)
        connection.credentials?.apply(to: cmhd_session(c))
        open[connection.fd] = connection
        shared.connections.store(open.count, ordering: .relaxed)
        return Unmanaged.passUnretained(connection).toOpaque()
    }
    /// The session is gone, the descriptor not yet closed.
    private func closed(_ c: OpaquePointer) {
        open[cmhd_fd(c)] = nil
        shared.connections.store(open.count, ordering: .relaxed)
    }
    private func connection(_ c: OpaquePointer) -> Connection { Unmanaged.fromOpaque(cmhd_context(c)).takeUnretainedValue() }
    private func began(_ c: OpaquePointer, _ uri: UnsafePointer<CChar>) {
        let connection = connection(c)
        connection.target = String(cString: uri)
        connection.deadline = .now + limits.requestTime
    }
    private func completed(_ c: OpaquePointer) {
        let connection = connection(c)
        connection.exchange?.completed()
        (connection.exchange, connection.request, connection.target, connection.bodyBytes) = (nil, nil, nil, 0)
        connection.deadline = .now + limits.idleTime + limits.requestTime
    }
    /// Called once with the head, then for each piece of the body, then when the request is whole and after each resume.
    private func received(
        _ c: OpaquePointer, _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>, _ data: UnsafePointer<CChar>?,
        _ size: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        let connection = connection(c)
        if connection.request == nil {
            var fields = Fields()
            withUnsafeMutablePointer(to: &fields) {  // borrowed for the call
                _ = MHD_get_connection_values_n(
                    c, .HEADER_KIND,
                    { cls, _, name, n, value, m in
                        cls!.assumingMemoryBound(to: Fields.self).pointee.append(name, n, value, m)
                        return .YES
                    }, $0)
            }
            connection.request = HTTPRequest(method: String(cString: method), target: connection.target ?? "", headers: fields.headers)
            if !fields.areSound { return respond(c, HTTPResponse(400)) }
            let announced = fields.headers["content-length"].flatMap { Int($0) } ?? 0
            let tooMuch = announced > limits.bodyBytesMax && (fields.headers["expect"] != nil || announced > 4 * limits.bodyBytesMax)
            return tooMuch ? respond(c, HTTPResponse(413)) : .YES
        }
        if size.pointee > 0 {
            connection.bodyBytes += size.pointee
            if connection.bodyBytes > 4 * limits.bodyBytesMax { return .NO }
            if connection.bodyBytes <= limits.bodyBytesMax {
                connection.request!.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: size.pointee))
            } else {
                connection.request!.body = []
            }
            size.pointee = 0
            return .YES
        }
        if connection.bodyBytes > limits.bodyBytesMax { return respond(c, HTTPResponse(413)) }
        guard let exchange = connection.exchange else {
            connection.deadline = nil
            let exchange = Exchange(bufferBytesMax: limits.streamBufferBytesMax, wake: shared.wake)
            connection.exchange = exchange
            exchange.begin(c, connection.request!, handler)
            return .YES
        }
        switch exchange.answer() {
        case .response(let r): return respond(c, r, exchange)
        case .wait: return .YES
        case .abandoned: return .NO
        }
    }
    /// Queues the response; one that the handler may not send becomes a 500.
    private func respond(_ c: OpaquePointer, _ response: HTTPResponse, _ exchange: Exchange? = nil) -> MHD_Result {
        let raw: OpaquePointer?  // owned until MHD_destroy_response below; the queue takes its own reference
        switch response.body {
        case .bytes(let b):
            raw = b.withUnsafeBytes {
                MHD_create_response_from_buffer(b.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
            }
        case .stream:
            // The response holds one reference to the exchange, given back by its free callback.
            raw = MHD_create_response_from_callback(
                cmhd_size_unknown(), 16 << 10,
                { cls, _, buffer, n in
                    Unmanaged<Exchange>.fromOpaque(cls!).takeUnretainedValue().read(
                        into: UnsafeMutableRawBufferPointer(start: buffer, count: n))
                }, Unmanaged.passRetained(exchange!).toOpaque(), { Unmanaged<Exchange>.fromOpaque($0!).release() })
        }
        guard let raw else { return .NO }
        defer { MHD_destroy_response(raw) }
        var sound = true
        for f in response.headers.fields {
            let own = ["connection", "content-length", "date", "transfer-encoding"].contains(f.name)
            sound = sound && !own && !f.value.utf8.contains(0) && MHD_add_response_header(raw, f.name, f.value) == .YES
        }
        if !sound { return respond(c, HTTPResponse(500)) }
        if drainEnd != nil { MHD_add_response_header(raw, "connection", "close") }
        return MHD_queue_response(c, UInt32(response.status), raw)
    }
}

internal import CMicroHTTPD
internal import Lifecycle

/// One request and its response: the only place where libmicrohttpd's thread and the handler's task meet.
///
/// The connection pointer is borrowed from libmicrohttpd, which frees a connection only after `completed`, and completes
/// none that is suspended. Here it is used under the lock, and dropped in `completed`: a resume can never reach a dead
/// connection, nor a stopped daemon. That is also why resuming happens under the lock, against the habit of the house.
final class Exchange: Sendable {
    enum Answer {
        case response(HTTPResponse)
        case wait, abandoned
    }
    /// `@unchecked`: only `MHD_suspend_connection` and `MHD_resume_connection` (which is thread-safe) are called with it.
    private struct Connection: @unchecked Sendable { let pointer: OpaquePointer }
    private struct State {
        var connection: Connection?
        var suspended = false
        var task: Task<Void, Never>?
        var response: HTTPResponse?
        var streams = false
        var heartbeat: HTTPResponse.Heartbeat?
        var lastWrite = ContinuousClock.now
        var pending: [UInt8] = []
        var taken = 0  // of pending
        var ended = false, failed = false, gone = false
        var writers: [CheckedContinuation<Void, Never>] = []

        mutating func resume(_ wake: Wake) {
            guard suspended, let connection else { return }
            suspended = false
            MHD_resume_connection(connection.pointer)
            wake.signal()
        }
        mutating func suspend() {
            guard !suspended, let connection else { return }
            suspended = true
            MHD_suspend_connection(connection.pointer)
        }
        /// Also while the writer keeps the buffer from ever running dry; each byte moves once on average.
        mutating func dropTaken() {
            if taken == pending.count {
                pending.removeAll(keepingCapacity: pending.capacity <= 4096)
            } else if taken >= 4096, taken * 2 >= pending.count {
                pending.removeFirst(taken)
            } else {
                return
            }
            taken = 0
        }
        mutating func takeWriters() -> [CheckedContinuation<Void, Never>] {
            defer { writers = [] }
            return writers
        }
    }
    private let state = Locked(State())
    private let bufferBytesMax: Int
    private let wake: Wake
    init(bufferBytesMax: Int, wake: Wake) {
        self.bufferBytesMax = bufferBytesMax
        self.wake = wake
    }

    // MARK: the task's side

    private func run(_ request: HTTPRequest, _ handler: @Sendable (HTTPRequest) async -> HTTPResponse) async {
        let response = await handler(request)
        guard case .stream(let heartbeat, let body) = response.body else {
            return state.withLock {
                $0.response = response
                $0.resume(wake)
            }
        }
        let head = request.method == "HEAD"
        state.withLock {
            $0.response = response
            $0.streams = true
            $0.heartbeat = heartbeat
            $0.ended = head
            $0.resume(wake)
        }
        if head { return }
        do {
            try await body(HTTPBodyWriter(exchange: self))
            state.withLock {
                $0.ended = true
                $0.resume(wake)
            }
        } catch {
            state.withLock {
                $0.ended = true
                $0.failed = true
                $0.resume(wake)
            }
        }
    }
    func write(_ bytes: [UInt8]) async throws(HTTPServerError) {
        while true {
            let written = try state.withLock { s throws(HTTPServerError) in
                if s.gone || s.ended { throw .disconnected }
                if s.pending.count - s.taken >= bufferBytesMax { return false }
                s.pending.append(contentsOf: bytes)
                s.lastWrite = .now
                s.resume(wake)
                return true
            }
            if written { return }
            await withCheckedContinuation { c in
                let ready = state.withLock { s in
                    if s.gone || s.pending.count - s.taken < bufferBytesMax { return true }
                    s.writers.append(c)
                    return false
                }
                if ready { c.resume() }
            }
        }
    }

    // MARK: libmicrohttpd's side, on its thread

    /// The request is whole: the connection sleeps until the handler has answered.
    func begin(_ connection: OpaquePointer, _ request: HTTPRequest, _ handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {
        let connection = Connection(pointer: connection)
        state.withLock {
            $0.connection = connection
            $0.suspend()
        }
        let task = Task { await run(request, handler) }
        state.withLock { $0.task = task }
    }
    /// The connection was resumed before its response was queued.
    func answer() -> Answer {
        state.withLock { s in
            if s.gone { return .abandoned }
            if let r = s.response { return .response(r) }
            s.suspend()
            return .wait
        }
    }
    /// The next piece of a streamed body; 0 puts the connection to sleep.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let (n, writers) = state.withLock { s -> (Int, [CheckedContinuation<Void, Never>]) in
            let n = min(buffer.count, s.pending.count - s.taken)
            if s.gone || s.failed { return (cmhd_end_with_error(), s.takeWriters()) }
            if n == 0 {
                if s.ended { return (cmhd_end_of_stream(), []) }
                s.suspend()
                return (0, [])
            }
            s.pending.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[s.taken..<(s.taken + n)])) }
            s.taken += n
            s.dropTaken()
            return (n, s.pending.count - s.taken < bufferBytesMax ? s.takeWriters() : [])
        }
        for w in writers { w.resume() }
        return n
    }
    func beat(_ now: ContinuousClock.Instant) {
        state.withLock { s in
            guard let h = s.heartbeat, s.suspended, !s.ended, now - s.lastWrite >= h.interval else { return }
            s.pending.append(contentsOf: h.bytes)
            s.lastWrite = now
            s.resume(wake)
        }
    }
    /// The client has closed its side, or the server drains: streams end, unary handlers are told and may still answer.
    func cancel(onlyStreams: Bool) {
        state.withLock { onlyStreams && !$0.streams ? nil : $0.task }?.cancel()
    }
    /// Nobody reads any more: the connection wakes up to be closed.
    func abandon(onlyStreams: Bool = false) {
        let writers = state.withLock { s -> [CheckedContinuation<Void, Never>] in
            if onlyStreams && !s.streams { return [] }
            s.gone = true
            s.resume(wake)
            return s.takeWriters()
        }
        for w in writers { w.resume() }
        cancel(onlyStreams: onlyStreams)
    }
    /// libmicrohttpd is done with the request, for good or ill, and may free the connection when this returns.
    func completed() {
        state.withLock {
            $0.connection = nil
            $0.suspended = false
        }
        abandon()
        state.withLock { $0.task = nil }
    }
}

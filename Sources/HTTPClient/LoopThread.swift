internal import CCurl
internal import Glibc

/// State of the loop's thread: transfers under way, the idle easy handles, libcurl's deadline. Confined to that thread.
final class LoopThread {
    /// A class, because libcurl's callback writes to it.
    private final class Timer { var deadline: ContinuousClock.Instant? }

    private static let idleHandlesMax = 128
    private static let batch = 64
    private static let initialised: Bool = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    private let multi: UnsafeMutableRawPointer
    private let epoll: Int32
    private let wakeup: Int32
    private let timer = Timer()
    private let clock = ContinuousClock()
    private let defaults: TransferDefaults
    private let fds = UnsafeMutablePointer<Int32>.allocate(capacity: batch)
    private let masks = UnsafeMutablePointer<Int32>.allocate(capacity: batch)
    private var live: [UInt64: Transfer] = [:]
    private var idleHandles: [UnsafeMutableRawPointer] = []
    /// No stream can have been silent for too long before this.
    private var nextIdleCheck: ContinuousClock.Instant?

    init(_ configuration: HTTPClient.Configuration, wakeup: Int32) {
        precondition(Self.initialised, "curl_global_init")
        multi = curl_multi_init()!  // nil only without memory
        epoll = ccurl_epoll_create()
        precondition(epoll >= 0, "epoll_create1")
        self.wakeup = wakeup
        defaults = TransferDefaults(configuration)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.connectionsMax)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.idleConnectionsMax)
        _ = ccurl_epoll_set(epoll, wakeup, 1)
        _ = ccurl_multi_set_socket(
            multi,
            { _, fd, what, epoll, _ in
                _ = ccurl_epoll_set(Int32(Int(bitPattern: epoll)), fd, what == CURL_POLL_REMOVE ? 0 : what)
                return 0
            }, UnsafeMutableRawPointer(bitPattern: Int(epoll)))
        _ = ccurl_multi_set_timer(
            multi,
            { _, milliseconds, timer in
                Unmanaged<Timer>.fromOpaque(timer!)._withUnsafeGuaranteedRef {
                    $0.deadline = milliseconds < 0 ? nil : ContinuousClock.now.advanced(by: .milliseconds(milliseconds))
                }
                return 0
            }, Unmanaged.passUnretained(timer).toOpaque())  // `timer` lives as long as the multi handle: see `end`
    }

    func handle(_ commands: [CurlLoop.Command]) {
        for command in commands {
            switch command {
            case .send(let id, let request, let cancelled, let continuation):
                if cancelled.isSet {
                    continuation.resume(returning: .failure(.cancelledBeforeSending))
                } else {
                    start(id, request, .unary(continuation))
                }
            case .stream(let request, let stream):
                if !stream.ended { start(stream.id, request, .stream(stream)) }
            case .cancel(let id):
                if let transfer = live[id] { fail(transfer, .cancelled, "the task was cancelled") }
            case .resume(let id):
                if let transfer = live[id] {
                    transfer.resumed(at: clock.now)
                    scheduleIdleCheck(transfer)
                    curl_easy_pause(transfer.easy, CURLPAUSE_CONT)  // may call the write callback at once
                }
            }
        }
    }

    /// Waits for something to do, then does it.
    func turn() {
        var running: Int32 = 0
        let count = ccurl_epoll_wait(epoll, fds, masks, Int32(Self.batch), patience())
        for i in 0..<max(0, Int(count)) {
            if fds[i] == wakeup {
                var rung: UInt64 = 0
                read(wakeup, &rung, 8)
            } else {
                curl_multi_socket_action(multi, fds[i], masks[i], &running)
            }
        }
        if let deadline = timer.deadline, deadline <= clock.now {
            timer.deadline = nil
            curl_multi_socket_action(multi, CURL_SOCKET_BAD, 0, &running)
        }
        collectFinished()
        checkIdle()
    }

    /// Fails what is under way and frees everything.
    func end() {
        for transfer in live.values.sorted(by: { $0.id < $1.id }) { fail(transfer, .cancelled, "the HTTP client was shut down") }
        for handle in idleHandles { curl_easy_cleanup(handle) }
        curl_multi_cleanup(multi)
        withExtendedLifetime(timer) {}
        close(epoll)
        fds.deallocate()
        masks.deallocate()
    }

    /// Milliseconds until somebody must be called; -1: whenever a descriptor says so.
    private func patience() -> Int32 {
        guard let deadline = [timer.deadline, nextIdleCheck].compactMap({ $0 }).min() else { return -1 }
        let left = clock.now.duration(to: deadline)
        // rounded up: a turn too early would only spin
        return left <= .zero ? 0 : Int32(min(left / .milliseconds(1) + 1, 60_000))
    }

    private func start(_ id: UInt64, _ request: HTTPRequest, _ sink: Transfer.Sink) {
        let easy: UnsafeMutableRawPointer
        if let idle = idleHandles.popLast() {
            curl_easy_reset(idle)
            easy = idle
        } else {
            easy = curl_easy_init()!  // nil only without memory
        }
        let transfer = Transfer(id: id, request: request, sink: sink, easy: easy, now: clock.now)
        live[id] = transfer
        if let problem = transfer.prepare(defaults) { return fail(transfer, .invalid, problem) }
        scheduleIdleCheck(transfer)
        let code = curl_multi_add_handle(multi, easy)
        if code != CURLM_OK { fail(transfer, .invalid, String(cString: curl_multi_strerror(code))) }
    }

    private func collectFinished() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = ccurl_message_result(message)  // the message dies with the handle's removal
            var context: UnsafeMutableRawPointer?
            _ = ccurl_get_ptr(easy, CURLINFO_PRIVATE, &context)
            let transfer = Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
            if code == CURLE_OK {
                release(transfer)
                transfer.succeed()
            } else {
                let (kind, text) = transfer.explain(code)
                fail(transfer, kind, text)
            }
        }
    }

    private func fail(_ transfer: Transfer, _ code: HTTPClientError.Code, _ message: String) {
        release(transfer)
        transfer.fail(HTTPClientError(code, mayHaveBeenSent: transfer.sentAt != nil, message))
    }

    private func release(_ transfer: Transfer) {
        curl_multi_remove_handle(multi, transfer.easy)
        transfer.freeLists()
        live[transfer.id] = nil
        if idleHandles.count < Self.idleHandlesMax { idleHandles.append(transfer.easy) } else { curl_easy_cleanup(transfer.easy) }
    }

    // MARK: silence on streams

    private func scheduleIdleCheck(_ transfer: Transfer) {
        guard let due = transfer.silentAt else { return }
        nextIdleCheck = min(nextIdleCheck ?? due, due)
    }

    /// libcurl's own low-speed limit counts in whole seconds and averages over five; this is exact.
    private func checkIdle() {
        guard let check = nextIdleCheck else { return }
        let now = clock.now
        guard check <= now else { return }
        nextIdleCheck = nil
        for transfer in live.values.sorted(by: { $0.id < $1.id }) {
            guard let due = transfer.silentAt, let limit = transfer.silenceMax else { continue }
            if due <= now {
                fail(transfer, .timedOut, "\(transfer.host): not a byte for \(limit)")
            } else {
                scheduleIdleCheck(transfer)
            }
        }
    }
}

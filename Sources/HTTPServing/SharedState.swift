internal import CMicroHTTPD
internal import Glibc
internal import Lifecycle
internal import Synchronization

/// What `HTTPServer` and its loop share.
final class SharedState: Sendable {
    private struct Stop { var drain: Duration?, cut: Int?, waiting: [CheckedContinuation<Int, Never>] = [] }
    private let stop = Locked(Stop())
    private let current: Locked<TLSCredentials?>
    let connections = Atomic<Int>(0)
    let wake = Wake()
    init(credentials: TLSCredentials?) { current = Locked(credentials) }

    var credentials: TLSCredentials? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
    var drain: Duration? { stop.withLock { $0.drain } }
    /// The first call counts; later ones wait with it.
    func stop(drain: Duration, _ waiter: CheckedContinuation<Int, Never>?) {
        let cut = stop.withLock { s in
            s.drain = s.drain ?? drain
            if let waiter, s.cut == nil { s.waiting.append(waiter) }
            return s.cut
        }
        if let cut { waiter?.resume(returning: cut) } else { wake.signal() }
    }
    func finish(cut: Int) {
        let waiting = stop.withLock { s in
            s.cut = cut
            defer { s.waiting = [] }
            return s.waiting
        }
        for w in waiting { w.resume(returning: cut) }
    }
}

/// Wakes the loop from any thread; one system call for any number of signals between two of its rounds. The descriptor
/// lives as long as anybody who could still write to it.
final class Wake: Sendable {
    let fd = cmhd_eventfd()
    private let signalled = Atomic(false)
    deinit { close(fd) }
    func signal() {
        if !signalled.exchange(true, ordering: .acquiringAndReleasing) { eventfd_write(fd, 1) }
    }
    /// When `fd` is readable, before the round that acts on what was signalled. Read first: a signal in between sees `true`
    /// and writes nothing, but its work is seen by the round to come.
    func clear() {
        var n: UInt64 = 0
        eventfd_read(fd, &n)
        _ = signalled.exchange(false, ordering: .acquiringAndReleasing)
    }
}

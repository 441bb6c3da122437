internal import CCurl
internal import Glibc
internal import Lifecycle

/// The thread that owns the multi handle. Others reach it only through `submit`; everything below "the thread" runs on
/// it alone. libcurl says which sockets it wants (epoll) and when it wants to be called (one deadline).
final class CurlLoop: Sendable {
    enum Command: Sendable {
        case send(UInt64, HTTPRequest, CancelFlag, CheckedContinuation<UnaryResult, Never>)
        case stream(HTTPRequest, StreamState)
        case cancel(UInt64)
        /// The consumer of a stream has room again.
        case resume(UInt64)
    }
    private struct Inbox {
        var commands: [Command] = []
        var stopping = false
        var closed = false
    }
    private let inbox = Locked(Inbox())
    private let wakeup = ccurl_eventfd()
    let stopped = Latch()

    init(_ configuration: HTTPClient.Configuration) {
        precondition(wakeup >= 0, "eventfd")
        spawnThread(name: "http-client") { [self] in
            let thread = LoopThread(configuration, wakeup: wakeup)
            while true {
                let (commands, stopping) = take()
                thread.handle(commands)
                if stopping { break }
                thread.turn()
            }
            thread.handle(close())
            thread.end()
            stopped.open()
        }
    }
    // The wakeup descriptor outlives the thread: a late `submit` may still be about to write to it.
    deinit { Glibc.close(wakeup) }

    /// False: the loop has ended, the command was not taken.
    func submit(_ command: Command) -> Bool {
        let (taken, wake) = inbox.withLock { inbox in
            if inbox.closed { return (false, false) }
            inbox.commands.append(command)
            return (true, inbox.commands.count == 1)
        }
        if wake { ring() }
        return taken
    }
    func stop() {
        inbox.withLock { $0.stopping = true }
        ring()
    }
    private func ring() {
        var one: UInt64 = 1
        write(wakeup, &one, 8)  // fails only when the counter is full, and then it rings anyway
    }
    private func take() -> ([Command], Bool) {
        inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return (inbox.commands, inbox.stopping)
        }
    }
    private func close() -> [Command] {
        inbox.withLock { inbox in
            inbox.closed = true
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }
}

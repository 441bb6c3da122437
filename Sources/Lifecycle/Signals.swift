internal import Glibc

/// SIGTERM and SIGINT as an asynchronous sequence: the handler writes to a pipe, one thread reads it.
///
/// (Dispatch's signal sources register late and lose early signals.)
public enum Signals {
    /// Written once, before any handler is installed; handlers only read it.
    nonisolated(unsafe) private static var pipeEnd: Int32 = -1

    /// Takes over both signals for the life of the process, and ignores SIGPIPE. Called once, first thing in main.
    public static func install() -> AsyncStream<Int32> {
        precondition(pipeEnd == -1, "Signals.install is called once")
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        let code = pipe(&ends)
        precondition(code == 0, "pipe")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A full pipe must not block inside a handler.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        pipeEnd = ends[1]
        for number in [SIGTERM, SIGINT] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                var byte = UInt8(truncatingIfNeeded: number)
                let saved = errno
                _ = write(Signals.pipeEnd, &byte, 1)
                errno = saved
            }
            sigaction(number, &action, nil)
        }
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        let readEnd = ends[0]
        spawnThread(name: "signals") {
            var byte = UInt8(0)
            while true {
                let count = read(readEnd, &byte, 1)
                if count == 1 {
                    continuation.yield(Int32(byte))
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
        return stream
    }
}

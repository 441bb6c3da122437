internal import CThreadShim
internal import Glibc

/// Runs `body` on a new detached thread. For C libraries that block: Swift's own pool has one thread per core, and a
/// blocking call in it stops every other task.
///
/// - Parameter name: at most 15 bytes, seen in `ps -T` and in debuggers.
public func spawnThread(name: String, _ body: @escaping @Sendable () -> Void) {
    precondition(name.utf8.count <= 15, "a thread's name has at most 15 bytes")
    final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let code = pthread_create(
        &thread, &attributes,
        { argument in
            let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()  // balances passRetained below
            // SIGPIPE goes to the writing thread: blocked here, it reaches nobody.
            var set = sigset_t()
            sigemptyset(&set)
            sigaddset(&set, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &set, nil)
            cts_set_thread_name(start.name)
            start.body()
            return nil
        }, Unmanaged.passRetained(Start(name, body)).toOpaque())
    pthread_attr_destroy(&attributes)
    precondition(code == 0, "pthread_create")
}

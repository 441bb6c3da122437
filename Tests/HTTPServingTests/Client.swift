import Glibc
import Lifecycle

/// Runs blocking client code on a thread of its own, so that it never holds one of the pool's few threads.
func onThread<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { c in spawnThread(name: "test-client") { c.resume(returning: body()) } }
}
struct Socket: Sendable {
    let fd: Int32
    init(port: Int, receiveBuffer: Int32? = nil, timeout: Int = 10) {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var b = receiveBuffer { setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &b, 4) }
        var t = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, socklen_t(MemoryLayout<timeval>.size))
        var a = sockaddr_in()
        a.sin_family = sa_family_t(AF_INET)
        a.sin_port = in_port_t(port).bigEndian
        a.sin_addr.s_addr = inet_addr("127.0.0.1")
        // May be refused: then every later call fails, which the tests see as an end.
        _ = withUnsafePointer(to: &a) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
    @discardableResult
    func send(_ s: String) -> Bool {
        let b = Array(s.utf8)
        return Glibc.send(fd, b, b.count, Int32(MSG_NOSIGNAL)) == b.count
    }
    /// Until the text ends with `suffix`, or it is long enough, or the peer closes ("<EOF>" is added), or the timeout.
    func receive(until suffix: String, atMost limit: Int = 64 << 20) -> String {
        var out: [UInt8] = []
        var b = [UInt8](repeating: 0, count: 65536)
        while out.count < limit, !out.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) {
            let n = recv(fd, &b, b.count, 0)
            if n == 0 { return String(decoding: out, as: UTF8.self) + "<EOF>" }
            if n < 0 { return String(decoding: out, as: UTF8.self) + (errno == EAGAIN ? "<TIMEOUT>" : "<RST>") }
            out.append(contentsOf: b[..<n])
        }
        return String(decoding: out, as: UTF8.self)
    }
    func shut(reset: Bool = false) {
        var l = linger(l_onoff: reset ? 1 : 0, l_linger: 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, socklen_t(MemoryLayout<linger>.size))
        close(fd)
    }
}
/// One exchange on its own connection; everything until the server closes.
func exchange(_ port: Int, _ text: String) async -> String {
    await onThread {
        let s = Socket(port: port)
        defer { s.shut() }
        s.send(text)
        return s.receive(until: "<never>")
    }
}

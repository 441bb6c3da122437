import Glibc
import Lifecycle

/// A server that does exactly what a test says, byte by byte, one thread per connection: for what no well-behaved
/// server can be made to do.
final class RawServer: Sendable {
    private let listener: Int32
    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }
    /// The heads of all requests read so far, in order, and how many connections were accepted.
    let heads = Locked<[String]>([])
    let connections = Locked(0)

    init(_ serve: @escaping @Sendable (RawConnection) -> Void) {
        let (listener, port) = Self.listen()
        (self.listener, self.port) = (listener, port)
        let heads = heads
        let connections = connections
        spawnThread(name: "raw-server") {
            while true {
                let fd = accept(listener, nil, nil)
                if fd < 0 { return }
                connections.withLock { $0 += 1 }
                spawnThread(name: "raw-connection") {
                    let connection = RawConnection(fd, heads)
                    serve(connection)
                    connection.close()
                }
            }
        }
    }
    deinit { stop() }
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// A port on which nobody listens (it was free a moment ago).
    static func freePort() -> Int {
        let (fd, port) = listen()
        close(fd)
        return port
    }

    private static func listen() -> (Int32, Int) {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(fd, $0, size) == 0 && Glibc.listen(fd, 64) == 0, "cannot listen on loopback")
                getsockname(fd, $0, &size)
            }
        }
        return (fd, Int(UInt16(bigEndian: address.sin_port)))
    }
}

/// One connection of a `RawServer`; blocking, for its own thread.
final class RawConnection: @unchecked Sendable {
    private let fd: Int32
    private let heads: Locked<[String]>
    private var pending: [UInt8] = []
    init(_ fd: Int32, _ heads: Locked<[String]>) { (self.fd, self.heads) = (fd, heads) }

    /// The next request's head; its body (by Content-Length) is read too. nil: the client closed.
    func readRequest() -> String? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let at = pending.firstRange(of: end) {
                let head = String(decoding: pending[..<at.lowerBound], as: UTF8.self)
                let length = head.lowercased().split(separator: "\r\n").compactMap { line -> Int? in
                    line.hasPrefix("content-length:") ? Int(line.dropFirst(15).filter { $0 != " " }) : nil
                }.first
                while pending.count < at.upperBound + (length ?? 0) { if !fill() { return nil } }
                pending.removeFirst(at.upperBound + (length ?? 0))
                heads.withLock { $0.append(head) }
                return head
            }
            if !fill() { return nil }
        }
    }
    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let n = recv(fd, &buffer, buffer.count, 0)
        if n > 0 { pending += buffer[..<n] }
        return n > 0
    }
    /// False: the client is gone.
    @discardableResult func write(_ text: String) -> Bool { write(Array(text.utf8)) }
    @discardableResult func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let n = bytes.withUnsafeBytes { send(fd, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if n <= 0 { return false }
            sent += n
        }
        return true
    }
    func ok(_ body: String) { write("HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)") }
    func chunk(_ text: String) -> Bool { write("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n") }
    /// Blocks until the client closes.
    func waitForClose() { while fill() {} }
    func close() { Glibc.close(fd) }
}

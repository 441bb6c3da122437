import Glibc
import Lifecycle
import Testing

@testable import HTTPServing

let get = "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"
func ask(_ path: String, _ fields: String = "Connection: close\r\n") -> String { "GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n" }

/// What the handlers report.
final class Reports: Sendable {
    private let lines = Locked<[String]>([])
    func add(_ s: String) { lines.withLock { $0.append(s) } }
    var all: [String] { lines.withLock { $0 } }
    func wait(for s: String, times: Int = 1) async -> Bool { await until { self.all.filter { $0 == s }.count >= times } }
}
func until(_ seconds: Double = 10, _ condition: @Sendable () -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        if .now > end { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}
func residentBytes() -> Int {
    guard let f = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(f) }
    var line = [UInt8](repeating: 0, count: 128)
    let n = fread(&line, 1, 128, f)
    return Int(String(decoding: line[..<n], as: UTF8.self).split(separator: " ")[1])! * 4096
}
func short() -> HTTPServerLimits {
    var l = HTTPServerLimits()
    (l.requestTime, l.idleTime, l.bodyBytesMax, l.connectionBytesMax) = (.seconds(1), .seconds(1), 1000, 16384)
    return l
}

@Suite(.serialized) struct `A server` {
    func server(_ limits: HTTPServerLimits = .init(), tls: TLSIdentity? = nil, log: Reports = Reports()) throws -> HTTPServer {
        try HTTPServer(host: "127.0.0.1", port: 0, limits: limits, tls: tls) { r in await answer(r, log) }
    }
}

private func answer(_ r: HTTPRequest, _ log: Reports) async -> HTTPResponse {
    switch r.target {
    case "/ok", "/ok?a=%20b": return HTTPResponse(200, body: .bytes(Array("ok".utf8)))
    case "/echo":
        return HTTPResponse(200, headers: ["x-method": r.method, "x-field": r.headers["X-Field"] ?? "-"], body: .bytes(r.body))
    case "/split": return HTTPResponse(200, headers: ["x-a": "1\r\nx-b: 2"])
    case "/own": return HTTPResponse(200, headers: ["Content-Length": "9"])
    case "/none": return HTTPResponse(204)
    case "/big": return HTTPResponse(200, body: .bytes([UInt8](repeating: 0x78, count: 3 << 20)))
    case "/sleep":
        log.add("asleep")
        do { try await Task.sleep(for: .seconds(60)) } catch { log.add("woken") }
        return HTTPResponse(200, body: .bytes(Array("ok".utf8)))
    case "/nap":
        log.add("napping")
        try? await Task.sleep(for: .milliseconds(300))
        return HTTPResponse(200, body: .bytes(Array("ok".utf8)))
    case "/deaf":
        log.add("deaf")
        await withCheckedContinuation { c in
            Task.detached {
                try? await Task.sleep(for: .milliseconds(700))
                c.resume()
            }
        }
        log.add("heard")
        return HTTPResponse(200, body: .bytes(Array("ok".utf8)))
    default: return streamed(r, log)
    }
}
private func streamed(_ r: HTTPRequest, _ log: Reports) -> HTTPResponse {
    switch r.target {
    case "/three":
        return HTTPResponse(
            200,
            body: .stream { w in
                for s in ["a", "bc", "d"] {
                    try await w.write(Array(s.utf8))
                    try await Task.sleep(for: .milliseconds(20))
                }
            })
    case "/broken":
        return HTTPResponse(
            200,
            body: .stream { w in
                try await w.write([0x61])
                try await Task.sleep(for: .milliseconds(50))
                throw CancellationError()
            })
    case "/watch", "/beat":
        return HTTPResponse(
            200,
            body: .stream(heartbeat: r.target == "/beat" ? .init(every: .milliseconds(300), Array("\n".utf8)) : nil) { w in
                if r.target == "/watch" { try await w.write(Array("{}\n".utf8)) }
                log.add("watching")
                defer { log.add("unwatched") }
                try? await Task.sleep(for: .seconds(60))
            })
    case "/flood":
        return HTTPResponse(
            200,
            body: .stream { w in
                var n = 0
                defer { log.add("flooded") }
                do {
                    while true {
                        try await w.write([UInt8](repeating: 0x78, count: 16384))
                        n += 1
                    }
                } catch {
                    log.add("\(error) after \(n < 1000 ? "few" : "many")")
                    throw error
                }
            })
    default: return HTTPResponse(404)
    }
}

extension String {
    /// Pieces between the occurrences of `separator`.
    func pieces(_ separator: String) -> [Substring] { split(separator: separator, omittingEmptySubsequences: false) }
}

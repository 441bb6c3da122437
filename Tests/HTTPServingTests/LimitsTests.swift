import Glibc
import Testing

@testable import HTTPServing

extension `A server` {
    @Test func `a body over the limit gets 413, announced or not`() async throws {
        let s = try server(short())
        let post = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        let much = String(repeating: "a", count: 3000)
        do {
            let t = await exchange(s.port, post + "Expect: 100-continue\r\nContent-Length: 3000\r\n\r\n")
            #expect(t.hasPrefix("HTTP/1.1 413 "), "\(t)")
        }
        do {
            let t = await exchange(s.port, post + "Content-Length: 99999999\r\n\r\n")
            #expect(t.hasPrefix("HTTP/1.1 413 "), "\(t)")
        }
        do {
            let t = await exchange(s.port, post + "Content-Length: 3000\r\n\r\n" + much)
            #expect(t.hasPrefix("HTTP/1.1 413 ") && t.hasSuffix("\r\n\r\n<EOF>"), "\(t)")
        }
        do {
            let t = await exchange(s.port, post + "Transfer-Encoding: chunked\r\n\r\nbb8\r\n" + much + "\r\n0\r\n\r\n")
            #expect(t.hasPrefix("HTTP/1.1 413 "), "\(t)")
        }
        do {
            let t = await exchange(
                s.port, post + "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: "bb8\r\n" + much + "\r\n", count: 20))
            #expect(!t.contains("200"), "\(t)")
        }
        do {
            let t = await exchange(s.port, post + "Content-Length: 1000\r\n\r\n" + much.prefix(1000))
            #expect(t.hasPrefix("HTTP/1.1 200 "), "\(t)")
        }
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `a head that does not fit gets 431`() async throws {
        let s = try server(short())
        do {
            let t = await exchange(s.port, "GET /ok HTTP/1.1\r\nHost: x\r\nA: " + String(repeating: "a", count: 20000) + "\r\n\r\n")
            #expect(t.hasPrefix("HTTP/1.1 431 "), "\(t)")
        }
        do {
            let t = await exchange(s.port, "GET /" + String(repeating: "a", count: 20000) + " HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(t.hasPrefix("HTTP/1.1 414 "), "\(t)")
        }
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `a slow head, a slow body, an idle connection and a stalled reader are closed`() async throws {
        let log = Reports()
        let s = try server(short(), log: log)
        for start in ["GET / HTTP/1.1\r\nA: ", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"] {
            let clock = ContinuousClock()
            let t0 = clock.now
            let end = await onThread { [port = s.port] in
                let c = Socket(port: port)
                defer { c.shut() }
                c.send(start)
                for _ in 0..<60 where c.send("a") { usleep(50_000) }  // trickling does not move the deadline
                return c.receive(until: "<never>")
            }
            #expect(!end.contains("200") && end.hasSuffix("<EOF>") || end.hasSuffix("<RST>"))
            #expect(clock.now - t0 < .seconds(4))
        }
        do {
            let t = await exchange(s.port, get)
            #expect(t.hasSuffix("ok<EOF>"), "\(t)")
        }
        let stalled = await onThread { [port = s.port] in Socket(port: port, receiveBuffer: 4096) }
        stalled.send(ask("/flood"))
        #expect(await log.wait(for: "the client has gone after few"), "back-pressure held the writer: \(log.all)")
        stalled.shut()
        #expect(await until { s.connections == 0 })
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `a stream whose client is slower than its writer keeps its buffer small`() async throws {
        let exchange = Exchange(bufferBytesMax: 64 << 10, wake: Wake())
        let piece = [UInt8](repeating: 0x78, count: 16 << 10)
        var taken = [UInt8](repeating: 0, count: 16 << 10)
        var total = 0
        try await exchange.write(piece)  // from here on it never runs dry
        let before = residentBytes()
        for _ in 0..<8192 {
            try await exchange.write(piece)
            total += taken.withUnsafeMutableBytes { exchange.read(into: $0) }
        }
        #expect(total == 128 << 20)
        #expect(residentBytes() - before < 32 << 20)
    }

    @Test func `at the connection limit new clients wait in the backlog`() async throws {
        var l = HTTPServerLimits()
        l.connectionsMax = 2
        let s = try server(l)
        let held = await onThread { [port = s.port] in
            (0..<2).map { _ in
                let c = Socket(port: port)
                c.send(get)
                _ = c.receive(until: "ok")
                return c
            }
        }
        let third = await onThread { [port = s.port] in
            let c = Socket(port: port, timeout: 1)
            c.send(get)
            return (c, c.receive(until: "ok"))
        }
        #expect(third.1 == "<TIMEOUT>")
        held[0].shut()
        let served = await onThread { third.0.receive(until: "ok") }
        #expect(served.hasSuffix("ok"))
        held[1].shut()
        third.0.shut()
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `an address over its limit is turned away, and served again when it has let go`() async throws {
        var l = HTTPServerLimits()
        l.connectionsPerAddressMax = 2
        let s = try server(l)
        let held = await onThread { [port = s.port] in
            (0..<2).map { _ in
                let c = Socket(port: port)
                c.send(get)
                _ = c.receive(until: "ok")
                return c
            }
        }
        let turned = await exchange(s.port, ask("/ok"))
        #expect(turned == "<EOF>" || turned == "<RST>")
        for h in held { h.shut() }
        #expect(await until { s.connections == 0 })
        #expect(await exchange(s.port, ask("/ok")).hasSuffix("ok<EOF>"))
        await s.shutdown(drain: .seconds(1))
    }
}

import Glibc
import Testing

@testable import HTTPServing

extension `A server` {
    @Test func `answers, keeps the connection, and closes it when asked`() async throws {
        let s = try server()
        let text = await exchange(s.port, get + ask("/ok?a=%20b", "") + "HEAD /ok HTTP/1.1\r\nHost: x\r\n\r\n" + ask("/ok"))
        #expect(text.pieces("HTTP/1.1 200 OK").count == 5)
        #expect(text.pieces("ok").count == 4, "the HEAD response has no body")
        #expect(text.hasSuffix("ok<EOF>"))
        do {
            let t = await exchange(
                s.port, "POST /echo HTTP/1.1\r\nHost: x\r\nX-Field: v\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")
            #expect(t.contains("x-method: POST\r\nx-field: v\r\n") && t.hasSuffix("\r\n\r\nabc<EOF>"), "\(t)")
        }
        do {
            let t = await exchange(
                s.port,
                "PUT /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
            #expect(t.hasSuffix("\r\n\r\nabc<EOF>"), "\(t)")
        }
        do {
            let t = await exchange(s.port, ask("/big"))
            #expect(t.count > 3 << 20 && t.hasSuffix("x<EOF>"))
        }
        do {
            let t = await exchange(s.port, ask("/none"))
            #expect(t.hasPrefix("HTTP/1.1 204 ") && t.hasSuffix("\r\n\r\n<EOF>"))
        }
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `a streamed body is chunked for HTTP 1.1, ends with the connection for 1.0, and is cut when its closure throws`()
        async throws
    {
        let s = try server()
        do {
            let t = await exchange(s.port, ask("/three"))
            #expect(
                t.lowercased().contains("transfer-encoding: chunked")
                    && t.hasSuffix("\r\n\r\n1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n0\r\n\r\n<EOF>"), "\(t)")
        }
        do {
            let t = await exchange(s.port, "GET /three HTTP/1.0\r\n\r\n")
            #expect(t.hasSuffix("\r\n\r\nabcd<EOF>"), "\(t)")
        }
        do {
            let t = await exchange(s.port, ask("/broken", ""))
            #expect(t.contains("\r\n\r\n1\r\na\r\n") && !t.contains("0\r\n\r\n<EOF>"), "\(t)")
        }
        do {
            let t = await exchange(s.port, "HEAD /three HTTP/1.1\r\nHost: x\r\n\r\n" + ask("/ok"))
            #expect(t.pieces("200 OK").count == 3 && t.hasSuffix("ok<EOF>"), "\(t)")
        }
        await s.shutdown(drain: .seconds(1))
    }

    @Test(arguments: ["/split", "/own"]) func `a header that would split or contradict the response becomes a 500`(path: String)
        async throws
    {
        let s = try server()
        let bad = await exchange(s.port, ask(path))
        #expect(bad.hasPrefix("HTTP/1.1 500 ") && !bad.contains("x-b"))
        await s.shutdown(drain: .seconds(1))
    }

    @Test(arguments: [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: +3\r\n",
        "Host: y\r\n",
        "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "A: \u{1}\r\n", "A : b\r\n",
    ])
    func `a head with more than one reading gets 400 and the connection is closed`(fields: String) async throws {
        let s = try server()
        let t = await exchange(s.port, ask("/ok", fields) + get)
        #expect(t.contains("HTTP/1.1 400 ") && !t.contains(" 200 ") && t.hasSuffix(">"), "\(t)")
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `a silent stream sends its heartbeat, and one without a heartbeat stays silent`() async throws {
        let s = try server()
        let beaten = await onThread { [port = s.port] in
            let c = Socket(port: port)
            defer { c.shut() }
            c.send(ask("/beat"))
            return c.receive(until: "1\r\n\n\r\n1\r\n\n\r\n1\r\n\n\r\n")
        }
        #expect(!beaten.hasSuffix(">"), "\(beaten)")
        let silent = await onThread { [port = s.port] in
            let c = Socket(port: port, timeout: 1)
            defer { c.shut() }
            c.send(ask("/watch"))
            return c.receive(until: "<never>")
        }
        #expect(silent.hasSuffix("{}\n\r\n<TIMEOUT>"), "\(silent)")
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `an address in use, and one that is none, are errors`() async throws {
        let s = try server()
        #expect(throws: HTTPServerError.listen(address: "127.0.0.1:\(s.port)", errno: EADDRINUSE)) {
            _ = try HTTPServer(host: "127.0.0.1", port: s.port) { _ in HTTPResponse(200) }
        }
        #expect(throws: HTTPServerError.listen(address: "localhost:0", errno: EINVAL)) {
            _ = try HTTPServer(host: "localhost", port: 0) { _ in HTTPResponse(200) }
        }
        let six = try HTTPServer(host: "::1", port: 0) { _ in HTTPResponse(200) }
        await six.shutdown(drain: .zero)
        await s.shutdown(drain: .zero)
    }
}

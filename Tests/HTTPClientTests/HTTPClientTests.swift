import HTTPClient
import Lifecycle
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HTTPClientTests {
    let client = HTTPClient()

    /// Answers every request of a connection with its own first line.
    static func echo() -> RawServer { RawServer { c in while let head = c.readRequest() { c.ok(String(head.prefix { $0 != "\r\n" })) } } }

    @Test func `an answer has status, headers without case, body and both times`() async throws {
        let server = Self.echo()
        let before = ContinuousClock.now
        let response = try await client.send(HTTPRequest("GET", server.url + "/a?b=c"))
        #expect(response.status == 200)
        #expect(String(decoding: response.body, as: UTF8.self) == "GET /a?b=c HTTP/1.1")
        #expect(response.headers["CONTENT-length"] == "19")
        #expect(response.head.date == "Mon, 01 Jan 2024 00:00:00 GMT")
        #expect(before <= response.head.sentAt && response.head.sentAt <= response.head.receivedAt && response.head.receivedAt <= .now)
    }

    @Test func `requests share a connection`() async throws {
        let server = Self.echo()
        for _ in 0..<5 { _ = try await client.send(HTTPRequest("GET", server.url)) }
        #expect(server.connections.withLock { $0 } == 1)
    }

    @Test func `headers, method and body arrive as given, with nothing claimed`() async throws {
        let server = Self.echo()
        let headers: HTTPHeaders = ["Authorization": "Bearer x", "X-Empty": ""]
        _ = try await client.send(HTTPRequest("PATCH", server.url + "/p", headers: headers, body: Array("{}".utf8)))
        _ = try await client.send(HTTPRequest("POST", server.url + "/e", body: []))
        _ = try await client.send(HTTPRequest("DELETE", server.url + "/d"))
        let heads = server.heads.withLock { $0 }
        #expect(heads[0].hasPrefix("PATCH /p HTTP/1.1\r\n"))
        #expect(heads[0].contains("\r\nAuthorization: Bearer x") && heads[0].contains("\r\nX-Empty:") && heads[0].contains("\r\nContent-Length: 2"))
        #expect(!heads[0].contains("Content-Type") && !heads[0].contains("Expect"))
        #expect(heads[1].hasPrefix("POST /e") && heads[1].contains("Content-Length: 0"))
        #expect(heads[2].hasPrefix("DELETE /d") && !heads[2].contains("Content-Length"))
    }

    @Test func `a redirect and an error status are answers`() async throws {
        let server = RawServer { c in
            while c.readRequest() != nil { c.write("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") }
        }
        let response = try await client.send(HTTPRequest("GET", server.url))
        #expect(response.status == 302)
    }

    @Test func `nobody listening is cannotConnect and not sent`() async throws {
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(HTTPRequest("POST", "http://127.0.0.1:\(RawServer.freePort())/", body: [1]))
        }
        #expect(error?.code == .cannotConnect)
        #expect(error?.mayHaveBeenSent == false)
    }

    @Test(arguments: ["ftp://127.0.0.1/", "http://", "no url"])
    func `a URL that is none is invalid and not sent`(_ url: String) async throws {
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPRequest("GET", url)) }
        #expect(error?.code == .invalid || error?.code == .cannotConnect)
        #expect(error?.mayHaveBeenSent == false)
    }

    @Test func `a header with a line break is refused before anything is sent`() async throws {
        let server = Self.echo()
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPRequest("GET", server.url, headers: ["A": "b\r\nC: d"])) }
        #expect(error?.code == .invalid && error?.mayHaveBeenSent == false)
        #expect(server.connections.withLock { $0 } == 0)
    }

    @Test func `a server that never answers times out as maybe sent`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.waitForClose()
        }
        let error = await #expect(throws: HTTPClientError.self) {
            try await client.send(HTTPRequest("POST", server.url, body: [1], timeout: .milliseconds(100)))
        }
        #expect(error?.code == .timedOut && error?.mayHaveBeenSent == true)
    }

    @Test func `a server that closes after reading has lost the request, which is sent once only`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.ok("first")
            _ = c.readRequest()  // the second one dies with its connection
        }
        _ = try await client.send(HTTPRequest("POST", server.url + "/1", body: [1]))
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPRequest("POST", server.url + "/2", body: [1])) }
        #expect(error?.code == .broken && error?.mayHaveBeenSent == true)
        #expect(server.heads.withLock { $0.filter { $0.hasPrefix("POST /2") }.count } == 1)
    }

    @Test func `a safe request is sent again when its kept connection was dead`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.ok("x")
            _ = c.readRequest()
        }
        _ = try await client.send(HTTPRequest("GET", server.url + "/1"))
        let response = try await client.send(HTTPRequest("GET", server.url + "/2"))
        #expect(response.status == 200)
        #expect(server.connections.withLock { $0 } == 2)
    }

    @Test func `a body cut short is broken`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        }
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPRequest("GET", server.url)) }
        #expect(error?.code == .broken)
    }

    @Test func `a body over the limit is too large`() async throws {
        let server = RawServer { c in while c.readRequest() != nil { c.ok(String(repeating: "x", count: 1000)) } }
        var request = HTTPRequest("GET", server.url)
        request.bodyBytesMax = 1000
        #expect(try await client.send(request).body.count == 1000)
        request.bodyBytesMax = 999
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(request) }
        #expect(error?.code == .tooLarge)
    }

    @Test func `endless headers are too large`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.write("HTTP/1.1 200 OK\r\n")
            while c.write("X-Pad: \(String(repeating: "x", count: 1000))\r\n") {}
        }
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPRequest("GET", server.url)) }
        #expect(error?.code == .tooLarge)
    }

    @Test func `cancelling ends a request at once`() async throws {
        let asked = Latch()
        let server = RawServer { c in
            _ = c.readRequest()
            asked.open()
            c.waitForClose()
        }
        let task = Task { [client] in try await client.send(HTTPRequest("GET", server.url, timeout: nil)) }
        await asked.wait()
        task.cancel()
        let error = await #expect(throws: HTTPClientError.self) { try await task.value }
        #expect(error?.code == .cancelled && error?.mayHaveBeenSent == true)
    }

    @Test func `a request of a cancelled task is never sent`() async throws {
        let server = Self.echo()
        let task = Task { [client] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(HTTPRequest("GET", server.url))
        }
        let error = await #expect(throws: HTTPClientError.self) { try await task.value }
        #expect(error?.code == .cancelled && error?.mayHaveBeenSent == false)
        #expect(server.heads.withLock { $0.isEmpty })
    }

    @Test func `shutdown ends what is under way and refuses what comes after`() async throws {
        let asked = Latch()
        let server = RawServer { c in
            _ = c.readRequest()
            asked.open()
            c.waitForClose()
        }
        let task = Task { [client] in try await client.send(HTTPRequest("GET", server.url, timeout: nil)) }
        await asked.wait()
        await client.shutdown()
        await #expect(throws: HTTPClientError.self) { try await task.value }
        let error = await #expect(throws: HTTPClientError.self) { try await client.send(HTTPRequest("GET", server.url)) }
        #expect(error?.code == .cancelled && error?.mayHaveBeenSent == false)
        await client.shutdown()  // once more does no harm
    }

    @Test func `many requests at once all get their own answer`() async throws {
        let server = Self.echo()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for i in 0..<200 {
                group.addTask { [client] in
                    let body = try await client.send(HTTPRequest("GET", server.url + "/\(i)")).body
                    return String(decoding: body, as: UTF8.self) == "GET /\(i) HTTP/1.1"
                }
            }
            for try await right in group { #expect(right) }
        }
    }
}

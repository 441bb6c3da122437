import Glibc
import HTTPClient
import Lifecycle
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StreamTests {
    static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let client = HTTPClient()

    @Test func `chunks arrive while the answer is still open`() async throws {
        let more = Latch()
        let opened = Locked(false)
        let server = RawServer { c in
            _ = c.readRequest()
            c.write(Self.head)
            _ = c.chunk("one\n")
            _ = c.readRequest()  // held until the client goes away
            opened.withLock { $0 = true }
            more.open()
        }
        let (head, body) = try await client.stream(HTTPRequest("GET", server.url, timeout: nil))
        #expect(head.status == 200)
        var iterator = body.makeAsyncIterator()
        #expect(try await iterator.next() == Array("one\n".utf8))
        #expect(opened.withLock { $0 } == false)
        await client.shutdown()
        await more.wait()
    }

    @Test func `the end of the answer is the end of the sequence`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.write(Self.head)
            for _ in 0..<3 { _ = c.chunk("abc") }
            c.write("0\r\n\r\n")
        }
        let (_, body) = try await client.stream(HTTPRequest("GET", server.url))
        var all: [UInt8] = []
        for try await chunk in body { all += chunk }
        #expect(all == Array("abcabcabc".utf8))
    }

    @Test func `a connection lost in the middle is broken, after the bytes that came`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.write(Self.head)
            _ = c.chunk("abc")
        }
        let (_, body) = try await client.stream(HTTPRequest("GET", server.url))
        var all: [UInt8] = []
        let error = await #expect(throws: HTTPClientError.self) { for try await chunk in body { all += chunk } }
        #expect(error?.code == .broken)
        #expect(all == Array("abc".utf8))
    }

    @Test func `a silent stream times out`() async throws {
        let server = RawServer { c in
            _ = c.readRequest()
            c.write(Self.head)
            _ = c.chunk("abc")
            c.waitForClose()
        }
        var request = HTTPRequest("GET", server.url, timeout: nil)
        request.idleTimeout = .milliseconds(100)
        let (_, body) = try await client.stream(request)
        let error = await #expect(throws: HTTPClientError.self) { for try await _ in body {} }
        #expect(error?.code == .timedOut && error?.mayHaveBeenSent == true)
    }

    @Test func `a server that never answers is given up long before a stream that is silent`() async throws {
        let mute = RawServer { c in
            _ = c.readRequest()
            c.waitForClose()
        }
        var request = HTTPRequest("GET", mute.url, timeout: nil)
        request.headTimeout = .milliseconds(100)
        request.idleTimeout = .seconds(60)
        let toMute = request
        let error = await #expect(throws: HTTPClientError.self) { _ = try await client.stream(toMute) }
        #expect(error?.code == .timedOut && error?.mayHaveBeenSent == true)
        #expect(error?.description.contains("not a byte for 0.1 seconds") == true)

        let slow = RawServer { c in
            _ = c.readRequest()
            c.write(Self.head)
            usleep(300_000)
            _ = c.chunk("abc")
            c.waitForClose()
        }
        request.url = slow.url
        let (_, body) = try await client.stream(request)
        var chunks = body.makeAsyncIterator()
        #expect(try await chunks.next() == Array("abc".utf8), "the answer has begun: from here on the longer limit holds")
    }

    @Test func `a stalled consumer stops the server, and the rest comes when it reads again`() async throws {
        // More than every buffer between the two: the kernel's (at most a few MB on loopback) and ours.
        let total = 64 << 20
        let piece = [UInt8](repeating: 0x78, count: 64 << 10)
        let written = Locked(0)
        let server = RawServer { c in
            _ = c.readRequest()
            c.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            while written.withLock({ $0 }) < total, c.write(piece) { written.withLock { $0 += piece.count } }
        }
        let (_, body) = try await client.stream(HTTPRequest("GET", server.url, timeout: nil))
        // Another exchange on the same thread is served meanwhile: the stall stops nobody else.
        let other = HTTPClientTests.echo()
        for _ in 0..<50 { _ = try await client.send(HTTPRequest("GET", other.url)) }
        var still = 0
        while still < 50 {  // until the server has written nothing during fifty exchanges
            let before = written.withLock { $0 }
            _ = try await client.send(HTTPRequest("GET", other.url))
            still = written.withLock { $0 } == before ? still + 1 : 0
        }
        let atStall = written.withLock { $0 }
        #expect(atStall < total / 2, "the server wrote \(atStall) bytes to a consumer that read none")
        var read = 0
        for try await chunk in body {
            #expect(chunk.count <= (256 + 64) << 10)
            read += chunk.count
        }
        #expect(read == total)
    }

    @Test func `cancelling the reader closes the connection`() async throws {
        let closed = Latch()
        let server = RawServer { c in
            _ = c.readRequest()
            c.write(Self.head)
            _ = c.chunk("abc")
            c.waitForClose()
            closed.open()
        }
        let first = Latch()
        let task = Task { [client] in
            let (_, body) = try await client.stream(HTTPRequest("GET", server.url, timeout: nil))
            for try await _ in body { first.open() }
        }
        await first.wait()
        task.cancel()
        let error = await #expect(throws: HTTPClientError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        await closed.wait()
    }

    @Test func `dropping the body closes the connection`() async throws {
        let closed = Latch()
        let server = RawServer { c in
            _ = c.readRequest()
            c.write(Self.head)
            c.waitForClose()
            closed.open()
        }
        do { _ = try await client.stream(HTTPRequest("GET", server.url, timeout: nil)) }
        await closed.wait()
    }

    @Test func `a cancel while the headers are awaited ends the stream`() async throws {
        let asked = Latch()
        let server = RawServer { c in
            _ = c.readRequest()
            asked.open()
            c.waitForClose()
        }
        let task = Task { [client] in _ = try await client.stream(HTTPRequest("GET", server.url, timeout: nil)) }
        await asked.wait()
        task.cancel()
        let error = await #expect(throws: HTTPClientError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func `requests and streams cancelled at any moment leave nothing hanging`() async throws {
        let server = RawServer { c in
            while let head = c.readRequest() {
                if head.hasPrefix("GET /s") {
                    c.write(Self.head)
                    while c.chunk(String(repeating: "y", count: 5000)) {}
                    return
                }
                c.ok("x")
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for i in 0..<300 {
                group.addTask { [client] in
                    let task = Task {
                        if i % 2 == 0 {
                            _ = try await client.send(HTTPRequest("GET", server.url))
                        } else {
                            for try await _ in try await client.stream(HTTPRequest("GET", server.url + "/s", timeout: nil)).body {}
                        }
                    }
                    for _ in 0..<(i % 7) { await Task.yield() }
                    task.cancel()
                    _ = await task.result
                }
            }
        }
        let response = try await client.send(HTTPRequest("GET", server.url))
        #expect(response.status == 200)
    }
}

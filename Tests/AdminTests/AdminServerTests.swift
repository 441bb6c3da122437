import Foundation
import HTTPClient
import Lifecycle
import Observe
import Testing

@testable import Admin

@Suite struct `The admin server` {
    private let client = HTTPClient()

    /// Runs a server on a free port for the time of `body`, stops it and expects it to end well.
    private func serving(
        stuck: String? = nil, checks: [AdminSources.Check] = [], exposition: String = "",
        _ body: (_ url: String, _ life: Life) async throws -> Void
    ) async throws {
        try await serving(AdminSources(stuck: { stuck }, checks: { checks }, exposition: { exposition }), body)
    }
    private func serving(_ sources: AdminSources, _ body: (_ url: String, _ life: Life) async throws -> Void) async throws {
        let life = Life()
        let taken = Locked<AdminAddress?>(nil)
        let server = AdminServer(try AdminAddress("localhost:0"), sources) { address in taken.withLock { $0 = address } }
        async let end: Void = server.run(life)
        await life.becomesReady()
        let address = try #require(taken.withLock { $0 })
        try await body("http://\(address)", life)
        life.requestStop()
        try await end
    }
    private func get(_ url: String, _ method: String = "GET") async throws -> (status: Int, text: String, headers: HTTPHeaders) {
        let answer = try await client.send(HTTPRequest(method, url))
        return (answer.status, String(decoding: answer.body, as: UTF8.self), answer.headers)
    }

    @Test func `is live and ready when nothing is wrong`() async throws {
        try await serving(checks: [("kubernetes", nil), ("cloud", nil)], exposition: "x 1\n") { url, _ in
            for page in ["/livez", "/readyz"] {
                let answer = try await get(url + page)
                #expect(answer.status == 200 && answer.text == "ok")
                #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
            }
            let verbose = try await get(url + "/readyz?verbose")
            #expect(verbose.status == 200 && verbose.text == "[+]kubernetes ok\n[+]cloud ok\nreadyz check passed\n")
            let metrics = try await get(url + "/metrics")
            #expect(metrics.status == 200 && metrics.text == "x 1\n" && metrics.headers["content-type"] == Metrics.contentType)
        }
    }
    @Test func `says what is wrong`() async throws {
        let long = String(repeating: "x", count: 501)
        let checks: [AdminSources.Check] = [("kubernetes", nil), ("cloud", "no answer\n[+]for 30 s"), ("kafka", long)]
        try await serving(stuck: "the loop\nhangs", checks: checks) { url, _ in
            let live = try await get(url + "/livez")
            #expect(live.status == 503 && live.text == "the loop hangs\n")
            let ready = try await get(url + "/readyz")
            #expect(ready.status == 503)
            #expect(
                ready.text == "[+]kubernetes ok\n[-]cloud failed: no answer [+]for 30 s\n[-]kafka failed: \(long.dropLast())…\nreadyz check failed\n")
        }
    }
    @Test func `answers HEAD, and refuses other methods and pages`() async throws {
        try await serving(exposition: "x 1\n") { url, _ in
            for page in ["/livez", "/readyz", "/metrics"] {
                let head = try await get(url + page, "HEAD")
                #expect(head.status == 200 && head.text.isEmpty)
                #expect(head.headers["content-length"] == (page == "/metrics" ? "4" : "2"))
                for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                    let refused = try await get(url + page, method)
                    #expect(refused.status == 405 && refused.headers["allow"] == "GET, HEAD" && refused.text == "\(page) takes GET and HEAD\n")
                }
            }
            for page in ["/", "/livez/", "/healthz", "//metrics"] {
                let missing = try await get(url + page)
                #expect(missing.status == 404 && missing.text == "no such page; there are /livez, /readyz, /metrics\n")
            }
        }
    }
    @Test func `lets a request finish when it is told to stop, and then refuses`() async throws {
        let asked = Latch()
        let answers = Latch()
        let sources = AdminSources(
            checks: {
                asked.open()
                await answers.wait()
                return []
            }, exposition: { "" })
        var url = ""
        try await serving(sources) { at, life in
            url = at
            async let answer = get(at + "/readyz")
            await asked.wait()
            life.requestStop()
            answers.open()
            let (status, text, _) = try await answer
            #expect(status == 200 && text == "ok")
        }
        await #expect(throws: HTTPClientError.self) { try await get(url + "/livez") }
    }
    @Test func `names the port that is in use`() async throws {
        try await serving { url, _ in
            let address = try AdminAddress(String(url.dropFirst("http://".count)))
            let second = AdminServer(address, AdminSources(checks: { [] }, exposition: { "" }))
            let error = await #expect(throws: AdminAddressError.self) { try await second.run(Life()) }
            let next = "127.0.0.1:\(address.port % 65535 + 1)"
            #expect(error?.message == "--admin-address \(address): another process listens there; stop it, or write another port, such as \(next)")
        }
    }
    @Test func `names the address that is not this machine's`() async throws {
        // 192.0.2.0/24 is for documentation (RFC 5737)
        let server = AdminServer(try AdminAddress("192.0.2.1:0"), AdminSources(checks: { [] }, exposition: { "" }))
        let error = await #expect(throws: AdminAddressError.self) { try await server.run(Life()) }
        #expect(error?.message == "--admin-address 192.0.2.1:0: no address of this machine; write \(AdminAddressError.form)")
    }
}

import Glibc
import Testing

@testable import HTTPServing

extension `A server` {
    @Test func `a rotated identity is shown to new connections, open ones go on, and a bad one changes nothing`() async throws {
        let a = identity("a")
        let b = identity("b")
        let s = try server(tls: TLSIdentity(certificateChain: a.cert, privateKey: a.key))
        let old = await onThread { [port = s.port] in TLSClient(port: port) }
        #expect(old.subject == "CN=a")
        let stream = await onThread { [port = s.port] in
            let c = TLSClient(port: port)
            _ = c.get("/beat", until: "\n\r\n")
            return c
        }
        #expect(throws: HTTPServerError.self) { try s.rotate(to: TLSIdentity(certificateChain: b.cert, privateKey: a.key)) }
        #expect(throws: HTTPServerError.self) { try s.rotate(to: TLSIdentity(certificateChain: [], privateKey: b.key)) }
        #expect(throws: HTTPServerError.self) {
            try s.rotate(to: TLSIdentity(certificateChain: b.cert, privateKey: b.key, clientCAs: Array("x".utf8)))
        }
        let same = await onThread { [port = s.port] in TLSClient(port: port) }
        #expect(same.subject == "CN=a")
        for _ in 0..<20 { try s.rotate(to: TLSIdentity(certificateChain: a.cert, privateKey: a.key)) }
        try s.rotate(to: TLSIdentity(certificateChain: b.cert, privateKey: b.key))
        let new = await onThread { [port = s.port] in TLSClient(port: port) }
        #expect(new.subject == "CN=b")
        for c in [old, new, same] {
            let t = await onThread { c.get("/ok") }
            #expect(t.hasSuffix("ok"))
        }
        let beat = await onThread { stream.receive(until: "1\r\n\n\r\n") }
        #expect(!beat.hasSuffix("<EOF>"))
        #expect(await s.shutdown(drain: .seconds(2)) == 0)
    }

    @Test func `with client CAs a client with their certificate is served, one with another or none is not`() async throws {
        let a = identity("a")
        let mine = identity("mine")
        let other = identity("other")
        let s = try server(tls: TLSIdentity(certificateChain: a.cert, privateKey: a.key, clientCAs: mine.cert))
        let served = await onThread { [port = s.port] in TLSClient(port: port, identity: mine).get("/ok") }
        #expect(served.hasSuffix("ok"))
        let refused = await onThread { [port = s.port] in TLSClient(port: port, identity: other).get("/ok") }
        #expect(!refused.contains("200"))
        let nameless = await onThread { [port = s.port] in TLSClient(port: port).get("/ok") }
        #expect(!nameless.contains("200"))
        let plain = await exchange(s.port, get)
        #expect(!plain.contains("200"), "plain HTTP to a TLS port")
        #expect(await until { s.connections == 0 })
        await s.shutdown(drain: .seconds(1))
    }
}

import Testing

@testable import Admin

@Suite struct `An admin address` {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("localhost:0", "127.0.0.1", 0), ("0.0.0.0:65535", "0.0.0.0", 65535), ("[::1]:9", "::1", 9),
        ("[::]:8080", "::", 8080),
    ]) func `is a numeric host and a port`(text: String, host: String, port: Int) throws {
        let address = try AdminAddress(text)
        #expect(address.host == host && address.port == port)
        #expect(try AdminAddress(address.description) == address)
    }
    @Test(arguments: [
        ("127.0.0.1", "it has no port"), ("8080", "it has no port"), ("127.0.0.1:", "its port is not 0 to 65535"),
        ("127.0.0.1:65536", "its port is not 0 to 65535"), ("127.0.0.1:-1", "its port is not 0 to 65535"), ("127.0.0.1:+1", "its port is not 0 to 65535"),
        (":8080", "it has no host, and all addresses of this machine are 0.0.0.0"),
        ("example.com:80", "its host is neither numeric (IPv6 in brackets) nor localhost"),
        ("::1:80", "its host is neither numeric (IPv6 in brackets) nor localhost"),
        ("[127.0.0.1]:80", "its host is neither numeric (IPv6 in brackets) nor localhost"),
        ("127.1:80", "its host is neither numeric (IPv6 in brackets) nor localhost"),
    ]) func `that is none is refused with what to write`(text: String, what: String) throws {
        let error = #expect(throws: AdminAddressError.self) { try AdminAddress(text) }
        #expect(
            error?.message == "admin address \"\(text)\": \(what); write HOST:PORT such as 127.0.0.1:8080, or 0.0.0.0:8080 for all addresses of this machine")
    }
}

import Testing

@testable import Cloud

@Suite struct CloudEndpointTests {
    @Test(arguments: [
        ("https://vpc.tencentcloudapi.com", "https://vpc.tencentcloudapi.com/", "vpc.tencentcloudapi.com"),
        ("HTTPS://vpc.tencentcloudapi.com:443/", "https://vpc.tencentcloudapi.com/", "vpc.tencentcloudapi.com"),
        ("http://127.0.0.1:8443", "http://127.0.0.1:8443/", "127.0.0.1:8443"),
        ("http://[::1]:80", "http://[::1]/", "[::1]"), ("http://[::1]", "http://[::1]/", "[::1]"),
    ])
    func `an endpoint is a scheme and a host`(text: String, url: String, host: String) throws {
        let endpoint = try CloudEndpoint(text)
        #expect(endpoint.url == url && endpoint.host == host)
    }

    @Test(arguments: [
        "", "vpc.tencentcloudapi.com", "ftp://host", "https://", "https:///", "https://host/path", "https://host?x", "https://user@host", "https://host:",
        "https://host:0", "https://host:70000", "https://:443", "https://ho st", "https://höst",
    ])
    func `anything else is refused with what to write`(text: String) {
        let error = #expect(throws: CloudEndpointError.self) { try CloudEndpoint(text) }
        #expect(error?.message.hasPrefix("cloud endpoint '\(text)': ") == true)
        #expect(error?.message.contains("write https://HOST or http://HOST:PORT, such as https://vpc.tencentcloudapi.com") == true)
    }
}

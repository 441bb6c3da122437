/// Where the VPC API is: `https://HOST` or `http://HOST:PORT`, without a path (the signature covers `/`).
public struct CloudEndpoint: Hashable, Sendable {
    /// The public one. Others: `vpc.<region>.tencentcloudapi.com`, `vpc.intl.tencentcloudapi.com` and, from a VPC without a
    /// way out, `vpc.internal.tencentcloudapi.com`.
    public static let standard = CloudEndpoint(scheme: "https", host: "vpc.tencentcloudapi.com")

    /// With `/` at the end.
    public let url: String
    /// The header `Host`: with the port unless it is the scheme's own.
    public let host: String

    private init(scheme: String, host: String) {
        self.host = host
        url = "\(scheme)://\(host)/"
    }

    /// - Throws: `CloudEndpointError` that says what to write instead.
    public init(_ text: String) throws(CloudEndpointError) {
        guard let separator = text.firstRange(of: "://") else { throw CloudEndpointError(text, "it has no scheme") }
        let scheme = text[..<separator.lowerBound].lowercased()
        var authority = text[separator.upperBound...]
        if authority.hasSuffix("/") { authority.removeLast() }
        let ownPort: String
        switch scheme {
        case "https": ownPort = ":443"
        case "http": ownPort = ":80"
        default: throw CloudEndpointError(text, "its scheme is neither http nor https")
        }
        guard !authority.isEmpty, authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !authority.contains(where: { "/?#@".contains($0) }) else {
            throw CloudEndpointError(text, "after the scheme there is more, or less, than a host and a port")
        }
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let port = UInt16(authority[authority.index(after: colon)...]), port > 0 else { throw CloudEndpointError(text, "its port is not 1 to 65535") }
        }
        let host = authority.hasSuffix(ownPort) ? authority.dropLast(ownPort.count) : authority
        guard !host.isEmpty, !host.hasPrefix(":") else { throw CloudEndpointError(text, "it has no host") }
        self.init(scheme: scheme, host: String(host))
    }
}

/// An endpoint that cannot be used.
public struct CloudEndpointError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    init(_ text: String, _ what: String) {
        message = "cloud endpoint '\(text)': \(what); write https://HOST or http://HOST:PORT, such as \(CloudEndpoint.standard.url.dropLast())"
    }
    public var description: String { message }
}

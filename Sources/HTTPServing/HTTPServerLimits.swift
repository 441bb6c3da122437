/// PEM, as in a Kubernetes TLS secret.
public struct TLSIdentity: Sendable {
    public var certificateChain: [UInt8]
    public var privateKey: [UInt8]
    /// If given, only clients with a certificate of one of these authorities get through the handshake.
    public var clientCAs: [UInt8]?
    public init(certificateChain: [UInt8], privateKey: [UInt8], clientCAs: [UInt8]? = nil) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.clientCAs = clientCAs
    }
}

/// Every bound of the server. What happens at the limit is in each comment.
public struct HTTPServerLimits: Sendable {
    /// At the limit new connections wait in the kernel's backlog.
    public var connectionsMax = 1024
    /// Further ones from the same address are closed at once; 0 is no limit.
    public var connectionsPerAddressMax = 0
    /// Memory for one connection's request head and the piece of the response under way; a head that does not fit gets 431 or 414.
    public var connectionBytesMax = 32 << 10
    /// 413. Up to four times as much is read and dropped so that the client sees the answer; beyond that the connection is closed.
    public var bodyBytesMax = 4 << 20
    /// `HTTPBodyWriter.write` suspends while this much waits for the client.
    public var streamBufferBytesMax = 256 << 10
    /// From accept (TLS handshake included) or from the request line to the end of the body, however it trickles; closed.
    public var requestTime = Duration.seconds(30)
    /// No byte moves: a kept-alive connection without a request, or a client that does not take its response; closed. Whole seconds, at least one.
    public var idleTime = Duration.seconds(75)
    public init() {}
}

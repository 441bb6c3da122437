/// Why a request has no (whole) answer. An HTTP status, whatever it is, is an answer and never an error here.
public struct HTTPClientError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The request itself cannot be sent as written: its URL, a header, a certificate of ours.
        case invalid
        /// No connection: name not found, refused, unreachable, proxy.
        case cannotConnect
        /// A limit of time passed: connecting, the whole request, or silence on a stream.
        case timedOut
        /// No trust, or no agreement on TLS.
        case tls
        /// The task was cancelled, or the client shut down.
        case cancelled
        /// The answer exceeds `bodyBytesMax`, or its headers 64 KiB.
        case tooLarge
        /// The connection ended or spoke no HTTP in the middle of an exchange.
        case broken
    }
    public var code: Code
    /// Whether the server may have got the request, whole or in part. False is a promise: it has not.
    public var mayHaveBeenSent: Bool
    /// libcurl's own words where it had any, with the URL's host.
    public var message: String

    public init(_ code: Code, mayHaveBeenSent: Bool, _ message: String) {
        self.code = code
        self.mayHaveBeenSent = mayHaveBeenSent
        self.message = message
    }
    public var description: String { "\(message) (\(code), \(mayHaveBeenSent ? "may have been sent" : "not sent"))" }
}

/// What an error of the cloud means for the one who called. Closed: every code is sorted into one of these.
public enum CloudErrorClass: String, Hashable, Sendable, CaseIterable {
    /// too many requests: slow down, then again
    case throttled
    /// nobody knows what happened, or the cloud failed: read, then again
    case transient
    /// another task runs on the address: again in seconds, after reading
    case busy
    /// the address or IP is already in the state asked for, or is gone: read to be sure
    case alreadyThere
    /// somebody else holds the address or the private IP
    case conflict
    /// the pod's interface or IP changed under us: look them up again
    case podSideChanged
    /// the address does not exist
    case lost
    /// a quota, money or stock is used up: minutes to hours
    case quota
    /// no permission, or credentials are wrong
    case authorisation
    /// the request can never succeed as it is
    case terminal
    /// the client token cannot be used again: look by name, then take a new serial
    case newToken

    /// Whether the cloud has certainly not done what was asked. For an Allocate only this permits forgetting the intent.
    public var isRefusal: Bool {
        switch self {
        case .quota, .authorisation, .terminal: true
        case .throttled, .transient, .busy, .alreadyThere, .conflict, .podSideChanged, .lost, .newToken: false
        }
    }
}

/// A failed cloud call.
public struct CloudFault: Error, Hashable, Sendable, CustomStringConvertible {
    public var kind: CloudErrorClass
    /// the cloud's code, such as `InvalidAddressId.NotFound`; for transport errors one of ours, such as `Transport.TimedOut`
    public var code: String
    public var message: String
    public var requestID: String?
    public init(_ kind: CloudErrorClass, code: String, message: String, requestID: String? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
        self.requestID = requestID
    }
    public var description: String { "\(code): \(message)" + (requestID.map { " (request \($0))" } ?? "") }
}

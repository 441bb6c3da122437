internal import Core
internal import HTTPClient

/// Codes of ours, for failures that are not the cloud's answer.
enum TransportCode: String, Hashable, Sendable, CaseIterable {
    case invalidRequest = "Transport.InvalidRequest"
    case cannotConnect = "Transport.CannotConnect"
    case timedOut = "Transport.TimedOut"
    case tls = "Transport.TLS"
    case cancelled = "Transport.Cancelled"
    case tooLarge = "Transport.TooLarge"
    case broken = "Transport.Broken"
    /// an HTTP status other than 200
    case status = "Transport.Status"
    case unparsable = "Transport.Unparsable"
    /// not sent, or refused by the cloud, because the proof of ownership is too old
    case lifeOver = "Transport.LifeOver"

    init(_ code: HTTPClientError.Code) {
        switch code {
        case .invalid: self = .invalidRequest
        case .cannotConnect: self = .cannotConnect
        case .timedOut: self = .timedOut
        case .tls: self = .tls
        case .cancelled: self = .cancelled
        case .tooLarge: self = .tooLarge
        case .broken: self = .broken
        }
    }
}

extension CloudFault {
    /// Nobody knows what happened: transient, whatever it was.
    static func transport(_ code: TransportCode, _ message: String, requestID: String? = nil) -> CloudFault {
        CloudFault(.transient, code: code.rawValue, message: short(message), requestID: requestID)
    }

    /// Messages end up in Events, conditions and logs; a reply may have megabytes.
    static func short(_ message: String) -> String { beginning(of: message.utf8, bytesMax: messageBytesMax) }
    private static let messageBytesMax = 800
}

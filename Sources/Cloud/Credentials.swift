public import Observe

/// What requests are signed with.
public struct CloudCredentials: Equatable, Sendable {
    /// Names the key; not secret by itself (it is in every request and in the audit log of the cloud).
    public var secretID: String
    public var secretKey: Secret
    /// With temporary credentials only; sent as `X-TC-Token`.
    public var token: Secret?

    public init(secretID: String, secretKey: Secret, token: Secret? = nil) {
        self.secretID = secretID
        self.secretKey = secretKey
        self.token = token
    }
}

/// Why there are no credentials: what is missing, where, and what to set.
public struct CredentialError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}

/// Where credentials come from. Asked before each call, so that a rotated key is used at once.
public protocol CredentialSource: Sendable {
    /// - Parameter fresh: the cloud has just refused the last ones; what was kept must not be given again unseen.
    func credentials(fresh: Bool) async throws(CredentialError) -> CloudCredentials
}

/// Credentials that never change.
public struct FixedCredentials: CredentialSource {
    public var value: CloudCredentials
    public init(_ value: CloudCredentials) { self.value = value }
    public func credentials(fresh: Bool) async throws(CredentialError) -> CloudCredentials { value }
}

extension CloudCredentials {
    public static let secretIDVariable = "TENCENTCLOUD_SECRET_ID"
    public static let secretKeyVariable = "TENCENTCLOUD_SECRET_KEY"
    public static let tokenVariable = "TENCENTCLOUD_TOKEN"

    /// Reads `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY` and, for temporary credentials, `TENCENTCLOUD_TOKEN`, the
    /// variables of Tencent's own SDKs. White space around a value is cut: it comes from `echo` and is in no key.
    ///
    /// - Throws: `CredentialError` that names the variables that are missing or empty.
    public init(environment: [String: String]) throws(CredentialError) {
        func value(_ name: String) -> String? { environment[name].map(trimmed).flatMap { $0.isEmpty ? nil : $0 } }
        let missing = [Self.secretIDVariable, Self.secretKeyVariable].filter { value($0) == nil }
        guard let id = value(Self.secretIDVariable), let key = value(Self.secretKeyVariable) else {
            throw CredentialError(
                "no cloud credentials: \(missing.joined(separator: " and ")) not set in the environment; "
                    + "set \(Self.secretIDVariable) and \(Self.secretKeyVariable), or name a credentials file")
        }
        self.init(secretID: id, secretKey: Secret(key), token: value(Self.tokenVariable).map { Secret($0) })
    }
}

func trimmed(_ text: some StringProtocol) -> String {
    var part = Substring(text)
    while let first = part.first, first.isWhitespace { part.removeFirst() }
    while let last = part.last, last.isWhitespace { part.removeLast() }
    return String(part)
}

public import Core

/// What the API server's clock said, and between which points of ours: expiry goes by the server's clock.
public struct ServerTime: Hashable, Sendable {
    /// The `Date` header: whole seconds, cut.
    public var date: Timestamp
    public var sentAt: ContinuousClock.Instant
    public var receivedAt: ContinuousClock.Instant

    public init(date: Timestamp, sentAt: ContinuousClock.Instant, receivedAt: ContinuousClock.Instant) {
        self.date = date
        self.sentAt = sentAt
        self.receivedAt = receivedAt
    }
}

/// What a call gives, and when by the server's clock; nil from a server that sends no `Date`.
public struct Answer<Value: Sendable>: Sendable {
    public var value: Value
    public var serverTime: ServerTime?
    public init(_ value: Value, serverTime: ServerTime?) {
        self.value = value
        self.serverTime = serverTime
    }
}
extension Answer: Equatable where Value: Equatable {}

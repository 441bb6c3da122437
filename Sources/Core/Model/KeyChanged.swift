/// Why a key shall be looked at. A hint and no more: the worker reads everything again.
public enum Cause: String, Hashable, Sendable, CaseIterable {
    case podSeen = "PodSeen"
    case podGone = "PodGone"
    case claimSeen = "ClaimSeen"
    case claimGone = "ClaimGone"
    /// the reaper says that the time has come
    case due = "Due"
    case replayed = "Replayed"
}

/// The one message of the `events` topic.
public struct KeyChanged: Hashable, Sendable {
    public var key: Key
    public var cause: Cause
    /// resourceVersion of the object that changed, as far as there is one; for people and for audits
    public var snapshot: String
    /// term of the leader that published it; for the audit, never for fencing
    public var term: Int64
    /// 16 hexadecimal digits that follow one change through all logs
    public var traceID: String
    public var at: Timestamp
    public init(key: Key, cause: Cause, snapshot: String = "", term: Int64 = 0, traceID: String = "", at: Timestamp) {
        self.key = key
        self.cause = cause
        self.snapshot = snapshot
        self.term = term
        self.traceID = traceID
        self.at = at
    }
}

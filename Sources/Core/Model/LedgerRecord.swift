/// What the `ledger` topic keeps of one settled reconcile that changed who holds or uses an address.
public struct LedgerRecord: Hashable, Sendable {
    public var at: Timestamp
    public var key: Key
    public var addressID: AddressID
    /// empty where it was not known
    public var publicIP: String
    /// digest of the facts that the plan was made from
    public var factsDigest: String
    /// the plan as text
    public var plan: String
    /// the reason with which the reconcile ended, `Reason`'s word; text, because a newer version may know more words
    public var outcome: String
    /// identity of the worker
    public var worker: String
    public var traceID: String
    public init(
        at: Timestamp, key: Key, addressID: AddressID, publicIP: String = "", factsDigest: String = "", plan: String = "", outcome: String = "",
        worker: String = "", traceID: String = ""
    ) {
        self.at = at
        self.key = key
        self.addressID = addressID
        self.publicIP = publicIP
        self.factsDigest = factsDigest
        self.plan = plan
        self.outcome = outcome
        self.worker = worker
        self.traceID = traceID
    }
}

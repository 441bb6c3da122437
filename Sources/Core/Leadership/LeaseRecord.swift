/// A `coordination.k8s.io/v1` Lease as client-go's leader election keeps it (k8s.io/client-go/tools/leaderelection).
public struct LeaseRecord: Hashable, Sendable {
    /// empty: nobody, it was given up
    public var holder: String
    public var leaseDuration: Duration
    public var acquireTime: Timestamp
    public var renewTime: Timestamp
    /// how often the holder changed; it is our term
    public var transitions: Int
    /// as it was read; nil in one that is to be created
    public var resourceVersion: String?

    public init(
        holder: String, leaseDuration: Duration, acquireTime: Timestamp, renewTime: Timestamp, transitions: Int, resourceVersion: String? = nil
    ) {
        self.holder = holder
        self.leaseDuration = leaseDuration
        self.acquireTime = acquireTime
        self.renewTime = renewTime
        self.transitions = transitions
        self.resourceVersion = resourceVersion
    }
}

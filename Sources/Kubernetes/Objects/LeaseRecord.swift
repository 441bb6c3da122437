public import Core

/// A lease as the election (`Leadership` in Core) knows it, and back.
extension Lease {
    /// What the election decides on. A lease somebody made by hand may lack its times: it then counts as long expired.
    public var record: LeaseRecord {
        LeaseRecord(
            holder: holderIdentity, leaseDuration: leaseDuration, acquireTime: acquireTime ?? Timestamp(milliseconds: 0),
            renewTime: renewTime ?? Timestamp(milliseconds: 0), transitions: leaseTransitions,
            resourceVersion: meta.resourceVersion.isEmpty ? nil : meta.resourceVersion)
    }

    /// What the election wants written. Labels and annotations of a lease that was read are kept by starting from its `meta`.
    public init(_ record: LeaseRecord, meta: ObjectMeta) {
        self.init(meta: meta)
        self.meta.resourceVersion = record.resourceVersion ?? ""
        holderIdentity = record.holder
        leaseDuration = record.leaseDuration
        acquireTime = record.acquireTime
        renewTime = record.renewTime
        leaseTransitions = record.transitions
    }
}

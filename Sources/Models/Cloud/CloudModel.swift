public import Core

/// Tencent Cloud's VPC API as far as it deals in EIPs (API 2017-03-12, cloud.tencent.com/document/product/215), one account
/// in one region, as a plain value.
///
/// It promises: only the documented changes of state happen, with the documented error codes; every write is asynchronous and
/// completes when time has passed (`advance(to:)`, which every call does first); lists may lag behind; a ClientToken never
/// yields two sets of EIPs while it is remembered; quotas and request limits hold. The same calls at the same times give the
/// same answers. It does not model money, IPv6, NAT gateways and load balancers.
///
/// Whoever calls says when: `now` never goes back (an earlier one counts as the latest).
public struct CloudModel: Sendable {
    /// The caller of what a person does by hand: no request limits apply.
    public static let console = "console"

    public var settings: CloudModel.Settings
    /// What was called, oldest first, at most `settings.journalMax`.
    public internal(set) var journal: [CloudJournalEntry] = []
    /// Entries that have left the journal's front.
    public internal(set) var journalDropped = 0

    /// The latest time anybody named.
    var clock = Timestamp(milliseconds: 0)
    var records: [AddressID: AddressRecord] = [:]
    /// The records that change by themselves.
    var inFlight: Set<AddressID> = []
    var interfaces: [String: CloudInterface] = [:]
    /// Cores by instance.
    var instances: [String: Int] = [:]
    var tokens: [String: TokenRecord] = [:]
    var tasks: [CloudTaskID: CloudTaskResult] = [:]
    var deliveriesToFail = 0
    var day: Int64 = 0
    var allocatedToday = 0
    var windows: [CloudModel.Action: Window] = [:]
    var lastSequence = 0
    var lastTask: UInt64 = 61_531_420
    var lastRequest = 0

    /// Requests of one action in one second.
    struct Window: Sendable {
        var second: Int64
        var count: Int
    }

    public init(settings: CloudModel.Settings = CloudModel.Settings()) { self.settings = settings }

    // MARK: - Time

    /// When the next asynchronous change completes, if one is under way.
    public var nextChange: Timestamp? { inFlight.lazy.compactMap { records[$0]?.change?.due }.min() }

    /// Completes, in order, every change that is due.
    public mutating func advance(to now: Timestamp) {
        clock = max(clock, now)
        while let (id, change) = earliestDue() { complete(change, of: id) }
        let today = (clock.milliseconds + settings.dayOffset.milliseconds) / 86_400_000
        if today != day {
            day = today
            allocatedToday = 0
        }
    }

    private func earliestDue() -> (AddressID, AddressRecord.Change)? {
        let due = inFlight.compactMap { id in records[id].flatMap { record in record.change.map { (record, $0) } } }
            .filter { $0.1.due <= clock }
            .min { ($0.1.due, $0.0.sequence) < ($1.1.due, $1.0.sequence) }
        return due.map { ($0.0.address.id, $0.1) }
    }

    private mutating func complete(_ change: AddressRecord.Change, of id: AddressID) {
        tasks[change.task] = .success
        inFlight.remove(id)
        guard let address = records[id]?.address else { return }
        switch address.status {
        case .creating: settle(id, .unbind, at: change.due)
        case .binding: settle(id, address.instanceID == nil ? .bindENI : .bind, at: change.due)
        case .unbinding:
            settle(id, .unbind, at: change.due)
            if address.cascadeRelease { start(id, .offlining, taking: settings.latency.release, from: change.due) }
        case .offlining: remove(id, at: change.due)
        case .bind, .unbind, .bindENI, .unknown: preconditionFailure("\(id) is \(address.status) and changes by itself")
        }
    }

    // MARK: - Changes of one address

    /// The address enters a state that it leaves by itself. Returns the task that tells when: the one given or a new one.
    @discardableResult
    mutating func start(
        _ id: AddressID, _ status: AddressStatus, taking latency: Duration, from: Timestamp, task: CloudTaskID? = nil
    ) -> CloudTaskID {
        precondition(status.isTransient)
        let task = task ?? nextTask()
        tasks[task] = .running
        update(id, at: from) { $0.status = status }
        records[id]?.change = AddressRecord.Change(due: from + latency, task: task)
        inFlight.insert(id)
        return task
    }

    /// The address enters a state that it keeps; in `UNBIND` it forgets what it was bound to.
    mutating func settle(_ id: AddressID, _ status: AddressStatus, at: Timestamp) {
        precondition(!status.isTransient)
        records[id]?.change = nil
        inFlight.remove(id)
        if status == .unbind { records[id]?.vpcID = nil }
        update(id, at: at) {
            $0.status = status
            guard status == .unbind else { return }
            $0.instanceID = nil
            $0.networkInterfaceID = nil
            $0.privateIP = nil
        }
    }

    mutating func remove(_ id: AddressID, at: Timestamp) {
        inFlight.remove(id)
        records[id]?.change = nil
        let oldest = ago(lagMax)
        records[id]?.vanish(at: at, keeping: oldest)
    }

    mutating func update(_ id: AddressID, at: Timestamp, _ body: (inout Address) -> Void) {
        let oldest = ago(lagMax)
        records[id]?.update(at: at, keeping: oldest, body)
    }

    func ago(_ duration: Duration) -> Timestamp { Timestamp(milliseconds: clock.milliseconds - duration.milliseconds) }

    private var lagMax: Duration { max(settings.listingLag, settings.describeLag) }

    /// Drops what not even a lagging list shows any more.
    mutating func forgetVanished() {
        for (id, record) in records where record.hasVanished(before: ago(lagMax)) { records[id] = nil }
    }

    mutating func nextTask() -> CloudTaskID {
        lastTask += 1
        if tasks.count >= Self.tasksMax { tasks = tasks.filter { $0.key.rawValue + UInt64(Self.tasksMax / 2) > lastTask } }
        return CloudTaskID(lastTask)
    }

    /// Tasks remembered; at the limit the older half is forgotten.
    static let tasksMax = 10_000

    /// Every existing address, as it is now, in the order of creation.
    public var addresses: [Address] { existing.map(\.address) }

    var existing: [AddressRecord] {
        records.values.filter { !$0.isGone }.sorted { $0.sequence < $1.sequence }
    }

    /// As it is now.
    public func address(_ id: AddressID) -> Address? {
        records[id].flatMap { $0.isGone ? nil : $0.address }
    }

    /// Whether a user, not an AllocateAddresses, made it.
    public func isUserOwned(_ id: AddressID) -> Bool { records[id]?.isUserOwned ?? false }
}

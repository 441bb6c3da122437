internal import Core

/// What the write calls return (`TaskId`): a number that AllocateAddresses and its neighbours write as a string and
/// DescribeTaskResult reads as an integer.
public struct CloudTaskID: Hashable, Sendable {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// DescribeTaskResult's `Result` (product/215/36271).
public enum CloudTaskResult: String, Hashable, Sendable {
    case running = "RUNNING"
    case success = "SUCCESS"
    case failed = "FAILED"
}

/// One EIP with what the API does not show, and with its recent past, which lagging lists do show.
struct AddressRecord: Sendable {
    /// A change under way.
    struct Change: Hashable, Sendable {
        var due: Timestamp
        var task: CloudTaskID
    }
    /// What a reader sees from `since` on; nil: it does not exist.
    private struct Version: Sendable {
        var since: Timestamp
        var address: Address?
    }

    private(set) var address: Address
    /// Order of creation.
    let sequence: Int
    var isUserOwned: Bool
    var addressType: String
    var egress: String
    /// Set exactly while `address.status` is transient.
    var change: Change?
    /// VPC of the private IP it is bound to.
    var vpcID: String?
    private(set) var isGone = false
    private var versions: [Version]

    init(_ address: Address, sequence: Int, isUserOwned: Bool, addressType: String, egress: String, at: Timestamp) {
        self.address = address
        self.sequence = sequence
        self.isUserOwned = isUserOwned
        self.addressType = addressType
        self.egress = egress
        versions = [Version(since: at, address: address)]
    }

    mutating func update(at: Timestamp, keeping oldest: Timestamp, _ body: (inout Address) -> Void) {
        body(&address)
        record(address, at: at, keeping: oldest)
    }

    mutating func vanish(at: Timestamp, keeping oldest: Timestamp) {
        isGone = true
        record(nil, at: at, keeping: oldest)
    }

    private mutating func record(_ address: Address?, at: Timestamp, keeping oldest: Timestamp) {
        versions.append(Version(since: at, address: address))
        // a reader of `oldest` sees the last version that is not younger
        if let first = versions.lastIndex(where: { $0.since <= oldest }) { versions.removeFirst(first) }
    }

    /// What was there at that time.
    func seen(at: Timestamp) -> Address? { versions.last { $0.since <= at }?.address }

    func hasVanished(before time: Timestamp) -> Bool { isGone && (versions.last.map { $0.since <= time } ?? true) }

    /// Whether it occupies a private IP, also while that is being done or undone.
    var occupies: Bool { !isGone && address.privateIP != nil }
}

/// A ClientToken that was used.
struct TokenRecord: Sendable {
    enum Outcome: Sendable {
        case allocated(AllocateOutcome)
        /// no EIP came of it, and none will
        case deliveryFailed
    }
    var order: AllocateOrder
    var outcome: Outcome
    var at: Timestamp
}

extension Address {
    /// What it is bound to: the interface's instance, or the interface itself.
    var instanceType: String? { networkInterfaceID.map { _ in instanceID == nil ? "ENI" : "CVM" } }
}

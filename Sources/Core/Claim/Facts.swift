/// Something that is read when a plan needs it.
public enum Read<Value: Hashable & Sendable>: Hashable, Sendable {
    case unread
    case read(Value)

    public var value: Value? {
        switch self {
        case .unread: nil
        case .read(let value): value
        }
    }
}

/// What is known of one address.
public enum AddressReading: Hashable, Sendable {
    case present(Address)
    /// Not found by id. `confirmed`: missing in two sources (by id, and in the complete list), twice, and not just after it
    /// was allocated.
    case missing(confirmed: Bool)
}

/// What decides whether a pod whose claim was deleted stays.
public struct Surroundings: Hashable, Sendable {
    public var namespaceTerminating: Bool
    /// the pod's controller was looked for and is not there any more; false for a pod without one
    public var ownerGone: Bool
    public init(namespaceTerminating: Bool, ownerGone: Bool) {
        self.namespaceTerminating = namespaceTerminating
        self.ownerGone = ownerGone
    }
}

/// The addresses at the cloud that carry this key's name and our tags, from the mirror's complete list.
public struct NamedAddresses: Hashable, Sendable {
    /// oldest first
    public var addresses: [Address]
    /// when the list that says so was asked for
    public var listedAt: Instant
    public init(addresses: [Address], listedAt: Instant) {
        self.addresses = addresses
        self.listedAt = listedAt
    }
}

/// What this run of a reconcile has learnt and no object says yet.
public struct Memory: Hashable, Sendable {
    /// The claim's intent, if its outcome is known to this run: answered, refused, or never sent.
    public var resolved: Intent?
    /// when the cloud accepted the binding that is the claim's intent: for a while what is read may be older
    public var acceptedAt: Instant?
    /// when the cloud accepted to unbind: what is read soon after may show what was before
    public var unboundAt: Instant?
    /// an answered Allocate that is not written into the claim yet
    public var allocated: Allocated?
    /// the address a Release of this run was answered for, with success or with "not found": once it is missing, it is gone
    public var released: AddressID?
    /// the cloud said that this serial's token cannot be used again, at that moment
    public var spent: Spent?
    /// the address whose bandwidth this run has set: the cloud may report it in another way
    public var modified: AddressID?
    /// the claim whose finalizer this run removed under a living pod
    public var letGo: LetGo?
    public init() {}

    public struct LetGo: Hashable, Sendable {
        public var spec: ClaimSpec
        /// where its EIP was bound, or was to be
        public var target: Target?
        public init(spec: ClaimSpec, target: Target?) {
            self.spec = spec
            self.target = target
        }
    }
    public struct Allocated: Hashable, Sendable {
        public var claimUID: String
        public var serial: Int
        public var addressID: AddressID
        public init(claimUID: String, serial: Int, addressID: AddressID) {
            self.claimUID = claimUID
            self.serial = serial
            self.addressID = addressID
        }
    }
    public struct Spent: Hashable, Sendable {
        public var serial: Int
        public var at: Instant
        public init(serial: Int, at: Instant) {
            self.serial = serial
            self.at = at
        }
    }
}

/// All that a plan is made from. The executor fills in what the planner asks for.
public struct Facts: Hashable, Sendable {
    public var key: Key
    public var claim: Read<Claim?> = .unread
    public var pod: Read<Pod?> = .unread
    public var node: Read<Node?> = .unread
    /// the interface that carries the pod's IP
    public var networkInterface: Read<NetworkInterface?> = .unread
    public var surroundings: Read<Surroundings> = .unread
    public var named: Read<NamedAddresses> = .unread
    public var address: Read<ObservedAddress> = .unread
    public var memory = Memory()

    public struct ObservedAddress: Hashable, Sendable {
        public var id: AddressID
        public var reading: AddressReading
        /// when the look that says so was sent, or so old as a list may be
        public var at: Instant
        public init(id: AddressID, reading: AddressReading, at: Instant) {
            self.id = id
            self.reading = reading
            self.at = at
        }
    }

    public init(key: Key) { self.key = key }
}

/// Settings that decide. One value for a controller.
public struct Policy: Hashable, Sendable {
    /// this worker's name in intents
    public var identity: String
    /// how long after the proof of ownership the cloud may still accept a request
    public var requestLife: Duration = .seconds(60)
    /// how long a look by id may show what was before an accepted call
    public var describeLag: Duration = .seconds(5)
    /// how long a new address may be missing from a list
    public var listingLag: Duration = .seconds(30)
    /// `--claim-expired-duration`; `.zero` is never
    public var expireAfter: Duration = .zero
    /// `--lost-static`: true allocates a lost static EIP anew
    public var replacesLostStatic = false
    /// the user's tags for every allocated EIP
    public var defaultTags: [Tag] = []
    public init(identity: String) { self.identity = identity }

    /// When a recorded call was executed, or will not be any more. An intent has whole seconds, and the clocks of the worker that sent it
    /// and of the one that reads it may be off by more than a second each.
    func isOver(_ intent: Intent) -> Timestamp { intent.at + requestLife + .seconds(4) }
}

/// Where a claim's EIP comes from.
public enum ClaimSource: Hashable, Sendable {
    /// allocated by this controller, released by it
    case attributes(AddressAttributes)
    /// owned by the user: bound and unbound, never released
    case listed(AddressID)
}

public struct ClaimSpec: Hashable, Sendable {
    public var source: ClaimSource
    public var deletePolicy: DeletePolicy
    /// how long it is retained without a pod; nil follows the controller's setting, `.zero` is never
    public var expireAfter: Duration?
    /// counts allocations: one serial never yields two EIPs. From 1.
    public var serial: Int
    /// the claim's EIP, like a PVC's volumeName; nil until it is known
    public var addressID: AddressID?

    public init(source: ClaimSource, deletePolicy: DeletePolicy, expireAfter: Duration? = nil, serial: Int = 1, addressID: AddressID? = nil) {
        self.source = source
        self.deletePolicy = deletePolicy
        self.expireAfter = expireAfter
        self.serial = serial
        self.addressID = addressID
    }

    public var isUserOwned: Bool {
        switch source {
        case .attributes: false
        case .listed: true
        }
    }
}

/// Where an EIP is to be bound: a pod is its UID *and* its private IP *and* its ENI *and* its node's instance.
public struct Target: Hashable, Sendable {
    public var podUID: String
    public var podIP: String
    public var networkInterfaceID: String
    public var instanceID: String
    public var nodeName: String
    public init(podUID: String, podIP: String, networkInterfaceID: String, instanceID: String, nodeName: String) {
        self.podUID = podUID
        self.podIP = podIP
        self.networkInterfaceID = networkInterfaceID
        self.instanceID = instanceID
        self.nodeName = nodeName
    }
}

/// A binding that was read back from the cloud, its pod read again after that.
public struct Binding: Hashable, Sendable {
    public var target: Target
    public var boundAt: Timestamp
    public init(target: Target, boundAt: Timestamp) {
        self.target = target
        self.boundAt = boundAt
    }
}

/// The mutating calls at the cloud.
public enum CloudVerb: String, Hashable, Sendable, CaseIterable {
    case allocate = "Allocate"
    case associate = "Associate"
    case disassociate = "Disassociate"
    case release = "Release"
    case modifyBandwidth = "ModifyBandwidth"
}

/// Written before a mutating call is sent, so that whoever comes after a crash knows what may still happen.
public struct Intent: Hashable, Sendable {
    public var serial: Int
    public var verb: CloudVerb
    public var addressID: AddressID?
    public var target: Target?
    public var at: Timestamp
    /// identity of the worker that wrote it
    public var by: String
    public init(serial: Int, verb: CloudVerb, addressID: AddressID? = nil, target: Target? = nil, at: Timestamp, by: String) {
        self.serial = serial
        self.verb = verb
        self.addressID = addressID
        self.target = target
        self.at = at
        self.by = by
    }
}

/// `status.phase` of a claim, for people; decisions never read it.
public enum ClaimPhase: String, Hashable, Sendable, CaseIterable {
    case pending = "Pending"
    case allocating = "Allocating"
    /// has an EIP, waits for a pod IP
    case allocated = "Allocated"
    case binding = "Binding"
    case bound = "Bound"
    case unbinding = "Unbinding"
    /// static, without a pod
    case retained = "Retained"
    case releasing = "Releasing"
    case failed = "Failed"
}

/// `metav1.Condition`.
public struct Condition: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// the pod can be reached at its EIP
        case ready = "Ready"
    }
    public var kind: Kind
    public var status: Bool
    public var reason: Reason
    public var message: String
    public var lastTransitionTime: Timestamp
    public init(kind: Kind, status: Bool, reason: Reason, message: String, lastTransitionTime: Timestamp) {
        self.kind = kind
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
    }
}

public struct ClaimStatus: Hashable, Sendable {
    public var phase: ClaimPhase
    public var publicIP: String?
    public var binding: Binding?
    public var intent: Intent?
    /// when the absence of the pod of a static claim was observed
    public var retainedSince: Timestamp?
    public var expiresAt: Timestamp?
    /// when the reaper asks for the next attempt, if nothing else does
    public var nextAttemptAt: Timestamp?
    public var observedGeneration: Int
    /// one of a kind, in the order of `Condition.Kind`
    public var conditions: [Condition]

    public init(
        phase: ClaimPhase = .pending, publicIP: String? = nil, binding: Binding? = nil, intent: Intent? = nil, retainedSince: Timestamp? = nil,
        expiresAt: Timestamp? = nil, nextAttemptAt: Timestamp? = nil, observedGeneration: Int = 0, conditions: [Condition] = []
    ) {
        self.phase = phase
        self.publicIP = publicIP
        self.binding = binding
        self.intent = intent
        self.retainedSince = retainedSince
        self.expiresAt = expiresAt
        self.nextAttemptAt = nextAttemptAt
        self.observedGeneration = observedGeneration
        self.conditions = conditions
    }
}

/// An EIPClaim as read.
public struct Claim: Hashable, Sendable {
    /// Present from creation; while it is, Kubernetes keeps the object.
    public static let finalizer = "networking.tke.cloud.tencent.com/eip-release"

    public var namespace: String
    public var name: String
    public var uid: String
    public var resourceVersion: String
    public var generation: Int
    public var createdAt: Timestamp
    /// `metadata.deletionTimestamp` is set
    public var isDeleting: Bool
    public var hasFinalizer: Bool
    /// finalizers of others: removing ours replaces the whole list, so it has to be known
    public var otherFinalizers: [String]
    public var spec: ClaimSpec
    public var status: ClaimStatus
    /// what somebody wrote into it by hand and cannot be read; nothing is done to the EIP while it stands
    public var problem: Problem?

    public init(
        namespace: String, name: String, uid: String, resourceVersion: String, generation: Int = 1, createdAt: Timestamp, isDeleting: Bool = false,
        hasFinalizer: Bool = true, spec: ClaimSpec, status: ClaimStatus = ClaimStatus(), problem: Problem? = nil, otherFinalizers: [String] = []
    ) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.createdAt = createdAt
        self.isDeleting = isDeleting
        self.hasFinalizer = hasFinalizer
        self.otherFinalizers = otherFinalizers
        self.spec = spec
        self.status = status
        self.problem = problem
    }
}

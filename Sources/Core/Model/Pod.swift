/// What a pod's annotations ask for.
public enum Want: Hashable, Sendable {
    /// no EIP annotation
    case none
    /// annotations that make no sense; the message says what to write instead
    case invalid(Problem)
    /// an EIP of its own, allocated for it
    case attributes(AddressAttributes)
    /// one of the user's own EIPs (`eip-id-list`), in the order of the annotation; never empty
    case list([AddressID])
}

/// Something a user wrote that cannot be acted on.
public struct Problem: Hashable, Sendable {
    public var reason: Reason
    /// what was wrong, where, and what to write instead
    public var message: String
    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// What becomes of claim and EIP when the pod goes (`eip-claim-delete-policy`).
public enum DeletePolicy: String, Hashable, Sendable {
    /// both go with the pod
    case delete = "Delete"
    /// static: both stay for the next pod of that name (`Never`)
    case retain = "Retain"
}

/// The controller in a pod's `metadata.ownerReferences`.
public struct Owner: Hashable, Sendable {
    public var apiVersion: String
    public var kind: String
    public var name: String
    public var uid: String
    public init(apiVersion: String, kind: String, name: String, uid: String) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
    }
}

extension Owner {
    /// Whether each of its pods has a name of its own that never comes again: what is kept for the name is kept for nobody. Of
    /// controllers that are not Kubernetes' own nothing is known; many keep the names.
    public var renamesPods: Bool {
        let group = apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
        return ["apps/ReplicaSet", "apps/DaemonSet", "batch/Job", "/ReplicationController"].contains("\(group)/\(kind)")
    }
}

/// `status.phase` of a pod.
public enum PodPhase: String, Hashable, Sendable {
    case pending = "Pending"
    case running = "Running"
    case succeeded = "Succeeded"
    case failed = "Failed"
    case unknown = "Unknown"
}

/// The part of a pod that decisions need.
public struct Pod: Hashable, Sendable {
    public var namespace: String
    public var name: String
    public var uid: String
    public var resourceVersion: String
    public var phase: PodPhase
    public var podIP: String?
    public var nodeName: String?
    public var hostNetwork: Bool
    /// `metadata.deletionTimestamp` is set
    public var isTerminating: Bool
    /// it has container statuses, and every one of them has terminated
    public var containersTerminated: Bool
    public var want: Want
    public var deletePolicy: DeletePolicy
    /// `claim-expired-duration` of the pod; `.zero` is never
    public var expireAfter: Duration?
    /// `eip-public-ip`, as this controller wrote it back
    public var publicIPAnnotation: String?
    public var owner: Owner?

    public init(
        namespace: String, name: String, uid: String, resourceVersion: String = "1", phase: PodPhase = .pending, podIP: String? = nil,
        nodeName: String? = nil, hostNetwork: Bool = false, isTerminating: Bool = false, containersTerminated: Bool = false, want: Want = .none,
        deletePolicy: DeletePolicy = .delete, expireAfter: Duration? = nil, publicIPAnnotation: String? = nil, owner: Owner? = nil
    ) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.phase = phase
        self.podIP = podIP
        self.nodeName = nodeName
        self.hostNetwork = hostNetwork
        self.isTerminating = isTerminating
        self.containersTerminated = containersTerminated
        self.want = want
        self.deletePolicy = deletePolicy
        self.expireAfter = expireAfter
        self.publicIPAnnotation = publicIPAnnotation
        self.owner = owner
    }

    /// Whether its private IP is, or may soon be, nobody's or somebody else's: the EIP has to leave it. Whichever is first:
    /// Succeeded or Failed, or terminating with all containers terminated.
    public var isFinished: Bool {
        switch phase {
        case .succeeded, .failed: true
        case .pending, .running, .unknown: isTerminating && containersTerminated
        }
    }
}

/// The part of a node that decisions need.
public struct Node: Hashable, Sendable {
    public var name: String
    /// from `spec.providerID` `qcloud:///<zone>/ins-…`; nil when it has none of that form
    public var instanceID: String?
    public init(name: String, instanceID: String?) {
        self.name = name
        self.instanceID = instanceID
    }
}

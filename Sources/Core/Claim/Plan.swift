/// One verb. Everything it needs is in it, so that it prints, compares and can be refused.
public enum Step: Hashable, Sendable {
    case createClaim(ClaimSpec)
    case addFinalizer
    case updateSpec(ClaimSpec)
    case writeStatus(ClaimStatus)
    case deleteClaim
    case removeFinalizer
    /// writes `eip-public-ip`, nil removes it
    case annotatePod(publicIP: String?)

    case allocate(AllocateRequest)
    case associate(AddressID, Target)
    case disassociate(AddressID)
    case release(AddressID)
    case modifyBandwidth(AddressID, megabits: Int)

    /// The mutating cloud call it is; nil for what goes to Kubernetes.
    public var cloudVerb: CloudVerb? {
        switch self {
        case .allocate: .allocate
        case .associate: .associate
        case .disassociate: .disassociate
        case .release: .release
        case .modifyBandwidth: .modifyBandwidth
        case .createClaim, .addFinalizer, .updateSpec, .writeStatus, .deleteClaim, .removeFinalizer, .annotatePod: nil
        }
    }
}

/// A fact the planner cannot go on without.
public enum Need: Hashable, Sendable {
    case claim
    case pod
    case node(name: String)
    case networkInterface(podIP: String)
    case surroundings(Owner?)
    case named
    /// an observation of the named addresses from a list asked for at that moment or later
    case namedSince(Instant)
    case address(AddressID)
}

/// What to do when nothing can be done now.
public enum Rest: Hashable, Sendable {
    /// nothing until something changes
    case settled
    /// look at the address again when the cloud has moved on
    case awaitAddress(AddressID)
    /// look at everything again after this time
    case again(Duration)
}

/// A line for `kubectl describe`, on the pod and on the claim.
public struct Notice: Hashable, Sendable {
    public var warning: Bool
    public var reason: Reason
    public var message: String
    public init(warning: Bool, reason: Reason, message: String) {
        self.warning = warning
        self.reason = reason
        self.message = message
    }
}

/// What follows from the facts: one thing, and why. Executing it, reading the facts again and planning again is the whole
/// of reconciling, so a plan never goes stale in the middle.
public struct Plan: Hashable, Sendable {
    public enum Next: Hashable, Sendable {
        case need(Need)
        case step(Step)
        case rest(Rest)
    }
    public var next: Next
    public var reason: Reason
    /// said on pod and claim: after the step, or once when resting
    public var notice: Notice?

    public init(_ next: Next, _ reason: Reason, notice: Notice? = nil) {
        self.next = next
        self.reason = reason
        self.notice = notice
    }
}

extension Plan: CustomStringConvertible {
    /// One line, as in logs, the dry run and `explain`.
    public var description: String {
        let what =
            switch next {
            case .need(let need): "read \(need)"
            case .step(let step): "\(step)"
            case .rest(let rest): "\(rest)"
            }
        return "\(what) because \(reason.rawValue)" + (notice.map { ": \($0.message)" } ?? "")
    }
}

extension Need: CustomStringConvertible {
    public var description: String {
        switch self {
        case .claim: "claim"
        case .pod: "pod"
        case .node(let name): "node \(name)"
        case .networkInterface(let ip): "network interface of \(ip)"
        case .surroundings: "owner and namespace"
        case .named: "addresses of this name"
        case .namedSince(let instant): "addresses of this name since \(instant)"
        case .address(let id): "address \(id)"
        }
    }
}

extension Rest: CustomStringConvertible {
    public var description: String {
        switch self {
        case .settled: "settled"
        case .awaitAddress(let id): "await \(id)"
        case .again(let after): "again in \(after.milliseconds) ms"
        }
    }
}

extension Step: CustomStringConvertible {
    public var description: String {
        switch self {
        case .createClaim(let spec): "create claim, serial \(spec.serial)" + (spec.addressID.map { ", \($0)" } ?? "")
        case .addFinalizer: "add finalizer"
        case .updateSpec(let spec): "update claim: serial \(spec.serial), \(spec.addressID?.rawValue ?? "no EIP"), \(spec.deletePolicy.rawValue)"
        case .writeStatus(let status): "write status \(status.phase.rawValue)"
        case .deleteClaim: "delete claim"
        case .removeFinalizer: "remove finalizer"
        case .annotatePod(let ip): "annotate pod with \(ip ?? "nothing")"
        case .allocate(let request): "allocate \(request.name) with token \(request.clientToken)"
        case .associate(let id, let target): "associate \(id) with \(target.podIP) on \(target.networkInterfaceID) for pod \(target.podUID)"
        case .disassociate(let id): "disassociate \(id)"
        case .release(let id): "release \(id)"
        case .modifyBandwidth(let id, let megabits): "set bandwidth of \(id) to \(megabits) Mbps"
        }
    }
}

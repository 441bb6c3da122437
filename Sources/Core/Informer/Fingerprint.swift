/// What of a pod matters to its EIP. Two states of a pod with the same fingerprint are the same to every decision, so a
/// change between them is not published: status heartbeats, labels, annotations of others and the one we write back.
public struct PodFingerprint: Hashable, Sendable {
    let uid: String
    private let want: Want
    private let deletePolicy: DeletePolicy
    private let expireAfter: Duration?
    private let podIP: String?
    private let nodeName: String?
    private let isFinished: Bool
    private let isTerminating: Bool

    public init(_ pod: Pod) {
        uid = pod.uid
        want = pod.want
        deletePolicy = pod.deletePolicy
        expireAfter = pod.expireAfter
        podIP = pod.podIP
        nodeName = pod.nodeName
        isFinished = pod.isFinished
        isTerminating = pod.isTerminating
    }
}

/// What of a claim matters: its spec, its deletion, and what a person may have undone. Our own status writes change none of
/// it, so they are not published.
public struct ClaimFingerprint: Hashable, Sendable {
    let uid: String
    private let spec: ClaimSpec
    private let isDeleting: Bool
    private let hasFinalizer: Bool
    private let hasProblem: Bool

    public init(_ claim: Claim) {
        uid = claim.uid
        spec = claim.spec
        isDeleting = claim.isDeleting
        hasFinalizer = claim.hasFinalizer
        hasProblem = claim.problem != nil
    }
}

/// What users write on pods and nodes, and what this controller writes back. All of it lies under one domain, which is a
/// setting, so that the controller can live beside `tke-eni-ipamd` in one cluster.
///
/// Names and meaning are TKE's (cloud.tencent.com/document/product/457/64886), except `eip-capacity`, `eip-ready`, which it lacks.
public struct AnnotationNames: Hashable, Sendable {
    /// The domain of TKE's own annotations.
    public static let tkeDomain = "tke.cloud.tencent.com"

    public let domain: String
    /// pod: JSON, what the EIP that is allocated for it shall be
    public let attributes: String
    /// pod: `Never` keeps claim and EIP for the next pod of that name
    public let deletePolicy: String
    /// pod: EIPs of the user, separated by commas
    public let idList: String
    /// pod: how long a static EIP is kept without a pod
    public let expiredDuration: String
    /// pod: written back, the public IP once it is bound
    public let publicIP: String
    /// node: how many pod EIPs it may have, instead of what its cores say
    public let nodeCapacity: String
    /// Extended resource of nodes that pods request one of. No annotation, but under the same domain.
    public let resource: String
    /// Type of the pod condition that a readiness gate may wait for.
    public let readinessGate: String

    /// - Parameter domain: a DNS name without a slash at its end.
    public init(domain: String = AnnotationNames.tkeDomain) {
        self.domain = domain
        attributes = "\(domain)/eip-attributes"
        deletePolicy = "\(domain)/eip-claim-delete-policy"
        idList = "\(domain)/eip-id-list"
        expiredDuration = "\(domain)/claim-expired-duration"
        publicIP = "\(domain)/eip-public-ip"
        nodeCapacity = "\(domain)/eip-capacity"
        resource = "\(domain)/eip"
        readinessGate = "\(domain)/eip-ready"
    }
}

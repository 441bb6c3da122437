public import Core

/// What the API server calls EIPClaims. Group and short name are TKE's (cloud.tencent.com/document/product/457/64886).
public enum ClaimResource {
    public static let group = "networking.tke.cloud.tencent.com"
    public static let version = "v1"
    public static let apiVersion = "\(group)/\(version)"
    public static let kind = "EIPClaim"
    public static let plural = "eipclaims"
    public static let shortName = "eipc"
    /// `metadata.name` of the CustomResourceDefinition.
    public static let definitionName = "\(plural).\(group)"

    /// The label that tells our CustomResourceDefinition from one of `tke-eni-ipamd`: start refuses a CRD without it.
    public static let ownershipLabel = (key: "\(group)/implementation", value: component)
    /// The label of every claim that this controller creates; for people and their selectors, decisions never read it.
    public static let managedByLabel = (key: "app.kubernetes.io/managed-by", value: component)
    /// What Events name as their source.
    public static let component = "eip-controller"
}

/// Which object, and which version of it, a write is about. The API server refuses the write if either has changed.
public struct ObjectVersion: Hashable, Sendable {
    public var uid: String
    public var resourceVersion: String
    public init(uid: String, resourceVersion: String) {
        self.uid = uid
        self.resourceVersion = resourceVersion
    }
}

extension Claim {
    /// For conditional writes of what was read.
    public var version: ObjectVersion { ObjectVersion(uid: uid, resourceVersion: resourceVersion) }
}

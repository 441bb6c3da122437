internal import Contract
internal import Core
internal import JSON
internal import Models

/// What can be seen from outside at one moment: the objects of the API server and the addresses of the cloud.
struct Sight: Sendable {
    struct Pod: Hashable, Sendable {
        /// `namespace/name`
        var key: String
        var uid: String
        /// `Pending`, `Running`, `Succeeded` or `Failed`
        var phase: String
        var isTerminating: Bool
        /// nil before it has one
        var ip: String?
        var node: String?
        /// Whether its annotations ask for an EIP.
        var wantsEIP: Bool
        /// The annotation that says it has one.
        var publicIP: String?
        var isAlive: Bool { !isTerminating && phase == "Running" }
    }
    struct Claim: Hashable, Sendable {
        /// `namespace/name`, as the pod's
        var key: String
        var uid: String
        var isTerminating: Bool
        /// empty before the controller has written one
        var phase: String
        var isStatic: Bool
        var addressID: String?
        var publicIP: String?
        var podUID: String?
        var podIP: String?
    }
    struct EIP: Hashable, Sendable {
        var address: Address
        var isUserOwned: Bool
        var id: String { address.id.rawValue }
    }
    var pods: [Pod]
    var claims: [Claim]
    var eips: [EIP]

    func pod(_ key: String) -> Pod? { pods.first { $0.key == key } }
    func claim(_ key: String) -> Claim? { claims.first { $0.key == key } }
    func eip(_ id: String?) -> EIP? { eips.first { $0.id == id } }

    /// The claim's EIP if it is bound to that very pod in every book: the claim's, the pod's and the cloud's.
    func bound(_ key: String) -> EIP? { whyUnbound(key) == nil ? eip(claim(key)?.addressID) : nil }

    /// What is missing to that; nil if nothing.
    func whyUnbound(_ key: String) -> String? {
        guard let pod = pod(key) else { return "pod \(key) does not exist" }
        guard pod.isAlive, let ip = pod.ip else { return "pod \(key) is \(pod.isTerminating ? "terminating" : pod.phase)" }
        guard let claim = claim(key) else { return "pod \(key) has no claim" }
        guard claim.phase == ClaimPhase.bound.rawValue else { return "claim \(key) is \(claim.phase.isEmpty ? "new" : claim.phase)" }
        guard claim.podUID == pod.uid, claim.podIP == ip else { return "claim \(key) is bound to another pod" }
        guard let eip = eip(claim.addressID) else { return "claim \(key) names \(claim.addressID ?? "no EIP"), which the cloud does not have" }
        guard eip.address.status.isBound, eip.address.privateIP == ip else {
            return "\(eip.id) of \(key) is \(eip.address.status.rawValue) at the cloud, to \(eip.address.privateIP ?? "nothing")"
        }
        guard claim.publicIP == eip.address.ip else { return "claim \(key) shows \(claim.publicIP ?? "no IP"), \(eip.id) has \(eip.address.ip)" }
        guard pod.publicIP == eip.address.ip else { return "pod \(key) is annotated with \(pod.publicIP ?? "no IP"), \(eip.id) has \(eip.address.ip)" }
        return nil
    }
}

extension Sight {
    /// Looks at both, again if the API server's objects changed meanwhile: so both are of one moment.
    static func take(_ kubernetes: SandboxKubernetes, _ cloud: SandboxCloud) -> Sight {
        while true {
            let (revision, pods, claims) = kubernetes.withModel { model in
                (model.revision, model.all(.pods).map(Pod.init), model.claims.map(Claim.init))
            }
            let eips = cloud.withModel { model in model.addresses.map { EIP(address: $0, isUserOwned: model.isUserOwned($0.id)) } }
            if kubernetes.withModel({ $0.revision }) == revision { return Sight(pods: pods, claims: claims, eips: eips) }
        }
    }
}

extension APIServerModel {
    /// nil before the CRD is there
    var claimResource: Resource? { resource(group: ClaimResource.group, version: ClaimResource.version, plural: ClaimResource.plural) }
    fileprivate var claims: [JSONValue] { claimResource.map { all($0) } ?? [] }
}

extension Sight.Pod {
    fileprivate init(_ object: JSONValue) {
        let names = AnnotationNames()
        let annotations = object.annotations
        key = "\(object.namespace)/\(object.name)"
        uid = object.uid
        phase = object["status"]["phase"].string ?? "Pending"
        isTerminating = object.isTerminating
        ip = object["status"]["podIP"].string
        node = object["spec"]["nodeName"].string
        wantsEIP = annotations[names.attributes] != nil || annotations[names.idList] != nil
        publicIP = annotations[names.publicIP]
    }
}

extension Sight.Claim {
    fileprivate init(_ object: JSONValue) {
        key = "\(object.namespace)/\(object.name)"
        uid = object.uid
        isTerminating = object.isTerminating
        phase = object["status"]["phase"].string ?? ""
        isStatic = object["spec"]["deletePolicy"].string == DeletePolicy.retain.rawValue
        addressID = object["spec"]["addressID"].string
        publicIP = object["status"]["publicIP"].string
        podUID = object["status"]["binding"]["podUID"].string
        podIP = object["status"]["binding"]["podIP"].string
    }
}

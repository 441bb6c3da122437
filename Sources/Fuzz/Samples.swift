internal import Contract
internal import Core

/// What stands around an object that was read, so that it can be acted on.
enum Samples {
    static let now = Now(instant: Instant(milliseconds: 1_000_000), wall: Timestamp(milliseconds: 1_715_000_000_000))
    static let policy: Policy = {
        var policy = Policy(identity: "worker-0")
        policy.expireAfter = .seconds(3600)
        return policy
    }()
    static let key = Key(cluster: "c0ffee", namespace: "default", name: "web-0")
    static let addressID = AddressID("eip-abcd1234")
    static let podWithAttributes = pod(.attributes(AddressAttributes(bandwidth: 50)))
    static let podWithList = pod(.list([AddressID("eip-efgh5678")]))
    static let claim = Claim(
        namespace: key.namespace, name: key.name, uid: "u-1", resourceVersion: "7", createdAt: now.wall,
        spec: ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .retain, addressID: addressID))

    private static func pod(_ want: Want) -> Pod {
        Pod(
            namespace: key.namespace, name: key.name, uid: "p-1", phase: .running, podIP: "10.0.0.7", nodeName: "node-1", want: want, deletePolicy: .retain,
            expireAfter: .seconds(600))
    }

    /// The address of the claim as the cloud may show it.
    static func readings(_ claim: Claim?) -> [AddressReading] {
        var unbound = Address(id: claim?.spec.addressID ?? addressID, name: Naming.addressName(key), status: .unbind, ip: "198.51.100.7", bandwidth: 100)
        unbound.tags = [Naming.creatorTag, Tag(key: Naming.clusterTagKey, value: key.cluster)]
        var bound = unbound
        bound.status = .bind
        bound.privateIP = "10.0.0.7"
        bound.networkInterfaceID = "eni-1"
        bound.instanceID = "ins-1"
        return [.missing(confirmed: true), .present(unbound), .present(bound)]
    }

    static func facts(_ claim: Claim?, _ pod: Pod?, _ reading: AddressReading) -> Facts {
        var facts = Facts(key: key)
        facts.claim = .read(claim)
        facts.pod = .read(pod)
        facts.node = .read(Node(name: pod?.nodeName ?? "node-1", instanceID: "ins-1"))
        facts.networkInterface = .read(NetworkInterface(id: "eni-1", instanceID: "ins-1", addressID: nil))
        facts.surroundings = .read(Surroundings(namespaceTerminating: false, ownerGone: true))
        facts.named = .read(NamedAddresses(addresses: [], listedAt: now.instant))
        if let id = claim?.spec.addressID { facts.address = .read(Facts.ObservedAddress(id: id, reading: reading, at: Instant(milliseconds: 0))) }
        return facts
    }
}

import Core

/// Values with defaults for tests of decisions: a pod `team/web-0` on `node-1`, its claim, its address.
enum Build {
    static let key = Key(cluster: "cluster-1", namespace: "team", name: "web-0")
    static let map = ShardMap(slots: 4)
    static let place = AccountRegion(account: "default", region: "r")
    static let wall = Timestamp(milliseconds: 1_800_000_000_000)
    static let now = Now(instant: Instant(milliseconds: 1_000_000), wall: wall)
    static let policy = Policy(identity: "worker-a")
    static let id = AddressID("eip-00000001")
    static let target = Target(podUID: "uid-1", podIP: "10.0.0.5", networkInterfaceID: "eni-1", instanceID: "ins-1", nodeName: "node-1")
    static let interface = NetworkInterface(id: "eni-1", instanceID: "ins-1")
    static let node = Node(name: "node-1", instanceID: "ins-1")

    static func pod(_ change: (inout Pod) -> Void = { _ in }) -> Pod {
        var pod = Pod(
            namespace: key.namespace, name: key.name, uid: "uid-1", phase: .running, podIP: "10.0.0.5", nodeName: "node-1",
            want: .attributes(AddressAttributes()))
        change(&pod)
        return pod
    }

    static func claim(_ change: (inout Claim) -> Void = { _ in }) -> Claim {
        var claim = Claim(
            namespace: key.namespace, name: key.name, uid: "claim-1", resourceVersion: "7", createdAt: wall,
            spec: ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .delete, addressID: id))
        change(&claim)
        return claim
    }

    static func address(_ status: AddressStatus = .unbind, _ change: (inout Address) -> Void = { _ in }) -> Address {
        var address = Address(
            id: id, name: Naming.addressName(key), status: status, ip: "1.2.3.4", bandwidth: 100,
            tags: [Naming.creatorTag, Tag(key: Naming.clusterTagKey, value: key.cluster)])
        if status.isBound || status == .unbinding || status == .binding {
            address.networkInterfaceID = "eni-1"
            address.privateIP = "10.0.0.5"
            address.instanceID = "ins-1"
        }
        change(&address)
        return address
    }

    /// Everything read: nothing is left to ask for.
    static func facts(pod: Pod?, claim: Claim?, address: Address?, missingConfirmed: Bool = false, named: [Address] = []) -> Facts {
        var facts = Facts(key: key)
        facts.pod = .read(pod)
        facts.claim = .read(claim)
        facts.node = .read(node)
        facts.networkInterface = .read(interface)
        facts.surroundings = .read(Surroundings(namespaceTerminating: false, ownerGone: false))
        facts.named = .read(NamedAddresses(addresses: named, listedAt: now.instant))
        if let id = claim?.spec.addressID {
            facts.address = .read(.init(id: id, reading: address.map { .present($0) } ?? .missing(confirmed: missingConfirmed), at: now.instant))
        }
        return facts
    }

    static func intent(_ verb: CloudVerb, age: Duration = .seconds(5), by: String = "worker-b", address: AddressID? = id) -> Intent {
        Intent(
            serial: 1, verb: verb, addressID: address, target: verb == .associate ? target : nil,
            at: Timestamp(milliseconds: wall.milliseconds - age.milliseconds), by: by)
    }

    /// What a claim says after its pod was bound.
    static func boundStatus() -> ClaimStatus {
        var status = ClaimStatus(phase: .bound, publicIP: "1.2.3.4", binding: Binding(target: target, boundAt: wall), observedGeneration: 1)
        status.set(.ready, true, .associatedEIP, "eip-00000001 (1.2.3.4) is bound to 10.0.0.5", at: wall)
        return status
    }
}

extension Claim {
    func with(_ change: (inout Claim) -> Void) -> Claim {
        var claim = self
        change(&claim)
        return claim
    }
}

extension Facts {
    func with(_ change: (inout Facts) -> Void) -> Facts {
        var facts = self
        change(&facts)
        return facts
    }
}

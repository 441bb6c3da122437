import Contract
import Core
import JSON
import Models

/// One key, the models of API server and cloud, and workers of which one may crash or be paused at a chosen effect.
/// Time is virtual; nothing happens but what a test asks for.
struct World {
    static let key = Key(cluster: "cluster-1", namespace: "team", name: "web-0")
    static let vpc = "vpc-1"
    static let start = Timestamp(milliseconds: 1_800_000_000_000)

    var api: APIServerModel
    var cloud: CloudModel
    private(set) var now = Now(instant: Instant(milliseconds: 1_000_000), wall: World.start)
    /// What a checker found, in order. Empty at the end of a good run.
    var violations: [String] = []
    /// Every effect performed and every event of the story, for the message of a failing test.
    var transcript: [String] = []
    private var missingSince: [AddressID: Instant] = [:]
    private let decoder = PodDecoder(names: AnnotationNames())
    let userOwned: AddressID

    init() throws {
        api = APIServerModel(now: World.start)
        cloud = CloudModel(settings: CloudModel.Settings(latency: .init(all: .milliseconds(300))))
        userOwned = try cloud.addUserAddress(name: "mine", now: World.start)
        try api.create(ClaimDefinition.object, in: .customResourceDefinitions, now: World.start)
        try api.create(["metadata": ["name": "team"]], in: .namespaces, now: World.start)
        for n in 1...2 {
            try api.create(
                ["metadata": ["name": .string("node-\(n)")], "spec": ["providerID": .string("qcloud:///100001/ins-\(n)")]], in: .nodes, now: World.start)
            try cloud.register(CloudInterface(id: "eni-\(n)", vpcID: World.vpc, instanceID: "ins-\(n)", privateIPs: ["10.0.\(n).1"]), now: World.start)
        }
    }

    var claims: Resource {
        guard let resource = api.resource(apiVersion: ClaimResource.apiVersion, kind: ClaimResource.kind) else { preconditionFailure("the CRD is created") }
        return resource
    }
    private var podRef: ObjectRef { ObjectRef(.pods, namespace: World.key.namespace, name: World.key.name) }
    private var claimRef: ObjectRef { ObjectRef(claims, namespace: World.key.namespace, name: World.key.name) }

    func pod() -> Pod? { api.find(podRef).map(decode) }
    func claim() -> Claim? { api.find(claimRef).map(decode) }
    private func decode(_ value: JSONValue) -> Pod { unwrap { try decoder.decode(bytes: value.bytes()) } }
    private func decode(_ value: JSONValue) -> Claim { unwrap { try ClaimDecoder.decode(value) } }
    private func unwrap<T>(_ body: () throws -> T) -> T {
        do { return try body() } catch { preconditionFailure("a model's object is not readable: \(error)") }
    }

    mutating func advance(_ duration: Duration) {
        now.instant = now.instant + duration
        now.wall = now.wall + duration
        cloud.advance(to: now.wall)
    }

    mutating func note(_ line: String) { transcript.append("\(now.instant) \(line)") }
    mutating func violate(_ what: String) {
        note("VIOLATION \(what)")
        violations.append(what)
    }

    // MARK: the story

    /// Creates the pod; without an IP its sandbox is still being made.
    mutating func createPod(annotations: [String: String], node: Int = 1, ip: String?) {
        var notes: [(String, JSONValue)] = []
        for (name, value) in annotations.sorted(by: { $0.key < $1.key }) { notes.append((AnnotationNames.tkeDomain + "/" + name, .string(value))) }
        var pod: JSONValue = [
            "metadata": ["name": .string(World.key.name), "namespace": .string(World.key.namespace)],
            "spec": ["containers": [["name": "c", "image": "i"]]],
        ]
        for (name, value) in notes { pod["metadata"]["annotations"][name] = value }
        pod["spec"]["nodeName"] = .string("node-\(node)")
        let created = pod
        note("pod created, ip \(ip ?? "none")")
        unwrap { _ = try api.create(created, in: .pods, namespace: World.key.namespace, now: now.wall) }
        if let ip { runPod(node: node, ip: ip) }
    }

    mutating func runPod(node: Int, ip: String) {
        unwrap {
            try cloud.register(CloudInterface(id: "eni-\(node)", vpcID: World.vpc, instanceID: "ins-\(node)", privateIPs: [ip]), now: now.wall)
            var pod = try api.get(podRef)
            pod["status"]["phase"] = "Running"
            pod["status"]["podIP"] = .string(ip)
            try api.replace(pod, at: podRef, part: .status, now: now.wall)
        }
        note("pod runs at \(ip)")
    }

    /// The pod is gone, as after the kubelet's last delete; its IP is somebody else's at once.
    mutating func removePod() {
        guard let pod = pod() else { return }
        unwrap { _ = try api.delete(podRef, DeleteOptions(gracePeriod: 0), now: now.wall) }
        note("pod \(pod.uid) gone")
    }

    mutating func deleteClaim() {
        unwrap { _ = try api.delete(claimRef, now: now.wall) }
        note("claim deleted by the user")
    }

    mutating func annotate(_ name: String, _ value: String) {
        var patch: JSONValue = ["metadata": ["annotations": .object([:])]]
        patch["metadata"]["annotations"][AnnotationNames.tkeDomain + "/" + name] = .string(value)
        let merge = patch
        unwrap { _ = try api.patch(.merge(merge), at: podRef) }
        note("annotated \(name)=\(value)")
    }

    // MARK: effects

    /// Performs one effect on the models. A cloud call that comes later than the request's life is refused by the cloud.
    mutating func perform(_ effect: ReconcileEffect, sentFrom emitted: Instant, life: Duration) -> ReconcileEvent {
        advance(.milliseconds(10))
        note(effect.brief)
        switch effect {
        case .readClaim: return .claimRead(claim())
        case .readPod: return .podRead(pod())
        case .readNode(let name):
            return .nodeRead(
                api.find(ObjectRef(.nodes, name: name)).map { value in unwrap { try NodeDecoder(names: AnnotationNames()).decode(bytes: value.bytes()).node } })
        case .readNetworkInterface(let ip):
            return .networkInterfaceRead(try? cloud.networkInterfaces(ips: [ip], vpc: World.vpc, now: now.wall).get().first?.interface)
        case .readSurroundings: return .surroundingsRead(Surroundings(namespaceTerminating: false, ownerGone: false))
        case .observe(let id, let notBefore): return observe(id, notBefore)
        case .listNamed(let notBefore):
            if notBefore > now.instant { advance(notBefore - now.instant) }
            let named = cloud.addresses.filter { Naming.owns($0, World.key) }
            return .listed(NamedAddresses(addresses: named, listedAt: now.instant))
        case .acquire: return .granted
        case .createClaim, .addFinalizer, .replaceSpec, .replaceStatus, .deleteClaim, .removeFinalizer, .annotatePod: return write(effect)
        case .allocate, .associate, .disassociate, .release, .modifyBandwidth:
            guard now.instant - emitted <= life else { return .failed(CloudFault(.authorisation, code: "AuthFailure.SignatureExpire", message: "too late")) }
            return call(effect)
        case .say, .took, .record, .finish: preconditionFailure("is not answered")
        }
    }

    private mutating func observe(_ id: AddressID, _ notBefore: Instant) -> ReconcileEvent {
        // what the mirror does while somebody waits: look again a little later
        if now.instant - notBefore < .milliseconds(100) { advance(.milliseconds(200)) }
        if let address = cloud.address(id) {
            missingSince[id] = nil
            return .observed(.init(id: id, reading: .present(address), at: now.instant))
        }
        let since = missingSince[id] ?? now.instant
        missingSince[id] = since
        advance(.seconds(10))
        return .observed(.init(id: id, reading: .missing(confirmed: now.instant - since >= .seconds(120)), at: now.instant))
    }

    private mutating func write(_ effect: ReconcileEffect) -> ReconcileEvent {
        do {
            switch effect {
            case .createClaim(let spec):
                let body = try JSONValue(parsing: ClaimEncoder.create(namespace: World.key.namespace, name: World.key.name, spec: spec))
                return .claimWritten(decode(try api.create(body, in: claims, namespace: World.key.namespace, now: now.wall)))
            case .addFinalizer(let claim): return try patched(ClaimEncoder.finalizerAddition(to: claim))
            case .replaceSpec(let claim, let spec): return try patched(ClaimEncoder.spec(spec, of: claim.version))
            case .replaceStatus(let claim, let status):
                let event = try patched(ClaimEncoder.status(status, of: claim.version), .status)
                checkConfirmation()
                return event
            case .deleteClaim(let claim):
                switch try api.delete(claimRef, DeleteOptions(uid: claim.uid, resourceVersion: claim.resourceVersion), now: now.wall) {
                case .removed: return .claimGone
                case .marked(let value): return .claimWritten(decode(value))
                }
            case .removeFinalizer(let claim):
                _ = try patched(ClaimEncoder.finalizerRemoval(from: claim))
                return .claimGone
            case .annotatePod(let uid, let ip):
                let patch = try JSONValue(parsing: PodEncoder.publicIP(ip, podUID: uid, names: AnnotationNames()))
                return .podWritten(decode(try api.patch(.merge(patch), at: podRef)))
            default: preconditionFailure("no write")
            }
        } catch let status as APIStatus {
            note("refused: \(status)")
            switch status.reason {
            case "NotFound": return .refused(.notFound)
            case "AlreadyExists": return .refused(.alreadyExists)
            case "Conflict": return .refused(.conflict)
            default: return effect.isPodWrite ? .refused(.conflict) : .refused(.invalid(status.message))
            }
        } catch { preconditionFailure("\(error)") }
    }

    private mutating func patched(_ body: [UInt8], _ part: ObjectPart = .main) throws -> ReconcileEvent {
        .claimWritten(decode(try api.patch(.merge(try JSONValue(parsing: body)), at: claimRef, part: part)))
    }

    private mutating func call(_ effect: ReconcileEffect) -> ReconcileEvent {
        let result: Result<ReconcileEvent, CloudFault>
        switch effect {
        case .allocate(let request): result = cloud.allocate(request, now: now.wall).map { .allocated($0[0]) }
        case .associate(let id, let interface, let ip):
            result = cloud.associate(id, networkInterfaceID: interface, privateIP: ip, now: now.wall).map { _ in .accepted }
        case .disassociate(let id): result = cloud.disassociate(id, now: now.wall).map { _ in .accepted }
        case .release(let id): result = cloud.release([id], now: now.wall).map { _ in .accepted }
        case .modifyBandwidth(let id, let megabits): result = cloud.modifyBandwidth([id], to: megabits, now: now.wall).map { _ in .accepted }
        default: preconditionFailure("no call")
        }
        switch result {
        case .success(let event): return event
        case .failure(let fault):
            note("refused: \(fault)")
            return .failed(fault)
        }
    }

    // MARK: checkers

    /// A claim that says "bound" says it of a pod that is there, at the address it has, read back from the cloud.
    mutating func checkConfirmation() {
        guard let claim = claim(), claim.status.isReady, let target = claim.status.binding?.target else { return }
        guard let pod = pod(), pod.uid == target.podUID, pod.podIP == target.podIP else {
            return violate("confirmed for pod \(target.podUID) at \(target.podIP), which is not there")
        }
        guard let id = claim.spec.addressID, let address = cloud.address(id), address.isBound(to: target) else {
            return violate("confirmed a binding that the cloud does not have")
        }
    }

    /// Zero leaked: every address we allocated is named by exactly one claim.
    mutating func checkLeaks() {
        for address in cloud.addresses where address.tags.contains(Naming.creatorTag) {
            let holders = api.all(claims).filter { $0["spec"]["addressID"].string == address.id.rawValue }
            if holders.count != 1 { violate("\(address.id) is named by \(holders.count) claims") }
        }
        if cloud.address(userOwned) == nil { violate("released \(userOwned), which the user owns") }
    }
}

extension ReconcileEffect {
    /// One line for transcripts.
    var brief: String {
        switch self {
        case .replaceStatus(_, let status): "status \(status.phase.rawValue), intent \(status.intent?.verb.rawValue ?? "none"), by \(status.intent?.by ?? "")"
        case .replaceSpec(_, let spec): "spec serial \(spec.serial), \(spec.addressID?.rawValue ?? "no EIP")"
        case .createClaim, .addFinalizer, .deleteClaim, .removeFinalizer, .allocate: "\(self)".split(separator: "(").first.map(String.init) ?? ""
        default: "\(self)"
        }
    }

    fileprivate var isPodWrite: Bool {
        if case .annotatePod = self { true } else { false }
    }
}

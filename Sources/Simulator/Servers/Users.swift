internal import Contract
internal import Core
internal import JSON
internal import Models

/// The people of one cluster: a few pod names that come, go, move and change, as StatefulSets, jobs and impatient hands make them.
final class Users {
    enum Kind: Equatable {
        case plain
        /// static
        case fixed
        case listed(AddressID)
        /// no EIP
        case nothing
    }
    final class Name {
        let key: Key
        var kind: Kind
        var bandwidth = 100
        /// what `claim-expired-duration` says, if it is there; it is for static ones
        var expiredDuration: String?
        /// what was last written for it is nonsense
        var isMistyped = false
        /// it is away for long: nobody thinks of it before then
        var awayUntil: Instant?
        init(_ key: Key, _ kind: Kind) {
            self.key = key
            self.kind = kind
        }
    }

    private unowned let cluster: Cluster
    private var sim: Simulation { cluster.sim }
    private(set) var names: [Name] = []
    /// UID of the StatefulSet of the static pods
    private var setUID = ""
    /// how many pods it has: those of higher ordinals stay away
    private var setReplicas = Int.max
    /// the user's own EIPs that were bought for names that changed
    private var spares: [AddressID] = []
    private var isTending = false
    /// pods that were told to end with their namespace
    private var ended: Set<String> = []

    init(_ cluster: Cluster) { self.cluster = cluster }

    func begin() {
        let account = cluster.account
        let listed = sim.draw.listsAcross ? account.listed : account.cloud.addUserAddress()
        for number in 0..<sim.draw.names {
            let namespace = Cluster.namespaces[number % Cluster.namespaces.count]
            let lists = number == 2 || number == 3 && sim.draw.listsTwice
            let kind: Kind = number == 0 ? .fixed : number == 1 ? .plain : lists ? .listed(listed) : sim.chance.pick(.plain, .fixed)
            let name = Name(cluster.key(namespace, lists ? "own-0" : "web-\(number)"), kind)
            name.expiredDuration = sim.chance.pick(nil, nil, "5m", "0")
            names.append(name)
        }
        makeSet()
        for name in names {
            sim.after(sim.chance.milliseconds(0...3000)) { [self] in create(name) }
            churn(name)
        }
    }

    private func makeSet() {
        cluster.attempt { api, now throws(APIStatus) in
            let set: JSONValue = [
                "metadata": ["name": "web"],
                "spec": [
                    "serviceName": "web", "replicas": 1, "selector": ["matchLabels": ["app": "web"]],
                    "template": ["metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "c", "image": "i"]]]],
                ],
            ]
            setUID = try api.create(set, in: .statefulSets, namespace: Cluster.namespaces[0], now: now)["metadata"]["uid"].string ?? ""
        }
    }

    /// Whether the pod's owner is there: the model keeps no controllers here, so a set is there unless it was re-created since.
    func surroundings(_ key: Key, _ owner: Owner?) -> Surroundings {
        let set = cluster.api.find(ObjectRef(.statefulSets, namespace: Cluster.namespaces[0], name: "web"))
        let isGone = owner.map { $0.uid != set?["metadata"]["uid"].string } ?? false
        return Surroundings(namespaceTerminating: cluster.hasEnded(key.namespace), ownerGone: isGone)
    }

    // MARK: what they do

    private func churn(_ name: Name) {
        sim.after(sim.chance.around(sim.draw.churnEvery)) { [self] in
            guard sim.isFaulty else { return }
            act(name)
            churn(name)
        }
    }

    private func act(_ name: Name) {
        let pod = cluster.pods[name.key]
        let claim = cluster.claims[name.key]
        guard let pod else {
            if isAwayForLong(name) { return }
            let turn = sim.chance.below(10)
            if turn < sim.draw.returns, !isScaledAway(name) { create(name) } else if turn == 9, claim != nil { deleteClaim(name.key) }
            return
        }
        switch sim.chance.below(20) {
        case 0..<8: delete(name, pod)
        case 8, 9: forceDelete(name, pod)
        case 10, 11: complete(name, pod)
        case 12, 13, 14:
            if claim != nil { deleteClaim(name.key) }
            // The EIP that the claim leaves to the pod's next one is not what the pod asks for by then.
            if sim.chance.below(3) == 0 { sim.after(sim.chance.milliseconds(0...5000)) { [self] in if sim.isFaulty { changeMind(name) } } }
        case 15:
            if claim != nil { deleteClaim(name.key) }
            delete(name, pod)
        case 16: changeBandwidth(name, pod)
        case 17: changePolicy(name, pod)
        case 18: sim.chance.below(2) == 0 ? replaceSet() : scaleSet()
        case 19: changeMind(name)
        default: preconditionFailure("below 20")
        }
    }

    /// Static claims expire of which nobody thinks for long.
    private func isAwayForLong(_ name: Name) -> Bool {
        guard sim.draw.staysAway, name.kind == .fixed else { return false }
        if name.awayUntil == nil { name.awayUntil = sim.now + sim.chance.pick(.zero, .zero, sim.chance.seconds(60...500)) }
        return sim.now < name.awayUntil!
    }

    func annotations(_ name: Name) -> JSONValue {
        var notes: JSONValue = .object([:])
        switch name.kind {
        case .plain: notes["tke.cloud.tencent.com/eip-attributes"] = .string(#"{"Bandwidth":\#(name.bandwidth)}"#)
        case .fixed:
            notes["tke.cloud.tencent.com/eip-attributes"] = .string(#"{"Bandwidth":\#(name.bandwidth)}"#)
            notes["tke.cloud.tencent.com/eip-claim-delete-policy"] = "Never"
            if let text = name.expiredDuration { notes["tke.cloud.tencent.com/claim-expired-duration"] = .string(text) }
        case .listed(let id):
            // by the pod's ordinal: those before it are for pods that are not there
            let others = (0..<(name.key.ordinal ?? 0)).map { "eip-other00\($0)" }
            notes["tke.cloud.tencent.com/eip-id-list"] = .string((others + [id.rawValue]).joined(separator: ","))
        case .nothing: return notes
        }
        guard name.isMistyped else { return notes }
        let (attributes, list) = ("tke.cloud.tencent.com/eip-attributes", "tke.cloud.tencent.com/eip-id-list")
        if case .listed = name.kind { notes[list] = "eip_1" } else { notes[attributes] = #"{"Bandwidth":"much"}"# }
        return notes
    }

    /// - Parameter before: a pod of that name whose node is taken again, where there is room, and where its private IP may be free.
    private func create(_ name: Name, after before: Pod? = nil) {
        guard cluster.pods[name.key] == nil, !isScaledAway(name), let (node, index) = cluster.kubelet.schedule(before?.nodeName) else { return }
        mistype(name)
        name.awayUntil = nil
        var pod: JSONValue = [
            "metadata": ["name": .string(name.key.name), "namespace": .string(name.key.namespace)],
            "spec": ["nodeName": .string(node), "containers": [["name": "c", "image": "i"]]],
        ]
        pod["metadata"]["annotations"] = annotations(name)
        if isOfSet(name) {
            pod["metadata"]["ownerReferences"] = [
                ["apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": .string(setUID), "controller": true]
            ]
        }
        let body = pod
        cluster.attempt { api, now throws(APIStatus) in try api.create(body, in: .pods, namespace: name.key.namespace, now: now) }
        guard let uid = cluster.pods[name.key]?.uid else { return }
        sim.note { "\(self.cluster.label(name.key)): pod \(uid.prefix(8)) created on \(node)" }
        let starts = sim.chance.milliseconds(before == nil ? 50...2500 : 50...500)
        sim.after(starts) { [self] in cluster.kubelet.run(name.key, uid, on: index) }
        if sim.isFaulty, sim.chance.below(100) < sim.draw.fleeting { sim.after(sim.chance.milliseconds(0...2000)) { [self] in passBy(name, uid) } }
    }

    private func delete(_ name: Name, _ pod: Pod) {
        guard !pod.isTerminating else { return }
        sim.note { "\(self.cluster.label(name.key)): pod \(pod.uid.prefix(8)) deleted" }
        cluster.attempt { api, now throws(APIStatus) in _ = try api.delete(cluster.podRef(name.key), now: now) }
        cluster.kubelet.end(name.key, pod.uid)
    }

    /// Gone from the API server at once; the node ends it when it hears of it.
    private func forceDelete(_ name: Name, _ pod: Pod) {
        sim.note { "\(self.cluster.label(name.key)): pod \(pod.uid.prefix(8)) deleted by force" }
        cluster.kubelet.remove(name.key, pod.uid)
        sim.after(sim.chance.milliseconds(0...3000)) { [self] in cluster.kubelet.free(pod.uid) }
        let place = sim.chance.pick(nil, pod, pod)
        if sim.chance.below(2) == 0 { sim.after(sim.chance.milliseconds(0...500)) { [self] in create(name, after: place) } }
    }

    /// It goes as soon as it has come, as with whoever changed their mind, or by an admission that came too late.
    private func passBy(_ name: Name, _ uid: String) {
        guard sim.isFaulty, let pod = cluster.pods[name.key], pod.uid == uid else { return }
        forceDelete(name, pod)
    }

    /// It ends by itself, or is evicted, and is there until somebody deletes it.
    private func complete(_ name: Name, _ pod: Pod) {
        guard !pod.hasEnded, pod.podIP != nil else { return }
        let phase = name.kind == .plain ? "Succeeded" : "Failed"
        sim.note { "\(self.cluster.label(name.key)): pod \(pod.uid.prefix(8)) ends, \(phase)" }
        cluster.kubelet.report(name.key, pod.uid) { $0["phase"] = .string(phase) }
        sim.after(sim.chance.milliseconds(0...1000)) { [self] in cluster.kubelet.free(pod.uid) }
    }

    /// Nobody wants these EIPs of theirs for now.
    func giveUp(_ ids: [AddressID]) {
        for name in names {
            guard case .listed(let id) = name.kind, ids.contains(id) else { continue }
            if let pod = cluster.pods[name.key] { delete(name, pod) }
            if cluster.claims[name.key] != nil { deleteClaim(name.key) }
        }
    }

    private func deleteClaim(_ key: Key) {
        sim.note { "\(self.cluster.label(key)): claim deleted" }
        sim.checks.userDeletes(cluster, key)
        cluster.account.faults.overlookSoon(cluster.claims[key]?.spec.addressID)
        cluster.attempt { api, now throws(APIStatus) in _ = try api.delete(cluster.claimRef(key), now: now) }
    }

    private func changeBandwidth(_ name: Name, _ pod: Pod) {
        name.bandwidth = 1 + sim.chance.below(100)
        annotate(name)
    }

    private func changePolicy(_ name: Name, _ pod: Pod) {
        switch name.kind {
        case .plain: name.kind = .fixed
        case .fixed: name.kind = .plain
        case .listed, .nothing: return
        }
        annotate(name)
    }

    /// An EIP of theirs instead of one that is allocated, another of theirs, the other way round, or none at all.
    private func changeMind(_ name: Name) {
        let before = name.kind
        var listed: Kind { .listed(spare(not: before)) }
        switch before {
        case .plain, .fixed: name.kind = sim.chance.pick(listed, listed, .nothing)
        case .listed: name.kind = sim.chance.pick(listed, .plain, .fixed, .nothing)
        case .nothing: name.kind = sim.chance.pick(listed, .plain, .fixed)
        }
        // what it had is not wanted any more, static or not
        sim.checks.userDeletes(cluster, name.key)
        annotate(name)
    }

    /// One of the user's own EIPs that no other name of this cluster lists.
    private func spare(not kind: Kind) -> AddressID {
        let taken = names.compactMap { name in if case .listed(let id) = name.kind { id } else { nil } }
        let free = spares.filter { !taken.contains($0) }
        if let id = free.first, free.count > 1 || spares.count >= 3 { return id }
        let id = cluster.account.cloud.addUserAddress()
        spares.append(id)
        return id
    }

    private func mistype(_ name: Name) {
        name.isMistyped = sim.isFaulty && sim.chance.below(100) < sim.draw.faults.mistype
        if name.isMistyped { sim.happened(.mistype) }
    }

    private func annotate(_ name: Name) {
        mistype(name)
        var notes = annotations(name)
        for key in ["eip-attributes", "eip-id-list", "eip-claim-delete-policy"].map({ "tke.cloud.tencent.com/\($0)" }) where notes[key].isNull {
            notes[key] = .null
        }
        let patch: JSONValue = ["metadata": ["annotations": notes]]
        sim.note { "\(self.cluster.label(name.key)): annotated \(notes)" }
        cluster.attempt { api, _ throws(APIStatus) in _ = try api.patch(.merge(patch), at: cluster.podRef(name.key)) }
    }

    /// The StatefulSet is deleted and made anew: its pods are of an owner that is gone.
    private func replaceSet() {
        cluster.attempt { api, now throws(APIStatus) in
            _ = try api.delete(ObjectRef(.statefulSets, namespace: Cluster.namespaces[0], name: "web"), now: now)
        }
        makeSet()
        for name in names where isOfSet(name) {
            if let pod = cluster.pods[name.key] { delete(name, pod) }
        }
    }

    private func isOfSet(_ name: Name) -> Bool { name.kind == .fixed && name.key.namespace == Cluster.namespaces[0] }
    private func isScaledAway(_ name: Name) -> Bool { isOfSet(name) && (name.key.ordinal ?? 0) >= setReplicas }

    /// The StatefulSet is to have more pods, or fewer: those of the highest ordinals go, and keep their claims.
    private func scaleSet() {
        setReplicas = sim.chance.below(names.count + 1)
        sim.note { "\(self.cluster.link.name): the StatefulSet is scaled to \(self.setReplicas)" }
        let patch: JSONValue = ["spec": ["replicas": .int(setReplicas)]]
        cluster.attempt { api, _ throws(APIStatus) in
            _ = try api.patch(.merge(patch), at: ObjectRef(.statefulSets, namespace: Cluster.namespaces[0], name: "web"))
        }
        for name in names.reversed() where isOfSet(name) {
            if isScaledAway(name), let pod = cluster.pods[name.key] { delete(name, pod) }
        }
        for name in names where isOfSet(name) && !isScaledAway(name) { create(name) }
    }

    /// A namespace is deleted with all that is in it; when the last of it is gone, it is made anew.
    func endNamespace() {
        let name = sim.chance.pick(of: Cluster.namespaces)
        guard !cluster.hasEnded(name) else { return }
        sim.note { "\(self.cluster.link.name): namespace \(name) deleted" }
        cluster.attempt { api, now throws(APIStatus) in _ = try api.delete(ObjectRef(.namespaces, name: name), now: now) }
        tend()
    }

    /// What the namespace controller does, and the kubelets with the pods that it deletes.
    private func tend() {
        guard !isTending, Cluster.namespaces.contains(where: cluster.hasEnded) else { return }
        isTending = true
        sim.after(.seconds(1)) { [self] in
            isTending = false
            // kind after kind, in an order that differs
            let spared: Set<Resource> = sim.chance.pick([], [.pods], [cluster.claimResource])
            cluster.attempt { api, now throws(APIStatus) in api.stepNamespaces(sparing: spared, now: now) }
            for pod in cluster.sortedPods where pod.isTerminating && cluster.hasEnded(pod.namespace) && ended.insert(pod.uid).inserted {
                cluster.kubelet.end(cluster.key(pod.namespace, pod.name), pod.uid)
            }
            for name in Cluster.namespaces where !cluster.has(name) {
                cluster.attempt { api, now throws(APIStatus) in try api.create(["metadata": ["name": .string(name)]], in: .namespaces, now: now) }
                if name == Cluster.namespaces[0] { makeSet() }
            }
            tend()
        }
    }

    /// Somebody edits a claim that is none of theirs.
    func editClaim() {
        guard !cluster.claims.isEmpty else { return }
        // those whose pod asks for nonsense as often as all others
        let odd = cluster.sortedClaims.filter { claim in names.contains { $0.isMistyped && $0.key == cluster.key(claim.namespace, claim.name) } }
        let claim = sim.chance.pick(of: odd.isEmpty || sim.chance.below(2) == 0 ? cluster.sortedClaims : odd)
        let patch: JSONValue
        switch sim.chance.below(5) {
        case 0: patch = ["metadata": ["finalizers": .null]]
        case 1: patch = ["spec": ["bandwidth": .int(1 + sim.chance.below(100))]]
        case 2:
            let ids: [AddressID] = cluster.account.cloud.model.addresses.map(\.id) + [AddressID("eip-mistyped")]
            patch = ["spec": ["addressID": .string(sim.chance.pick(of: ids).rawValue)]]
        default: patch = ["spec": ["deletePolicy": claim.spec.deletePolicy == .retain ? "Pod" : "Never"]]
        }
        // Who takes a finalizer away mostly wants the claim gone at any price.
        edit(cluster.key(claim.namespace, claim.name), patch, deletes: patch["spec"].isNull && sim.chance.below(2) == 0)
    }

    private func edit(_ key: Key, _ patch: JSONValue, deletes: Bool) {
        sim.note { "\(self.cluster.label(key)): claim edited: \(patch)" }
        sim.checks.edits {
            cluster.attempt { api, _ throws(APIStatus) in _ = try api.patch(.merge(patch), at: cluster.claimRef(key)) }
            if deletes { deleteClaim(key) }
        }
    }

    /// Perhaps, where claims are edited at all: the last thing that happens to it.
    private func loseClaim(_ key: Key) {
        guard sim.draw.faults.handEditEvery != nil, cluster.claims[key] != nil, sim.chance.below(2) == 0 else { return }
        edit(key, ["metadata": ["finalizers": .null]], deletes: true)
    }

    /// Pods that nobody ends any more are ended; half of the names that are away come back, and half of the nonsense is put right.
    func heal() {
        for name in names {
            if name.isMistyped { sim.chance.below(2) == 0 ? annotate(name) : loseClaim(name.key) }
            if let pod = cluster.pods[name.key], pod.isTerminating { cluster.kubelet.end(name.key, pod.uid) }
            if cluster.pods[name.key] == nil, sim.chance.below(2) == 0 { sim.after(sim.chance.seconds(1...20)) { [self] in create(name) } }
        }
        sim.after(.seconds(30)) { [self] in sweep() }
    }

    /// What garbage collection does with pods that no node runs, and with those of an owner that is gone.
    private func sweep() {
        for pod in cluster.sortedPods where cluster.kubelet.running[pod.uid] == nil && !pod.hasEnded {
            cluster.kubelet.remove(cluster.key(pod.namespace, pod.name), pod.uid)
        }
        for pod in cluster.sortedPods where pod.owner != nil && pod.owner?.uid != setUID && !pod.isTerminating {
            if let name = names.first(where: { $0.key == cluster.key(pod.namespace, pod.name) }) { delete(name, pod) }
        }
        for claim in cluster.sortedClaims where !claim.isDeleting && claim.status.condition(.ready)?.reason == .eipNotUsable {
            let key = cluster.key(claim.namespace, claim.name)
            // as its message says: what somebody wrote into it is another's
            if let address = claim.spec.addressID.flatMap(cluster.account.cloud.address), !Naming.owns(address, key) { deleteClaim(key) }
        }
        sim.after(.seconds(60)) { [self] in sweep() }
    }

    /// What the rollback took from the users' own objects is made again.
    func rewound() {
        tend()
        guard let set = cluster.api.find(ObjectRef(.statefulSets, namespace: Cluster.namespaces[0], name: "web")) else { return makeSet() }
        setUID = set["metadata"]["uid"].string ?? ""
    }
}

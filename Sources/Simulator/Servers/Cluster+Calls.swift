internal import Contract
internal import Core
internal import JSON
internal import Models

/// What a worker and a leader ask of the API server, each as one request.
extension Cluster {
    /// A read or a conditional write of a reconcile.
    func serve(_ effect: ReconcileEffect, _ key: Key) -> ReconcileEvent {
        switch effect {
        case .readClaim: return .claimRead(claims[key])
        case .readPod: return .podRead(pods[key])
        case .readNode(let name): return .nodeRead(kubelet.node(name))
        case .readSurroundings(let owner): return .surroundingsRead(users.surroundings(key, owner))
        case .createClaim, .addFinalizer, .replaceSpec, .replaceStatus, .deleteClaim, .removeFinalizer, .annotatePod: return write(effect, key)
        case .readNetworkInterface, .observe, .listNamed, .acquire, .allocate, .associate, .disassociate, .release, .modifyBandwidth, .say, .took, .record,
            .finish:
            preconditionFailure("\(effect) is not for the API server")
        }
    }

    private func write(_ effect: ReconcileEffect, _ key: Key) -> ReconcileEvent {
        do {
            switch effect {
            case .createClaim(let spec):
                let body = try JSONValue(parsing: ClaimEncoder.create(namespace: key.namespace, name: key.name, spec: spec))
                return try request { api, now in try written(api.create(body, in: claimResource, namespace: key.namespace, now: now)) }
            case .addFinalizer(let claim): return try patch(key, ClaimEncoder.finalizerAddition(to: claim))
            case .replaceSpec(let claim, let spec): return try patch(key, ClaimEncoder.spec(spec, of: claim.version))
            case .replaceStatus(let claim, let status): return try patch(key, ClaimEncoder.status(status, of: claim.version), .status)
            case .deleteClaim(let claim):
                return try request { api, now in
                    switch try api.delete(claimRef(key), DeleteOptions(uid: claim.uid, resourceVersion: claim.resourceVersion), now: now) {
                    case .removed: return .claimGone
                    case .marked(let value): return try written(value)
                    }
                }
            case .removeFinalizer(let claim):
                _ = try patch(key, ClaimEncoder.finalizerRemoval(from: claim))
                return .claimGone
            case .annotatePod(let uid, let ip):
                let body = try JSONValue(parsing: PodEncoder.publicIP(ip, podUID: uid, names: AnnotationNames()))
                try request { api, _ in _ = try api.patch(.merge(body), at: podRef(key)) }
                return pods[key].map { .podWritten($0) } ?? .refused(.notFound)
            default: preconditionFailure("\(effect) is no write")
            }
        } catch let status as APIStatus {
            return .refused(refusal(status))
        } catch { preconditionFailure("\(error)") }
    }

    private func patch(_ key: Key, _ body: [UInt8], _ part: ObjectPart = .main) throws -> ReconcileEvent {
        let patch = Patch.merge(try JSONValue(parsing: body))
        return try request { api, _ in try written(api.patch(patch, at: claimRef(key), part: part)) }
    }

    private func written(_ value: JSONValue) throws -> ReconcileEvent { .claimWritten(try ClaimDecoder.decode(value)) }

    private func refusal(_ status: APIStatus) -> ReconcileEvent.Refusal {
        switch status.reason {
        case "NotFound": .notFound
        case "AlreadyExists": .alreadyExists
        case "Conflict": .conflict
        case "Invalid", "BadRequest": .invalid(status.message)
        default: .unavailable(status.message)
        }
    }

    // MARK: the reaper

    /// Whether the claim was as it says, and is deleted.
    func expire(_ key: Key, uid: String, resourceVersion: String) -> Bool {
        attempt { api, now throws(APIStatus) in
            _ = try api.delete(claimRef(key), DeleteOptions(uid: uid, resourceVersion: resourceVersion), now: now)
        }
    }

    // MARK: the Lease

    private var leaseRef: ObjectRef { ObjectRef(.leases, namespace: "eip-system", name: "eip-controller") }

    func readLease() -> Leadership.Event { .read(api.find(leaseRef).map(leaseRecord)) }

    func writeLease(_ record: LeaseRecord) -> Leadership.Event {
        var lease: JSONValue = [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": ["name": "eip-controller", "namespace": "eip-system"],
        ]
        if let version = record.resourceVersion { lease["metadata"]["resourceVersion"] = .string(version) }
        lease["spec"]["holderIdentity"] = .string(record.holder)
        lease["spec"]["leaseDurationSeconds"] = .int(Int(record.leaseDuration.milliseconds / 1000))
        lease["spec"]["leaseTransitions"] = .int(record.transitions)
        lease["spec"]["acquireTime"] = .string(record.acquireTime.rfc3339Micro)
        lease["spec"]["renewTime"] = .string(record.renewTime.rfc3339Micro)
        let body = lease
        let before = api.find(leaseRef).map(leaseRecord)
        do {
            let stored = try request { api, now in
                record.resourceVersion == nil
                    ? try api.create(body, in: .leases, namespace: "eip-system", now: now) : try api.replace(body, at: leaseRef, now: now)
            }
            if let before { sim.checks.takes(self, before, since: leasedAt, record) }
            leasedAt = sim.now
            return .wrote(leaseRecord(stored))
        } catch {
            return .refused
        }
    }

    private func leaseRecord(_ value: JSONValue) -> LeaseRecord {
        let spec = value["spec"]
        func time(_ name: String) -> Timestamp { spec[name].string.flatMap(Timestamp.init(rfc3339:)) ?? Timestamp(milliseconds: 0) }
        return LeaseRecord(
            holder: spec["holderIdentity"].string ?? "", leaseDuration: .seconds(spec["leaseDurationSeconds"].int ?? 0), acquireTime: time("acquireTime"),
            renewTime: time("renewTime"), transitions: spec["leaseTransitions"].int ?? 0, resourceVersion: value["metadata"]["resourceVersion"].string)
    }
}

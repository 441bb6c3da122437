internal import Contract
internal import Core
internal import JSON
internal import Kubernetes

/// One cluster's API server, as reconciling needs it: every Kubernetes effect is one call here, answered by one event.
struct ClusterPort: Sendable {
    static let claims = Resource(group: ClaimResource.group, version: ClaimResource.version, plural: ClaimResource.plural, namespaced: true)

    let client: KubernetesClient
    let names: AnnotationNames
    /// told the server's time with every answer, so that claims are stamped by its clock and not by ours
    let clock: ClusterClock

    // MARK: reads

    func readClaim(_ key: Key) async -> ReconcileEvent {
        await answer { () throws(KubernetesError) in .claimRead(try await claim(key)) }
    }

    func claim(_ key: Key) async throws(KubernetesError) -> Claim? {
        try await found { () throws(KubernetesError) in
            try await get(Self.claims.at(key.namespace, key.name)) { r throws(JSONError) in try ClaimDecoder.decode(&r) }
        }
    }

    func readPod(_ key: Key) async -> ReconcileEvent {
        await answer { () throws(KubernetesError) in .podRead(try await pod(key)) }
    }

    func pod(_ key: Key) async throws(KubernetesError) -> Pod? {
        let decoder = PodDecoder(names: names)
        return try await found { () throws(KubernetesError) in
            try await get(Resource.pods.at(key.namespace, key.name)) { r throws(JSONError) in try decoder.decode(&r) }
        }
    }

    func readNode(_ name: String) async -> ReconcileEvent {
        let decoder = NodeDecoder(names: names)
        return await answer { () throws(KubernetesError) in
            .nodeRead(
                try await found { () throws(KubernetesError) in
                    try await get(Resource.nodes.at(nil, name)) { r throws(JSONError) in try decoder.decode(&r).node }
                })
        }
    }

    /// Whether the pod's controller is still there (same UID, not being deleted) and its namespace is not going.
    func readSurroundings(_ key: Key, _ owner: Owner?) async -> ReconcileEvent {
        await answer { () throws(KubernetesError) in
            let namespace = try await found { () throws(KubernetesError) in
                try await get(Resource.namespaces.at(nil, key.namespace)) { r throws(JSONError) in try ObjectMeta.readObject(&r) }
            }
            var ownerGone = false
            if let owner, let resource = Self.workload(owner) {
                let found = try await found { () throws(KubernetesError) in
                    try await get(resource.at(key.namespace, owner.name)) { r throws(JSONError) in try ObjectMeta.readObject(&r) }
                }
                ownerGone = found?.uid != owner.uid || found?.deletionTimestamp != nil
            }
            return .surroundingsRead(Surroundings(namespaceTerminating: namespace?.deletionTimestamp != nil || namespace == nil, ownerGone: ownerGone))
        }
    }

    /// Kinds whose absence can be looked up; of others it is never concluded that they are gone.
    private static func workload(_ owner: Owner) -> Resource? {
        switch (owner.apiVersion, owner.kind) {
        case ("apps/v1", "StatefulSet"): .statefulSets
        case ("apps/v1", "ReplicaSet"): .replicaSets
        case ("apps/v1", "Deployment"): .deployments
        default: nil  // over strings
        }
    }

    // MARK: conditional writes

    func createClaim(_ key: Key, _ spec: ClaimSpec) async -> ReconcileEvent {
        await claimWrite { () throws(KubernetesError) in
            try await client.create(Self.claims.all(in: key.namespace), ClaimEncoder.create(namespace: key.namespace, name: key.name, spec: spec))
        }
    }
    func addFinalizer(_ claim: Claim) async -> ReconcileEvent { await patch(claim, ClaimEncoder.finalizerAddition(to: claim)) }
    func replaceSpec(_ claim: Claim, _ spec: ClaimSpec) async -> ReconcileEvent { await patch(claim, ClaimEncoder.spec(spec, of: claim.version)) }
    func replaceStatus(_ claim: Claim, _ status: ClaimStatus) async -> ReconcileEvent {
        await patch(claim, ClaimEncoder.status(status, of: claim.version), subresource: "status")
    }
    func removeFinalizer(_ claim: Claim) async -> ReconcileEvent {
        let event = await patch(claim, ClaimEncoder.finalizerRemoval(from: claim))
        // Somebody else's finalizer may hold it still; for us it is gone either way when it was being deleted.
        if case .claimWritten = event { return .claimGone }
        return event
    }
    func deleteClaim(_ claim: Claim) async -> ReconcileEvent {
        let event = await claimWrite { () throws(KubernetesError) in
            try await client.delete(
                Self.claims.at(claim.namespace, claim.name), DeleteOptions(uid: claim.uid, resourceVersion: claim.resourceVersion))
        }
        // Without a finalizer the answer is a Status, not a claim.
        if case .claimWritten(let written) = event, written.uid != claim.uid { return .claimGone }
        return event
    }

    func annotatePod(_ key: Key, uid: String, publicIP: String?) async -> ReconcileEvent {
        let decoder = PodDecoder(names: names)
        return await answer { () throws(KubernetesError) in
            let answer = try await client.mergePatch(
                Resource.pods.at(key.namespace, key.name), PodEncoder.publicIP(publicIP, podUID: uid, names: names))
            return .podWritten(try decode(answer) { r throws(JSONError) in try decoder.decode(&r) })
        }
    }

    /// Says it on the pod and on the claim, as far as they are there. The name of an Event is made from its words, so saying
    /// it again is answered with AlreadyExists.
    func say(_ key: Key, _ notice: Notice, at: Timestamp) async throws(KubernetesError) {
        var regarding: [Contract.ObjectEvent.Regarding] = []
        if let pod = try await pod(key) { regarding.append(pod.regarding) }
        if let claim = try await claim(key) { regarding.append(claim.regarding) }
        for subject in regarding {
            let event = Contract.ObjectEvent(regarding: subject, isWarning: notice.warning, reason: notice.reason, message: notice.message, at: at)
            do throws(KubernetesError) {
                _ = try await client.create(Resource.events.all(in: key.namespace), event.body)
            } catch {
                if error.reason != .alreadyExists { throw error }
            }
        }
    }

    // MARK: how calls become events

    private func patch(_ claim: Claim, _ body: [UInt8], subresource: String? = nil) async -> ReconcileEvent {
        await claimWrite { () throws(KubernetesError) in
            try await client.mergePatch(Self.claims.at(claim.namespace, claim.name, subresource: subresource), body)
        }
    }

    private func claimWrite(_ call: () async throws(KubernetesError) -> Answer<[UInt8]>) async -> ReconcileEvent {
        await answer { () throws(KubernetesError) in
            .claimWritten(try decode(try await call()) { r throws(JSONError) in try ClaimDecoder.decode(&r) })
        }
    }

    private func get<Value: Sendable>(
        _ path: ResourcePath, _ read: (inout JSONReader) throws(JSONError) -> Value
    ) async throws(KubernetesError) -> Value {
        let answer = try await client.get(path, read: read)
        clock.learn(answer.serverTime)
        return answer.value
    }

    private func decode<Value>(_ answer: Answer<[UInt8]>, _ read: (inout JSONReader) throws(JSONError) -> Value) throws(KubernetesError) -> Value {
        clock.learn(answer.serverTime)
        do throws(JSONError) {
            return try JSONReader.read(answer.value, read)
        } catch {
            throw KubernetesError(code: 0, reason: .unreadable, message: "the API server's answer does not read: \(error)", mayHaveBeenApplied: true)
        }
    }

    private func found<Value>(_ call: () async throws(KubernetesError) -> Value) async throws(KubernetesError) -> Value? {
        do throws(KubernetesError) {
            return try await call()
        } catch {
            if error.reason == .notFound { return nil }
            throw error
        }
    }

    private func answer(_ call: () async throws(KubernetesError) -> ReconcileEvent) async -> ReconcileEvent {
        do throws(KubernetesError) {
            return try await call()
        } catch {
            switch error.reason {
            case .conflict: return .refused(.conflict)
            case .notFound: return .refused(.notFound)
            case .alreadyExists: return .refused(.alreadyExists)
            case .invalid, .badRequest: return .refused(.invalid(error.message))
            case .unauthorized, .forbidden, .namespaceTerminating, .expired, .methodNotAllowed, .notAcceptable, .unsupportedMediaType, .tooLarge,
                .tooManyRequests, .serverTimeout,
                .timeout, .internalError, .serviceUnavailable, .unknown, .noAnswer, .unreadable, .noCredentials:
                return .refused(.unavailable(error.description))
            }
        }
    }
}

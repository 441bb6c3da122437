internal import Cloud
internal import Contract
internal import Core
internal import Kubernetes
internal import Lifecycle
internal import Observe

/// Everything outside that a worker touches: the API servers of its clusters and the cloud of its account-region. One switch
/// maps every effect to one call.
struct WorkerPort: Sendable {
    let clusters: [String: ClusterPort]
    let cloud: TencentCloudClient
    let vpcID: String
    let log: Log
    private let fault = Locked<String?>(nil)

    init(clusters: [String: ClusterPort], cloud: TencentCloudClient, vpcID: String, log: Log) {
        self.clusters = clusters
        self.cloud = cloud
        self.vpcID = vpcID
        self.log = log
    }

    /// Wall clock of the API server, boot clock of this machine. With several clusters each claim is stamped by its own; the
    /// first stands for all until then.
    func now() -> Now { clusters.min { $0.key < $1.key }?.value.clock.now() ?? LocalClock.now() }

    /// What the cloud last refused to tell, for `/readyz`.
    func lastFault() -> String? { fault.withLock { $0 } }

    func perform(_ effect: ReconcileEffect, key: Key, proof: Instant) async -> ReconcileEvent {
        guard let cluster = clusters[key.cluster] else {
            return .refused(.unavailable("cluster \(key.cluster) is not one of this controller's: no kubeconfig for it"))
        }
        switch effect {
        case .readClaim: return await cluster.readClaim(key)
        case .readPod: return await cluster.readPod(key)
        case .readNode(let name): return await cluster.readNode(name)
        case .readSurroundings(let owner): return await cluster.readSurroundings(key, owner)
        case .createClaim(let spec): return await cluster.createClaim(key, spec)
        case .addFinalizer(let claim): return await cluster.addFinalizer(claim)
        case .replaceSpec(let claim, let spec): return await cluster.replaceSpec(claim, spec)
        case .replaceStatus(let claim, let status): return await cluster.replaceStatus(claim, status)
        case .deleteClaim(let claim): return await cluster.deleteClaim(claim)
        case .removeFinalizer(let claim): return await cluster.removeFinalizer(claim)
        case .annotatePod(let uid, let ip): return await cluster.annotatePod(key, uid: uid, publicIP: ip)
        case .readNetworkInterface(let ip):
            return await answer { () throws(CloudFault) in
                .networkInterfaceRead(try await cloud.networkInterfaces(vpcID: vpcID, privateIPs: [ip])[ip])
            }
        case .allocate(let request): return await answer { () throws(CloudFault) in .allocated(try await cloud.allocate(request, proof: proof)) }
        case .associate(let id, let interface, let ip):
            return await accepted { () throws(CloudFault) in try await cloud.associate(id, networkInterfaceID: interface, privateIP: ip, proof: proof) }
        case .disassociate(let id): return await accepted { () throws(CloudFault) in try await cloud.disassociate(id, proof: proof) }
        case .release(let id): return await accepted { () throws(CloudFault) in try await cloud.release([id], proof: proof) }
        case .modifyBandwidth(let id, let megabits):
            return await accepted { () throws(CloudFault) in try await cloud.modifyBandwidth([id], to: megabits, proof: proof) }
        case .observe, .listNamed, .acquire, .say, .took, .record, .finish: preconditionFailure("\(effect) is answered inside")
        }
    }

    private func answer(_ call: () async throws(CloudFault) -> ReconcileEvent) async -> ReconcileEvent {
        do throws(CloudFault) { return try await call() } catch { return .failed(error) }
    }
    private func accepted(_ call: () async throws(CloudFault) -> Void) async -> ReconcileEvent {
        do throws(CloudFault) {
            try await call()
            return .accepted
        } catch { return .failed(error) }
    }

    func say(_ key: Key, _ notice: Notice) async {
        guard let cluster = clusters[key.cluster] else { return }
        do throws(KubernetesError) {
            try await cluster.say(key, notice, at: cluster.clock.now().wall)
        } catch {
            let fields = [Field.key(key), Field("reason", notice.reason.rawValue), Field("error", error.description)]
            // A namespace that is being deleted takes nothing new, and nobody will look for the Event there.
            if error.reason == .namespaceTerminating { return log.debug("no Event: its namespace is being deleted", fields) }
            log.warning("cannot record an Event", fields)
        }
    }

    // MARK: the mirror's calls

    func list(offset: Int, limit: Int) async -> CloudMirror.Event {
        let sentAt = BootClock.now()
        do throws(CloudFault) {
            let page = try await cloud.describeAddresses([.tag(Naming.creatorTag)], offset: offset, limit: limit)
            fault.withLock { $0 = nil }
            return .listed(page.addresses, total: page.totalCount, offset: offset, sentAt: sentAt)
        } catch {
            fault.withLock { $0 = error.description }
            log.warning("cannot list the cloud's addresses", [Field("error", error.description)])
            return .failed(.list, error.kind, sentAt: sentAt)
        }
    }

    func describe(_ ids: [AddressID]) async -> CloudMirror.Event {
        let sentAt = BootClock.now()
        do throws(CloudFault) {
            return .described(asked: ids, found: try await cloud.describeAddresses(ids: ids), sentAt: sentAt)
        } catch {
            log.warning("cannot describe addresses", [Field("error", error.description)])
            return .failed(.describe, error.kind, sentAt: sentAt)
        }
    }
}

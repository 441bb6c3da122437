internal import Core
internal import Models

/// One account at the cloud: the model, the way to it, and what it does to requests.
final class Cloud {
    static let vpc = "vpc-1"

    private unowned let sim: Simulation
    private(set) var model: CloudModel
    let link: Link
    /// others use up the account's requests until then
    var busyUntil: Instant?
    /// what the account may not do for now
    var unauthorised: Set<CloudAction> = []

    init(_ sim: Simulation, _ index: Int) {
        self.sim = sim
        var settings = sim.draw.cloud
        settings.seed = settings.seed &+ UInt64(index)
        model = CloudModel(settings: settings)
        link = Link(sim, "cloud", latency: sim.draw.cloudLatency)
    }

    /// What people and nodes do; a refusal is theirs.
    func console(_ body: (inout CloudModel, Timestamp) throws(CloudFault) -> Void) {
        do throws(CloudFault) { try body(&model, sim.wall) } catch { sim.note { "console: \(error)" } }
    }

    func change(_ body: (inout CloudModel) -> Void) { body(&model) }

    func addUserAddress() -> AddressID {
        do { return try model.addUserAddress(now: sim.wall) } catch { preconditionFailure("an account has room for one: \(error)") }
    }

    func address(_ id: AddressID) -> Address? { model.address(id) }

    /// What keeps it from serving a call, whatever is asked.
    private func obstacle(_ action: CloudAction) -> CloudFault? {
        if unauthorised.contains(action) { return CloudFault(.authorisation, code: "UnauthorizedOperation", message: "\(action.rawValue) is not allowed") }
        if let busyUntil, sim.now < busyUntil, sim.chance.below(4) > 0 {
            sim.happened(.throttle)
            return CloudFault(.throttled, code: "RequestLimitExceeded", message: "the account's limit of this second is used up")
        }
        if sim.isFaulty, sim.happens(.internalError, perMille: sim.draw.faults.internalError) {
            return CloudFault(.transient, code: "InternalError", message: "something went wrong")
        }
        return nil
    }

    /// A call of a reconcile. `expires`: when its signature is too old.
    func serve(_ effect: ReconcileEffect, _ key: Key, from replica: Replica, expires: Instant) -> ReconcileEvent {
        let now = sim.wall
        if sim.now > expires { return .failed(CloudFault(.authorisation, code: "AuthFailure.SignatureExpire", message: "too late")) }
        if let action = effect.action, let fault = obstacle(action) { return .failed(fault) }
        let result: Result<ReconcileEvent, CloudFault>
        switch effect {
        case .readNetworkInterface(let ip):
            result = model.networkInterfaces(ips: [ip], vpc: Cloud.vpc, by: replica.name, now: now).map { .networkInterfaceRead($0.first?.interface) }
        case .allocate(let request): result = model.allocate(request, by: replica.name, now: now).map { .allocated($0[0]) }
        case .associate(let id, let interface, let ip):
            result = model.associate(id, networkInterfaceID: interface, privateIP: ip, by: replica.name, now: now).map { _ in .accepted }
        case .disassociate(let id): result = model.disassociate(id, by: replica.name, now: now).map { _ in .accepted }
        case .release(let id): result = model.release([id], by: replica.name, now: now).map { _ in .accepted }
        case .modifyBandwidth(let id, let megabits): result = model.modifyBandwidth([id], to: megabits, by: replica.name, now: now).map { _ in .accepted }
        default: preconditionFailure("\(effect) is not for the cloud")
        }
        switch result {
        case .success(let event):
            sim.checks.executed(effect, key, from: replica, event, self)
            if effect.isMutating, sim.isFaulty, sim.happens(.throttledAfterAll, perMille: sim.draw.faults.throttledAfterAll) {
                return .failed(CloudFault(.throttled, code: "RequestLimitExceeded", message: "and yet it was done"))
            }
            return event
        case .failure(let fault):
            if case .allocate(let request) = effect { sim.checks.failed(request, key, self) }
            return .failed(fault)
        }
    }

    func list(offset: Int, limit: Int) -> Result<CloudModel.Page, CloudFault> {
        if let fault = obstacle(.describeAddresses) { return .failure(fault) }
        return model.describe(
            filters: [.tag(Naming.creatorTag)], offset: offset, limit: limit, now: sim.wall)
    }

    func describe(_ ids: [AddressID]) -> Result<[Address], CloudFault> {
        if let fault = obstacle(.describeAddresses) { return .failure(fault) }
        return model.describe(ids: ids, limit: 100, now: sim.wall)
    }
}

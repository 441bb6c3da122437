internal import Core
internal import Models

/// What goes wrong in one account's surroundings, each kind at its own times; what goes wrong with single messages is the link's,
/// with single steps the replica's.
final class Faults {
    private unowned let account: Account
    private var sim: Simulation { account.sim }
    private var chance: Chance { sim.chance }

    /// until when looks missed it last
    private var overlookedUntil: [AddressID: Instant] = [:]

    init(_ account: Account) { self.account = account }

    func begin() {
        let faults = sim.draw.faults
        every(faults.cutEvery, .cut) { [self] in cut() }
        every(faults.rewindEvery, .rewind) { [self] in chance.pick(of: account.clusters).rewind(by: UInt64(1 + chance.below(60))) }
        every(faults.compactEvery, .compact) { [self] in chance.pick(of: account.clusters).compact() }
        every(faults.emptyLogEvery, .emptyLog) { [self] in
            sim.note { "the log is emptied" }
            sim.checks.logIsEmptied()
            if chance.below(2) == 0 { account.log.model.expireAll() } else { account.log.model.recreate(now: sim.wall) }
        }
        every(faults.offlineEvery, .offline) { [self] in takeOffline() }
        every(faults.throttleEvery, nil) { [self] in
            account.cloud.busyUntil = sim.now + chance.seconds(1...20)
            sim.note { "others use up the account's requests" }
        }
        every(faults.quotaEvery, .quota) { [self] in quota() }
        every(faults.deliveryFailedEvery, .deliveryFailed) { [self] in account.cloud.change { $0.failDeliveries(1) } }
        every(faults.consoleEvery, .console) { [self] in console() }
        every(faults.nodeLossEvery, .nodeLoss) { [self] in
            let kubelet = chance.pick(of: account.clusters).kubelet!
            kubelet.lose(chance.below(kubelet.machines.count))
        }
        every(faults.restartEvery, .restart) { [self] in chance.pick(of: account.replicas).stop() }
        every(faults.interfaceMoveEvery, .interfaceMove) { [self] in
            let kubelet = chance.pick(of: account.clusters).kubelet!
            kubelet.moveInterface(chance.below(kubelet.machines.count), for: chance.seconds(2...40))
        }
        every(faults.namespaceEndEvery, .namespaceEnd) { [self] in chance.pick(of: account.clusters).users.endNamespace() }
        every(faults.handEditEvery, .handEdit) { [self] in chance.pick(of: account.clusters).users.editClaim() }
        every(faults.clockJumpEvery, .clockJump) { [self] in chance.pick(of: account.replicas).jump() }
        every(faults.overlookEvery, .overlook) { [self] in overlook() }
        every(faults.unauthorisedEvery, .unauthorised) { [self] in forbid() }
    }

    /// nil: what it sets in motion is counted when something comes of it.
    private func every(_ mean: Duration?, _ kind: FaultKind?, _ body: @escaping () -> Void) {
        guard let mean else { return }
        sim.after(chance.around(mean)) { [self] in
            guard sim.isFaulty else { return }
            if let kind { sim.happened(kind) }
            body()
            every(mean, kind, body)
        }
    }

    private var links: [Link] { account.clusters.map(\.link) + [account.cloud.link, account.log.link] }

    private func cut() {
        let link = chance.pick(of: links)
        let time = chance.pick(chance.seconds(1...15), chance.seconds(10...150))
        if chance.below(2) == 0 {
            cut(link, for: time)
        } else {
            let replica = chance.below(account.replicas.count)
            sim.note { "\(link.name) cannot be reached by replica \(replica) for \(time)" }
            link.cutOff.insert(replica)
            sim.after(time) { [self] in
                if sim.isFaulty { link.cutOff.remove(replica) }
                begin(link)
            }
        }
    }

    private func cut(_ link: Link, for time: Duration) {
        sim.note { "\(link.name) cannot be reached for \(time)" }
        link.isDown = true
        sim.after(time) { [self] in
            if sim.isFaulty { link.isDown = false }
            begin(link)
        }
    }

    /// Without the cloud every run waits for it, and keys for the runs: they have waited from now on.
    private func begin(_ link: Link) {
        if link === account.cloud.link { account.replicas.forEach(sim.checks.stoodStill) }
    }

    /// One partition of the log has no leader for a while.
    private func takeOffline() {
        let partition = account.map.partition(ofSlot: chance.below(account.map.slots), of: account.place)
        let time = chance.pick(chance.seconds(1...15), chance.seconds(10...150))
        sim.note { "the log: partition \(partition) has no leader for \(time)" }
        account.log.offline.insert(partition)
        sim.after(time) { [self] in account.log.offline.remove(partition) }
    }

    /// Somebody takes a permission away, and gives it back.
    private func forbid() {
        let action = chance.pick(of: [
            CloudAction.allocateAddresses, .associateAddress, .disassociateAddress, .releaseAddresses, .modifyAddressesBandwidth, .describeAddresses,
            .describeNetworkInterfaces,
        ])
        let time = chance.seconds(2...40)
        sim.note { "the cloud: \(action.rawValue) is not allowed for \(time)" }
        account.cloud.unauthorised.insert(action)
        sim.after(time) { [self] in account.cloud.unauthorised.remove(action) }
    }

    private func quota() {
        let time = chance.seconds(5...90)
        sim.note { "the quota of EIPs is used up for \(time)" }
        account.cloud.change { $0.settings.totalQuota = 0 }
        sim.after(time) { [self] in account.cloud.change { $0.settings.totalQuota = sim.draw.cloud.totalQuota } }
    }

    /// The cloud's looks by id miss an address that is there, or all, for less than the two minutes after which it would be believed.
    private func overlook() {
        let addresses = account.cloud.model.addresses
        guard !addresses.isEmpty else { return }
        switch chance.below(5) {
        case 0: miss(addresses.map(\.id), for: overlookTime())
        case 1: miss(addresses.map(\.id).filter(account.cloud.model.isUserOwned), for: overlookTime())
        case 2: overlookTwice(addresses.map(\.id).filter(account.cloud.model.isUserOwned))
        default: miss([addresses[chance.below(addresses.count)].id], for: overlookTime())
        }
    }

    /// What is consistent in the end is inconsistent first of all where something happens.
    func overlookSoon(_ id: AddressID?) {
        guard let id, sim.isFaulty, sim.draw.faults.overlookEvery != nil, chance.below(4) == 0 else { return }
        sim.after(chance.milliseconds(0...3000)) { [self] in
            guard sim.isFaulty else { return }
            sim.happened(.overlook)
            miss([id], for: overlookTime())
        }
    }

    /// A user's own are missed, mostly when nobody wants them any more; then the cloud is out of reach for so long that the looks before
    /// and after it are no row; then they are missed again.
    private func overlookTwice(_ ids: [AddressID]) {
        let (first, away) = (chance.seconds(1...20), sim.draw.limits.mirror.missingGapMax + chance.seconds(45...80))
        guard !ids.isEmpty else { return }
        miss(ids, for: first)
        if chance.below(3) > 0 { for cluster in account.clusters { cluster.users.giveUp(ids) } }
        sim.after(first) { [self] in
            guard sim.isFaulty else { return }
            cut(account.cloud.link, for: away)
            sim.after(away) { [self] in if sim.isFaulty { miss(ids, for: chance.seconds(10...40)) } }
        }
    }

    private func overlookTime() -> Duration { chance.pick(chance.milliseconds(100...3000), chance.seconds(1...90)) }

    private func miss(_ wanted: [AddressID], for time: Duration) {
        // A user's own is in no list. Two times of missing it that no look need come between would be one, longer than that: looks may be
        // as far apart as `missingGapMax`, and executed as late as somebody waits for them.
        let apart = sim.draw.limits.mirror.missingGapMax + .seconds(30)
        let ids = wanted.filter { id in !account.cloud.model.isUserOwned(id) || overlookedUntil[id].map { sim.now - $0 >= apart } ?? true }
        for id in ids { overlookedUntil[id] = sim.now + time }
        sim.note { "the cloud: looks miss \(ids) for \(time)" }
        account.cloud.change { $0.settings.overlooked.formUnion(ids) }
        sim.after(time) { [self] in account.cloud.change { $0.settings.overlooked.subtract(ids) } }
    }

    /// Somebody at the console does something to one of the addresses.
    private func console() {
        let addresses = account.cloud.model.addresses
        guard !addresses.isEmpty else { return }
        let address = addresses[chance.below(addresses.count)]
        let isOurs = address.tags.contains(Naming.creatorTag)
        switch chance.below(5) {
        case 0, 1:
            sim.note { "console: \(address.id) unbound" }
            account.cloud.console { model, now throws(CloudFault) in _ = try model.disassociate(address.id, by: CloudModel.console, now: now).get() }
        case 2:
            guard isOurs else { return }
            sim.note { "console: \(address.id) released" }
            account.cloud.console { model, now throws(CloudFault) in try model.vanish(address.id, now: now) }
        default:
            let time = chance.seconds(2...60)
            sim.note { "console: \(address.id) is blocked for \(time)" }
            account.cloud.console { model, now throws(CloudFault) in try model.mark(address.id, blocked: true, now: now) }
            sim.after(time) { [self] in
                account.cloud.console { model, now throws(CloudFault) in
                    if model.address(address.id) != nil { try model.mark(address.id, blocked: false, now: now) }
                }
            }
        }
    }

    /// Everything heals but, sometimes, what stays broken for good: a replica of several, a cluster of several.
    func heal() {
        for link in links {
            link.isDown = false
            link.cutOff = []
        }
        account.log.offline = []
        account.cloud.busyUntil = nil
        account.cloud.unauthorised = []
        account.cloud.change { model in
            model.settings.totalQuota = sim.draw.cloud.totalQuota
            model.failDeliveries(0)
            model.settings.overlooked = []
        }
        for address in account.cloud.model.addresses where address.isBlocked {
            account.cloud.console { model, now throws(CloudFault) in try model.mark(address.id, blocked: false, now: now) }
        }
        if account.clusters.count > 1, chance.below(3) == 0 {
            let cluster = chance.pick(of: account.clusters)
            sim.note { "\(cluster.link.name) stays unreachable" }
            cluster.link.isDown = true
        }
        if account.replicas.count > 1, chance.below(3) == 0 { chance.pick(of: account.replicas).leave() }
    }
}

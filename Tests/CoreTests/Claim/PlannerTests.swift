import Core
import Testing

/// Each row: what is known, and the one thing that follows.
@Suite struct PlannerTests {
    private func plan(_ facts: Facts, at now: Now = Build.now, _ policy: Policy = Build.policy) -> Plan.Next {
        Planner.plan(facts, now: now, policy: policy).next
    }
    private func step(_ facts: Facts, at now: Now = Build.now, _ policy: Policy = Build.policy) -> Step? {
        guard case .step(let step) = plan(facts, at: now, policy) else { return nil }
        return step
    }

    @Test func `a new pod gets a claim before anything happens at the cloud`() {
        let facts = Build.facts(pod: Build.pod(), claim: nil, address: nil)
        #expect(step(facts) == .createClaim(ClaimSpec(source: .attributes(AddressAttributes()), deletePolicy: .delete)))
    }

    @Test func `nothing is created for a pod that is going, finished or asks for nothing`() {
        for change: (inout Pod) -> Void in [
            { $0.isTerminating = true }, { $0.phase = .succeeded }, { $0.phase = .failed }, { $0.want = .none },
        ] {
            #expect(plan(Build.facts(pod: Build.pod(change), claim: nil, address: nil)) == .rest(.settled))
        }
        #expect(plan(Build.facts(pod: nil, claim: nil, address: nil)) == .rest(.settled))
    }

    @Test func `nonsense in an annotation is said and settles without a cloud call`() {
        let problem = Problem(.invalidAnnotation, "write something else")
        let plan = Planner.plan(
            Build.facts(pod: Build.pod { $0.want = .invalid(problem) }, claim: nil, address: nil), now: Build.now, policy: Build.policy)
        #expect(plan.next == .rest(.settled))
        #expect(plan.notice == Notice(warning: true, reason: .invalidAnnotation, message: "write something else"))
    }

    @Test func `the ordinal picks the entry of the list, and beyond the list it is said`() {
        let list = [AddressID("eip-aaaaaaaa"), AddressID("eip-bbbbbbbb")]
        var key = Build.key
        key.name = "web-1"
        var facts = Facts(key: key)
        facts.claim = .read(nil)
        facts.pod = .read(Build.pod { $0.want = .list(list) })
        facts.named = .read(NamedAddresses(addresses: [], listedAt: Build.now.instant))
        #expect(step(facts) == .createClaim(ClaimSpec(source: .listed(list[1]), deletePolicy: .delete, addressID: list[1])))
        facts.key.name = "web-2"
        let plan = Planner.plan(facts, now: Build.now, policy: Build.policy)
        #expect(plan.next == .rest(.settled))
        #expect(plan.notice?.reason == .ordinalBeyondList)
    }

    @Test func `an address of this name is adopted before another is allocated`() {
        let claim = Build.claim { $0.spec.addressID = nil }
        let other = Build.address { $0.id = AddressID("eip-00000009") }
        var spec = claim.spec
        spec.addressID = other.id
        #expect(step(Build.facts(pod: Build.pod(), claim: claim, address: nil, named: [other])) == .updateSpec(spec))
        guard case .allocate(let request) = step(Build.facts(pod: Build.pod(), claim: claim, address: nil)) else {
            Issue.record("allocates when nothing is there")
            return
        }
        #expect(request.name == "team_web-0")
        #expect(request.tags.prefix(2) == [Naming.creatorTag, Tag(key: Naming.clusterTagKey, value: "cluster-1")])
        var unlisted = Build.facts(pod: Build.pod(), claim: claim, address: nil)
        unlisted.named = .unread
        #expect(plan(unlisted) == .need(.named))
    }

    @Test func `of several addresses of this name the one bound to the pod is kept`() {
        let claim = Build.claim { $0.spec.addressID = nil }
        let idle = Build.address { $0.id = AddressID("eip-00000002") }
        let bound = Build.address(.bind) { $0.id = AddressID("eip-00000003") }
        let leaving = Build.address(.offlining) { $0.id = AddressID("eip-00000004") }
        guard case .updateSpec(let spec) = step(Build.facts(pod: Build.pod(), claim: claim, address: nil, named: [leaving, idle, bound])) else {
            Issue.record("adopts")
            return
        }
        #expect(spec.addressID == bound.id)
    }

    @Test func `every address state has one answer for a living pod`() {
        let table: [(AddressStatus, Plan.Next)] = [
            (.creating, .rest(.awaitAddress(Build.id))), (.binding, .rest(.awaitAddress(Build.id))),
            (.unbinding, .rest(.awaitAddress(Build.id))), (.offlining, .rest(.awaitAddress(Build.id))),
            (.unbind, .step(.associate(Build.id, Build.target))),
        ]
        for (status, next) in table { #expect(plan(Build.facts(pod: Build.pod(), claim: Build.claim(), address: Build.address(status))) == next) }
    }

    @Test func `a binding read back is confirmed, then written to the pod, then all is settled`() {
        let claim = Build.claim()
        guard case .writeStatus(let status) = step(Build.facts(pod: Build.pod(), claim: claim, address: Build.address(.bind))) else {
            Issue.record("confirms")
            return
        }
        #expect(status == Build.boundStatus())
        let bound = Build.claim { $0.status = status }
        #expect(step(Build.facts(pod: Build.pod(), claim: bound, address: Build.address(.bind))) == .annotatePod(publicIP: "1.2.3.4"))
        let done = Build.pod { $0.publicIPAnnotation = "1.2.3.4" }
        #expect(plan(Build.facts(pod: done, claim: bound, address: Build.address(.bind))) == .rest(.settled))
    }

    @Test func `a binding to another IP, interface or instance is never confirmed`() {
        let claim = Build.claim()
        #expect(
            step(Build.facts(pod: Build.pod { $0.podIP = "10.0.0.6" }, claim: claim, address: Build.address(.bind))) == .disassociate(Build.id))
        #expect(
            step(Build.facts(pod: Build.pod(), claim: claim, address: Build.address(.bind) { $0.networkInterfaceID = "eni-2" }))
                == .disassociate(Build.id))
        #expect(step(Build.facts(pod: Build.pod { $0.podIP = nil }, claim: claim, address: Build.address(.bind))) == .disassociate(Build.id))
        var elsewhere = Build.facts(pod: Build.pod(), claim: claim, address: Build.address(.bind))
        elsewhere.networkInterface = .read(NetworkInterface(id: "eni-1", instanceID: "ins-2"))
        guard case .writeStatus(let status) = step(elsewhere) else {
            Issue.record("waits for the interface to be on the pod's node")
            return
        }
        #expect(!status.isReady && status.condition(.ready)?.reason == .waitingForNetworkInterface)
    }

    @Test func `a pod back with a new UID at the same IP is confirmed anew`() {
        let claim = Build.claim { $0.status = Build.boundStatus() }
        guard case .writeStatus(let status) = step(Build.facts(pod: Build.pod { $0.uid = "uid-2" }, claim: claim, address: Build.address(.bind)))
        else {
            Issue.record("confirms for the new pod")
            return
        }
        #expect(status.binding?.target.podUID == "uid-2")
    }

    @Test func `a non-static pod that is gone has its EIP unbound, released, its claim deleted, in this order`() {
        let bound = Build.claim { $0.status = Build.boundStatus() }
        #expect(step(Build.facts(pod: nil, claim: bound, address: Build.address(.bind))) == .disassociate(Build.id))
        #expect(plan(Build.facts(pod: nil, claim: bound, address: Build.address(.unbinding))) == .rest(.awaitAddress(Build.id)))
        #expect(step(Build.facts(pod: nil, claim: bound, address: Build.address())) == .release(Build.id))
        #expect(plan(Build.facts(pod: nil, claim: bound, address: Build.address(.offlining))) == .rest(.awaitAddress(Build.id)))
        var gone = Build.facts(pod: nil, claim: bound, address: nil)
        #expect(plan(gone) == .rest(.again(.seconds(1))))
        gone.memory.released = Build.id
        #expect(step(gone) == .deleteClaim)
        gone.claim = .read(Build.claim { $0.isDeleting = true })
        #expect(step(gone) == .removeFinalizer)
    }

    @Test func `a finished pod counts as gone, a terminating one with a living container does not`() {
        let bound = Build.claim { $0.status = Build.boundStatus() }
        for change: (inout Pod) -> Void in [
            { $0.phase = .succeeded }, { $0.phase = .failed },
            {
                $0.isTerminating = true
                $0.containersTerminated = true
            },
        ] {
            #expect(step(Build.facts(pod: Build.pod(change), claim: bound, address: Build.address(.bind))) == .disassociate(Build.id))
        }
        let leaving = Build.pod {
            $0.isTerminating = true
            $0.publicIPAnnotation = "1.2.3.4"
        }
        #expect(plan(Build.facts(pod: leaving, claim: bound, address: Build.address(.bind))) == .rest(.settled))
    }

    @Test func `a static EIP is unbound and kept, and the next pod of the name gets it`() {
        let claim = Build.claim {
            $0.spec.deletePolicy = .retain
            $0.status = Build.boundStatus()
        }
        #expect(step(Build.facts(pod: nil, claim: claim, address: Build.address(.bind))) == .disassociate(Build.id))
        guard case .writeStatus(let status) = step(Build.facts(pod: nil, claim: claim, address: Build.address())) else {
            Issue.record("retains")
            return
        }
        #expect(status.phase == .retained && status.binding == nil && status.expiresAt == nil)
        let retained = Build.claim {
            $0.spec.deletePolicy = .retain
            $0.status = status
        }
        #expect(plan(Build.facts(pod: nil, claim: retained, address: Build.address())) == .rest(.settled))
        let back = Build.pod {
            $0.uid = "uid-2"
            $0.deletePolicy = .retain
        }
        guard case .associate(Build.id, let target) = step(Build.facts(pod: back, claim: retained, address: Build.address())) else {
            Issue.record("binds it to the next pod")
            return
        }
        #expect(target.podUID == "uid-2")
    }

    @Test func `expiry counts from the observed absence and the pod's own duration wins`() {
        let claim = Build.claim {
            $0.spec.deletePolicy = .retain
            $0.spec.expireAfter = .seconds(600)
        }
        var policy = Build.policy
        policy.expireAfter = .seconds(3600)
        guard case .writeStatus(let status) = step(Build.facts(pod: nil, claim: claim, address: Build.address()), policy) else {
            Issue.record("retains")
            return
        }
        #expect(status.expiresAt == Build.wall + .seconds(600))
    }
    private func step(_ facts: Facts, _ policy: Policy) -> Step? { step(facts, at: Build.now, policy) }

    @Test func `an EIP the user owns is unbound and never released`() {
        let own = Build.address(.bind) {
            $0.name = "mine"
            $0.tags = []
        }
        let claim = Build.claim {
            $0.spec.source = .listed(Build.id)
            $0.status = Build.boundStatus()
        }
        #expect(step(Build.facts(pod: nil, claim: claim, address: own)) == .disassociate(Build.id))
        var unbound = own
        unbound.status = .unbind
        #expect(step(Build.facts(pod: nil, claim: claim, address: unbound)) == .deleteClaim)
        let deleting = Build.claim {
            $0.spec.source = .listed(Build.id)
            $0.isDeleting = true
        }
        #expect(step(Build.facts(pod: nil, claim: deleting, address: unbound)) == .removeFinalizer)
    }

    @Test func `a claim is not Ready any more when its EIP is somewhere else`() {
        let claim = Build.claim {
            $0.spec.source = .listed(Build.id)
            $0.status = Build.boundStatus()
        }
        let elsewhere = Build.address(.bind) {
            $0.tags = []
            $0.privateIP = "10.9.9.9"
        }
        let facts = Build.facts(pod: Build.pod { $0.want = .list([Build.id]) }, claim: claim, address: elsewhere)
        guard case .writeStatus(let status) = step(facts) else {
            Issue.record("says it")
            return
        }
        #expect(!status.isReady && status.phase == .failed && status.condition(.ready)?.reason == .eipInUse)
    }

    @Test func `a listed EIP bound by hand, lost, in arrears or of the controller's own is left alone and said`() {
        let pod = Build.pod { $0.want = .list([Build.id]) }
        let claim = Build.claim { $0.spec.source = .listed(Build.id) }
        func reason(_ address: Address?) -> Reason? {
            guard case .writeStatus(let status) = step(Build.facts(pod: pod, claim: claim, address: address)) else { return nil }
            return status.condition(.ready)?.reason
        }
        let own = Build.address { $0.tags = [] }
        #expect(
            reason(
                Build.address(.bind) {
                    $0.tags = []
                    $0.privateIP = "10.9.9.9"
                }) == .eipInUse)
        #expect(reason(nil) == .eipNotFound)
        #expect(reason(Build.address()) == .eipNotUsable)
        var arrears = own
        arrears.isArrears = true
        #expect(reason(arrears) == .eipNotUsable)
        var cascade = own
        cascade.cascadeRelease = true
        #expect(reason(cascade) == .eipNotUsable)
    }

    @Test func `nothing is released that does not carry creator, cluster and name`() {
        for change: (inout Address) -> Void in [
            { $0.tags.removeFirst() }, { $0.tags.removeLast() }, { $0.name = "team_web-1" },
            { $0.tags[1].value = "another cluster" },
        ] {
            let facts = Build.facts(pod: nil, claim: Build.claim { $0.isDeleting = true }, address: Build.address(.unbind, change))
            #expect(step(facts) == .removeFinalizer)
        }
    }

    @Test func `an address whose release is intended is never bound, and the release is finished`() {
        let claim = Build.claim { $0.status.intent = Build.intent(.release) }
        #expect(step(Build.facts(pod: Build.pod(), claim: claim, address: Build.address())) == .release(Build.id))
        let fresh = Build.claim {
            $0.status.intent = Build.intent(.release, address: AddressID("eip-00000000"))
        }
        #expect(step(Build.facts(pod: Build.pod(), claim: fresh, address: Build.address())) == .associate(Build.id, Build.target))
    }

    @Test func `after a release the next serial allocates`() {
        let claim = Build.claim { $0.status.intent = Build.intent(.release) }
        var facts = Build.facts(pod: Build.pod(), claim: claim, address: nil)
        facts.memory.released = Build.id
        var spec = claim.spec
        spec.addressID = nil
        spec.serial = 2
        #expect(step(facts) == .updateSpec(spec))
    }

    @Test func `a claim deleted under a living pod gives up its finalizer and nothing else`() {
        let deleting = Build.claim {
            $0.isDeleting = true
            $0.status = Build.boundStatus()
        }
        #expect(step(Build.facts(pod: Build.pod(), claim: deleting, address: Build.address(.bind))) == .removeFinalizer)
        var leaving = Build.facts(pod: Build.pod(), claim: deleting, address: Build.address(.bind))
        leaving.surroundings = .read(Surroundings(namespaceTerminating: true, ownerGone: false))
        #expect(plan(leaving) == .rest(.settled))
        leaving.surroundings = .read(Surroundings(namespaceTerminating: false, ownerGone: true))
        #expect(plan(leaving) == .rest(.settled))
        #expect(
            plan(Build.facts(pod: Build.pod { $0.isTerminating = true }, claim: deleting, address: Build.address(.bind))) == .rest(.settled))
    }

    @Test func `the finalizer leaves only when the outcome of an Allocate is known`() {
        let pending = Build.claim {
            $0.isDeleting = true
            $0.spec.addressID = nil
            $0.status.intent = Build.intent(.allocate, address: nil)
        }
        var facts = Build.facts(pod: nil, claim: pending, address: nil)
        guard case .rest(.again(let wait)) = plan(facts) else {
            Issue.record("waits for the request's life")
            return
        }
        #expect(wait == .seconds(85))
        let later = Now(instant: Build.now.instant + wait, wall: Build.wall + wait)
        #expect(plan(facts, at: later) == .need(.namedSince(later.instant)))
        facts.named = .read(NamedAddresses(addresses: [], listedAt: later.instant))
        #expect(step(facts, at: later) == .removeFinalizer)
        facts.named = .read(NamedAddresses(addresses: [Build.address()], listedAt: later.instant))
        guard case .updateSpec(let spec) = step(facts, at: later) else {
            Issue.record("records what the list shows")
            return
        }
        #expect(spec.addressID == Build.id)
    }

    @Test func `a spent token is followed by a new serial, after looking by name`() {
        let claim = Build.claim { $0.spec.addressID = nil }
        var facts = Build.facts(pod: Build.pod(), claim: claim, address: nil)
        facts.memory.spent = .init(serial: 1, at: Build.now.instant)
        #expect(plan(facts) == .need(.namedSince(Build.now.instant + .seconds(30))))
        facts.named = .read(NamedAddresses(addresses: [], listedAt: Build.now.instant + .seconds(30)))
        var spec = claim.spec
        spec.serial = 2
        #expect(step(facts) == .updateSpec(spec))
    }

    @Test func `a lost EIP is allocated anew only for a pod that is not static`() {
        let facts = Build.facts(pod: Build.pod(), claim: Build.claim(), address: nil, missingConfirmed: true)
        guard case .updateSpec(let spec) = step(facts) else {
            Issue.record("allocates anew")
            return
        }
        #expect(spec.addressID == nil && spec.serial == 2)
        let fixed = Build.claim { $0.spec.deletePolicy = .retain }
        let pod = Build.pod { $0.deletePolicy = .retain }
        let lost = Build.facts(pod: pod, claim: fixed, address: nil, missingConfirmed: true)
        guard case .writeStatus(let status) = step(lost) else {
            Issue.record("says it")
            return
        }
        #expect(status.condition(.ready)?.reason == .eipLost)
        var replace = Build.policy
        replace.replacesLostStatic = true
        #expect(step(lost, replace) == .updateSpec(spec.with { $0.deletePolicy = .retain }))
    }

    @Test func `a changed bandwidth changes the EIP, not its identity`() {
        let pod = Build.pod { $0.want = .attributes(AddressAttributes(bandwidth: 20)) }
        let claim = Build.claim { $0.status = Build.boundStatus() }
        #expect(step(Build.facts(pod: pod, claim: claim, address: Build.address(.bind))) == .modifyBandwidth(Build.id, megabits: 20))
        guard case .updateSpec(let spec) = step(Build.facts(pod: pod, claim: claim, address: Build.address(.bind) { $0.bandwidth = 20 })) else {
            Issue.record("records it")
            return
        }
        #expect(spec.source == .attributes(AddressAttributes(bandwidth: 20)) && spec.addressID == Build.id && spec.serial == 1)
    }

    @Test func `another worker's call of unknown outcome is looked at once more when it can no longer be executed`() {
        let claim = Build.claim { $0.status.intent = Build.intent(.associate) }
        guard case .writeStatus(let status) = step(Build.facts(pod: Build.pod(), claim: claim, address: Build.address(.bind))) else {
            Issue.record("confirms")
            return
        }
        #expect(status.nextAttemptAt == Build.wall + .seconds(60))
        let pod = Build.pod { $0.publicIPAnnotation = "1.2.3.4" }
        let confirmed = Build.claim { $0.status = status }
        #expect(plan(Build.facts(pod: pod, claim: confirmed, address: Build.address(.bind))) == .rest(.again(.seconds(60))))
        let later = Now(instant: Build.now.instant + .seconds(61), wall: Build.wall + .seconds(61))
        guard case .writeStatus(let calm) = step(Build.facts(pod: pod, claim: confirmed, address: Build.address(.bind)), at: later) else {
            Issue.record("clears it")
            return
        }
        #expect(calm.nextAttemptAt == nil)
    }
}

extension ClaimSpec {
    func with(_ change: (inout ClaimSpec) -> Void) -> ClaimSpec {
        var copy = self
        change(&copy)
        return copy
    }
}

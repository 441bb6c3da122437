import Core
import Testing

/// What the simulator found in the planner, each by the facts that it came to (docs/proof.md has the stories).
@Suite struct FoundBySimulationTests {
    private func plan(_ facts: Facts, at now: Now = Build.now) -> Plan.Next { Planner.plan(facts, now: now, policy: Build.policy).next }
    private func step(_ facts: Facts, at now: Now = Build.now) -> Step? {
        guard case .step(let step) = plan(facts, at: now) else { return nil }
        return step
    }
    private func written(_ facts: Facts) -> ClaimStatus? {
        guard case .writeStatus(let status)? = step(facts) else { return nil }
        return status
    }
    private static let allocated = Memory.Allocated(claimUID: "claim-1", serial: 1, addressID: Build.id)
    private static let own = AddressID("eip-0000own1")

    // Seeds 541, 70: an allocated id dropped by a changed annotation, or by the deletion of its claim.
    @Test func `what was allocated is written down before the spec follows the pod`() {
        let pod = Build.pod { $0.want = .attributes(AddressAttributes(bandwidth: 7)) }
        var facts = Build.facts(pod: pod, claim: Build.claim { $0.spec.addressID = nil }, address: nil)
        facts.memory.allocated = Self.allocated
        #expect(step(facts) == .updateSpec(Build.claim().spec))
    }

    // Seed 68: the serial was raised, and the old order's EIP and the new one's were two.
    @Test func `while an Allocate may be executed the spec does not follow the pod`() {
        let pod = Build.pod { $0.want = .attributes(AddressAttributes(bandwidth: 7)) }
        func next(_ intent: Intent?) -> Step? {
            step(Build.facts(pod: pod, claim: Build.claim { ($0.spec.addressID, $0.status.intent) = (nil, intent) }, address: nil))
        }
        guard case .allocate(let request)? = next(Build.intent(.allocate, address: nil)) else {
            Issue.record("\(String(describing: next(Build.intent(.allocate, address: nil))))")
            return
        }
        #expect(request.attributes == AddressAttributes(), "the same order, under the same token")
        guard case .updateSpec(let spec)? = next(nil) else {
            Issue.record("\(String(describing: next(nil)))")
            return
        }
        #expect(spec.serial == 1 && spec.source == .attributes(AddressAttributes(bandwidth: 7)))
    }

    // Seeds 541, 70: an allocated id dropped by a changed annotation, or by the deletion of its claim.
    @Test func `what was allocated for a deleted claim is written down before that goes`() {
        let claim = Build.claim {
            $0.isDeleting = true
            $0.spec.addressID = nil
        }
        var facts = Build.facts(pod: Build.pod(), claim: claim, address: nil)
        facts.memory.allocated = Self.allocated
        #expect(step(facts) == .updateSpec(Build.claim().spec))
    }

    // Seeds 334, 462, 184: a new claim allocating while its predecessor's EIP was in no list yet.
    @Test func `a claim deleted under its pod goes when every list shows its EIP, so that the next one finds it`() {
        let claim = Build.claim { $0.isDeleting = true }
        let young = Build.address(.bind) { $0.createdAt = Build.wall }
        #expect(plan(Build.facts(pod: Build.pod(), claim: claim, address: young)) == .rest(.again(Build.policy.listingLag)))
        #expect(plan(Build.facts(pod: Build.pod(), claim: claim, address: nil)) == .rest(.again(.seconds(1))))
        let later = Now(instant: Build.now.instant + .seconds(31), wall: Build.wall + .seconds(31))
        #expect(step(Build.facts(pod: Build.pod(), claim: claim, address: young), at: later) == .removeFinalizer)
        // by a clock of the cloud's that is ahead of the API server's
        let ahead = Build.address(.bind) { $0.createdAt = Build.wall + .seconds(2) }
        #expect(plan(Build.facts(pod: Build.pod(), claim: claim, address: ahead)) == .rest(.again(Build.policy.listingLag + .seconds(2))))
        let astray = Build.address(.bind) { $0.createdAt = Build.wall + .seconds(3600) }
        #expect(step(Build.facts(pod: Build.pod(), claim: claim, address: astray)) == .removeFinalizer)
    }

    // Seeds 2052, 1346: an EIP given up for one that a late list still showed.
    @Test func `an EIP that is not visible yet does not give way to one that a late list still shows`() {
        let released = Build.address(.unbind) { $0.id = AddressID("eip-released") }
        #expect(plan(Build.facts(pod: Build.pod(), claim: Build.claim(), address: nil, named: [released])) == .rest(.again(.seconds(1))))
    }

    @Test func `an EIP of the pod's name without a claim gets one when nobody asks for it, and is kept`() {
        var facts = Build.facts(pod: nil, claim: nil, address: nil, named: [Build.address(.bind) { $0.bandwidth = 30 }])
        #expect(plan(facts) == .need(.address(Build.id)))
        facts.address = .read(.init(id: Build.id, reading: .present(Build.address(.bind) { $0.bandwidth = 30 }), at: Build.now.instant))
        let spec = ClaimSpec(source: .attributes(AddressAttributes(bandwidth: 30)), deletePolicy: .retain, addressID: Build.id)
        #expect(step(facts) == .createClaim(spec))
        facts.address = .read(.init(id: Build.id, reading: .missing(confirmed: false), at: Build.now.instant))
        #expect(plan(facts) == .rest(.again(.seconds(5))), "one look that misses it is not believed")
    }

    @Test(arguments: [false, true])
    func `a user's own EIP that may be bound is not left where it is because one look misses it`(mayBeBound: Bool) {
        let claim = Build.claim {
            $0.spec = ClaimSpec(source: .listed(Self.own), deletePolicy: .delete, addressID: Self.own)
            if mayBeBound { $0.status = Build.boundStatus() }
        }
        #expect(plan(Build.facts(pod: nil, claim: claim, address: nil)) == (mayBeBound ? .rest(.again(.seconds(1))) : .step(.deleteClaim)))
        #expect(step(Build.facts(pod: nil, claim: claim, address: nil, missingConfirmed: true)) == .deleteClaim)
    }

    // Seed 22: a claim gone under a living pod that was gone as well.
    @Test func `a claim deleted under a pod that is gone by now comes back to be torn down`() {
        var facts = Build.facts(pod: nil, claim: nil, address: nil)
        facts.memory.letGo = Memory.LetGo(spec: Build.claim().spec.with { $0.deletePolicy = .retain }, target: Build.target)
        #expect(step(facts) == .createClaim(Build.claim().spec))
    }

    // Seeds 251, 1012, 1260: a user's own EIP of which nobody knew any more that it was bound here.
    @Test func `a user's own EIP that was bound just now is waited for, whatever a late look shows`() {
        let intent = Intent(serial: 1, verb: .associate, addressID: Self.own, target: Build.target, at: Build.wall, by: "worker-a")
        let claim = Build.claim {
            $0.spec = ClaimSpec(source: .listed(Self.own), deletePolicy: .delete, addressID: Self.own)
            $0.status.intent = intent
        }
        let pod = Build.pod {
            $0.want = .list([Self.own])
            $0.podIP = nil
        }
        let free = Build.address(.unbind) {
            $0.id = Self.own
            $0.tags = []
        }
        var facts = Build.facts(pod: pod, claim: claim, address: free)
        facts.memory.resolved = intent
        facts.memory.acceptedAt = Build.now.instant
        #expect(plan(facts) == .rest(.awaitAddress(Self.own)))
        facts.pod = .read(nil)
        #expect(plan(facts) == .rest(.awaitAddress(Self.own)))
        // another worker does not know when it was accepted, and waits longer
        facts.memory = Memory()
        facts.pod = .read(pod)
        #expect(plan(facts) == .rest(.awaitAddress(Self.own)))
    }

    // Seeds 6, 9, 649: the claim of a user's own EIP gone while a binding could still be executed, as a later call had taken its place
    // in the claim, or as another pod had the EIP meanwhile.
    @Test func `a user's own EIP that may still be bound keeps its claim, though that is deleted, until it no longer may`() {
        let intent = Intent(serial: 1, verb: .associate, addressID: Self.own, target: Build.target, at: Build.wall, by: "worker-b")
        let claim = Build.claim {
            $0.isDeleting = true
            $0.spec = ClaimSpec(source: .listed(Self.own), deletePolicy: .delete, addressID: Self.own)
            $0.status.intent = intent
        }
        var facts = Build.facts(pod: Build.pod { $0.want = .list([Self.own]) }, claim: claim, address: nil)
        #expect(plan(facts) == .rest(.again(.seconds(65))))
        // a later call has taken its place in the claim, which still says when to look once more
        let next = Intent(serial: 1, verb: .disassociate, addressID: Self.own, target: Build.target, at: Build.wall, by: "worker-a")
        facts.claim = .read(
            claim.with {
                $0.status.intent = next
                $0.status.nextAttemptAt = Build.wall + .seconds(65)
            })
        facts.memory.resolved = next
        guard case .writeStatus(let status) = step(facts) else {
            Issue.record("that the later call was answered is written down")
            return
        }
        #expect(status.intent == nil && status.binding?.target == Build.target && status.nextAttemptAt == Build.wall + .seconds(65))
        facts.claim = .read(claim.with { $0.status = status })
        #expect(plan(facts) == .rest(.again(.seconds(65))))
        // the pod is gone, and another that lists it has it now
        let taken = Build.address(.bind) {
            $0.id = Self.own
            $0.tags = []
            $0.privateIP = "10.0.0.77"
        }
        #expect(plan(Build.facts(pod: nil, claim: claim, address: taken)) == .rest(.again(.seconds(65))))
        let later = Now(instant: Build.now.instant + .seconds(65), wall: Build.wall + .seconds(65))
        #expect(step(facts, at: later) == .removeFinalizer)
    }

    // Seed 1413: an intent has whole seconds, and the clocks of two workers differ.
    @Test func `a user's own EIP is let go a little later than its last call may be executed`() {
        let claim = Build.claim {
            $0.isDeleting = true
            $0.spec = ClaimSpec(source: .listed(Self.own), deletePolicy: .delete, addressID: Self.own)
            $0.status.intent = Intent(serial: 1, verb: .associate, addressID: Self.own, target: Build.target, at: Build.wall, by: "worker-b")
        }
        let facts = Build.facts(pod: Build.pod { $0.want = .list([Self.own]) }, claim: claim, address: nil)
        func later(_ time: Duration) -> Now { Now(instant: Build.now.instant + time, wall: Build.wall + time) }
        #expect(step(facts, at: later(.seconds(61))) != .removeFinalizer)
        #expect(step(facts, at: later(.seconds(64))) == .removeFinalizer)
    }

    // Seed 2022: a binding reported while it was being undone, the pod back at the same IP.
    @Test func `a pod that is back at the IP that was just unbound is not confirmed by a late look`() {
        var facts = Build.facts(pod: Build.pod(), claim: Build.claim(), address: Build.address(.bind))
        facts.memory.unboundAt = Build.now.instant
        #expect(plan(facts) == .rest(.awaitAddress(Build.id)))
        let intent = Build.intent(.disassociate)
        let other = Build.facts(pod: Build.pod(), claim: Build.claim { $0.status.intent = intent }, address: Build.address(.bind))
        #expect(plan(other) == .rest(.awaitAddress(Build.id)))
    }

    // Seed 28: an adopted EIP of another bandwidth.
    @Test func `an adopted EIP of another bandwidth is corrected, once a run`() {
        let claim = Build.claim { $0.status = Build.boundStatus() }
        var facts = Build.facts(pod: Build.pod { $0.publicIPAnnotation = "1.2.3.4" }, claim: claim, address: Build.address(.bind) { $0.bandwidth = 5 })
        #expect(step(facts) == .modifyBandwidth(Build.id, megabits: 100))
        facts.memory.modified = Build.id
        #expect(plan(facts) == .rest(.settled))
    }

    // Seeds 62, 79: an EIP confirmed that was seen on another instance.
    @Test func `an EIP seen on another instance is not confirmed, although its interface is the node's by now`() throws {
        let moved = Build.address(.bind) { $0.instanceID = "ins-other" }
        let claim = Build.claim { $0.status.intent = Build.intent(.associate, age: .seconds(200)) }
        let status = try #require(written(Build.facts(pod: Build.pod(), claim: claim, address: moved)))
        #expect(status.phase == .allocated && !status.isReady)
        // the cloud may leave out which instance it is
        let silent = Build.address(.bind) { $0.instanceID = nil }
        let confirmed = try #require(written(Build.facts(pod: Build.pod(), claim: claim, address: silent)))
        #expect(confirmed.phase == .bound && confirmed.isReady)
    }

    @Test func `what was accepted is not asked for again because a look is older than the answer`() {
        let claim = Build.claim { $0.status.intent = Build.intent(.disassociate) }
        for pod in [nil, Build.pod { $0.podIP = "10.0.0.9" }] {
            var facts = Build.facts(pod: pod, claim: claim, address: Build.address(.bind))
            facts.memory.resolved = claim.status.intent
            facts.memory.unboundAt = Build.now.instant - (Build.policy.describeLag - .milliseconds(1))
            #expect(plan(facts) == .rest(.awaitAddress(Build.id)))
            facts.memory.unboundAt = Build.now.instant - Build.policy.describeLag
            #expect(step(facts) == .disassociate(Build.id), "by hand, or by a call that was executed late, it is bound again")
        }
        var facts = Build.facts(pod: nil, claim: Build.claim(), address: Build.address())
        #expect(step(facts) == .release(Build.id))
        facts.memory.released = Build.id
        #expect(plan(facts) == .rest(.awaitAddress(Build.id)))
    }

    // Seed 1131: a user's own EIP left bound, as the claim went by the word of a look from just after the binding was accepted, 7 s before.
    @Test func `a look from just after a binding was accepted does not say that it is not bound, however long ago that was`() {
        let ours = Build.claim { $0.status.intent = Build.intent(.associate, age: .seconds(40)) }
        let listed = ours.with { $0.spec = ClaimSpec(source: .listed(Self.own), deletePolicy: .delete, addressID: Self.own) }
        for claim in [ours, listed] {
            var facts = Build.facts(pod: nil, claim: claim, address: Build.address { $0.id = claim.spec.addressID! })
            facts.memory.resolved = claim.status.intent
            facts.memory.acceptedAt = Build.now.instant - .seconds(30)
            facts.address = .read(.init(id: claim.spec.addressID!, reading: facts.address.value!.reading, at: Build.now.instant - .seconds(26)))
            #expect(plan(facts) == .rest(.awaitAddress(claim.spec.addressID!)))
            facts.address = .read(.init(id: claim.spec.addressID!, reading: facts.address.value!.reading, at: Build.now.instant - .seconds(25)))
            #expect(step(facts) == (claim == ours ? .release(Build.id) : .deleteClaim))
        }
    }

    // Seeds 9, 44: an absence that began before a pod that could not be served.
    @Test func `the time without a pod begins anew after every pod, also one that cannot be served`() throws {
        let earlier = Build.wall + .seconds(-500)
        let retained = Build.claim {
            $0.spec.deletePolicy = .retain
            $0.status.phase = .retained
            ($0.status.retainedSince, $0.status.expiresAt) = (earlier, earlier + .seconds(600))
        }
        let problem = Problem(.invalidAnnotation, "write something else")
        for (pod, address) in [
            (Build.pod { $0.want = .invalid(problem) }, Build.address()), (Build.pod(), Build.address { $0.isBlocked = true }),
            (Build.pod { $0.podIP = nil }, Build.address()),
        ] {
            let claim = retained.with { $0.spec.deletePolicy = pod.deletePolicy }
            let status = try #require(written(Build.facts(pod: pod, claim: claim, address: address)))
            #expect(status.phase != .retained && status.retainedSince == nil && status.expiresAt == nil)
        }
        let left = retained.with {
            $0.spec.expireAfter = .seconds(600)
            $0.status.phase = .failed
            ($0.status.retainedSince, $0.status.expiresAt) = (nil, nil)
        }
        let status = try #require(written(Build.facts(pod: nil, claim: left, address: Build.address())))
        #expect(status.phase == .retained && status.retainedSince == Build.wall && status.expiresAt == Build.wall + .seconds(600))
    }
}

import Core
import Testing

/// What follows when somebody wrote into a claim by hand.
@Suite struct PlannerRepairTests {
    private func plan(_ facts: Facts) -> Plan.Next { Planner.plan(facts, now: Build.now, policy: Build.policy).next }
    private func step(_ facts: Facts) -> Step? {
        guard case .step(let step) = plan(facts) else { return nil }
        return step
    }

    @Test func `an id written into the claim by hand gives way to the address of this pod's name`() {
        let claim = Build.claim { $0.spec.addressID = AddressID("eip-nonsense") }
        var facts = Build.facts(pod: Build.pod(), claim: claim, address: nil, named: [Build.address(.bind)])
        #expect(plan(facts) == .rest(.again(.seconds(1))))  // it may only not be visible yet
        facts = Build.facts(pod: Build.pod(), claim: claim, address: nil, missingConfirmed: true, named: [Build.address(.bind)])
        guard case .updateSpec(let spec) = step(facts) else {
            Issue.record("adopts it again")
            return
        }
        #expect(spec.addressID == Build.id && spec.serial == 1)
    }

    private static let foreign = AddressID("eip-another1")
    private static let another = Build.address(.unbind) {
        $0.id = foreign
        $0.name = "team_web-1"
    }
    private static func edited(_ change: (inout Claim) -> Void = { _ in }) -> Claim {
        Build.claim {
            $0.spec.addressID = foreign
            change(&$0)
        }
    }

    @Test func `another pod's id gives way to the address of this pod's name, whatever is to become of the claim`() {
        let own = Build.address(.unbind) { $0.createdAt = Timestamp(milliseconds: 1) }
        let deleted = Self.edited { $0.isDeleting = true }
        let retained = Self.edited { $0.spec.deletePolicy = .retain }
        for (pod, claim) in [(Build.pod(), Self.edited()), (nil, Self.edited()), (nil, deleted), (Build.pod(), deleted), (nil, retained)] {
            var unread = Build.facts(pod: pod, claim: claim, address: Self.another)
            unread.named = .unread
            #expect(plan(unread) == .need(.named))
            guard case .updateSpec(let spec) = step(Build.facts(pod: pod, claim: claim, address: Self.another, named: [own])) else {
                Issue.record("takes its own: \(claim)")
                continue
            }
            #expect(spec.addressID == Build.id && spec.serial == 1)
        }
    }

    // Found by the simulator, seed 266: the newest list was older than the EIP, and the claim went.
    @Test func `the EIP that a call was recorded for is looked for in a list that has to show it`() {
        let age = Build.policy.requestLife + Build.policy.listingLag + .seconds(10)
        let claim = Self.edited {
            $0.isDeleting = true
            $0.status.intent = Build.intent(.release, age: age)
        }
        var facts = Build.facts(pod: nil, claim: claim, address: Self.another)
        #expect(plan(facts) == .step(.removeFinalizer))
        facts.named = .read(NamedAddresses(addresses: [], listedAt: Build.now.instant - .seconds(11)))
        #expect(plan(facts) == .need(.namedSince(Build.now.instant - .seconds(10))))
        let recent = claim.with { $0.status.intent = Build.intent(.release) }
        guard case .rest(.again(let wait)) = plan(Build.facts(pod: nil, claim: recent, address: Self.another)) else {
            Issue.record("waits")
            return
        }
        #expect(wait == Build.policy.requestLife + Build.policy.listingLag - .seconds(5))
    }

    @Test func `another pod's id is waited with while an Allocate of this claim may be executed`() {
        for claim in [Self.edited(), Self.edited { $0.isDeleting = true }] {
            var asked = claim
            asked.status.intent = Build.intent(.allocate, address: nil)
            guard case .rest(.again(let wait)) = plan(Build.facts(pod: nil, claim: asked, address: Self.another)) else {
                Issue.record("waits")
                continue
            }
            #expect(wait == Build.policy.requestLife + Build.policy.listingLag - .seconds(5))
        }
    }

    @Test func `without an address of this pod's name, another's is said, and nothing is done to it`() {
        guard case .writeStatus(let status) = step(Build.facts(pod: Build.pod(), claim: Self.edited(), address: Self.another)) else {
            Issue.record("says it")
            return
        }
        #expect(status.condition(.ready)?.reason == .eipNotUsable)
        let deleted = Self.edited { $0.isDeleting = true }
        #expect(step(Build.facts(pod: nil, claim: deleted, address: Self.another)) == .removeFinalizer)
        #expect(step(Build.facts(pod: Build.pod(), claim: deleted, address: Self.another)) == .removeFinalizer)
    }

    @Test func `what is listed is what is bound, whatever was written beside it`() {
        let listed = AddressID("eip-mine")
        let claim = Self.edited { $0.spec.source = .listed(listed) }
        for pod in [Build.pod { $0.want = .list([listed]) }, nil] {
            guard case .updateSpec(let spec) = step(Build.facts(pod: pod, claim: claim, address: Self.another)) else {
                Issue.record("writes the listed id")
                continue
            }
            #expect(spec.addressID == listed)
        }
    }

    @Test func `a claim written into nonsense is said and left alone`() {
        let claim = Build.claim { $0.problem = Problem(.invalidClaim, "spec.serial must be a positive integer") }
        guard case .writeStatus(let status) = step(Build.facts(pod: nil, claim: claim, address: Build.address(.bind))) else {
            Issue.record("says it")
            return
        }
        #expect(status.condition(.ready)?.reason == .invalidClaim)
        let said = Build.claim {
            $0.problem = claim.problem
            $0.status = status
        }
        #expect(plan(Build.facts(pod: nil, claim: said, address: Build.address(.bind))) == .rest(.settled))
    }
}

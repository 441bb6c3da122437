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

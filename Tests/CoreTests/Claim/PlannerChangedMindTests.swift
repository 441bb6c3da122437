import Core
import Testing

/// What a claim had of which its pod, by its annotations, wants no more when the claim is deleted under it, or is lost.
@Suite struct `A pod that asks for something else by now` {
    private static let own = AddressID("eip-0000own1")
    private static let listing = Build.pod { $0.want = .list([own]) }
    private static let claimOfOwn = Build.claim {
        $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own)
        $0.status = Build.boundStatus()
        $0.isDeleting = true
    }
    private static let addressOfOwn = Build.address(.bind) { ($0.id, $0.name, $0.tags) = (own, "mine", []) }
    private func plan(_ facts: Facts) -> Plan.Next { Planner.plan(facts, now: Build.now, policy: Build.policy).next }

    // Found by the simulator, seeds 2 and 119: the claim went, and the next one listed the user's own EIP; nobody named this one any more.
    @Test func `has what was allocated for it released before its deleted claim goes`() {
        let claim = Build.claim {
            $0.status = Build.boundStatus()
            $0.isDeleting = true
        }
        #expect(plan(Build.facts(pod: Self.listing, claim: claim, address: Build.address(.bind))) == .step(.disassociate(Build.id)))
        #expect(plan(Build.facts(pod: Self.listing, claim: claim, address: Build.address())) == .step(.release(Build.id)))
        #expect(plan(Build.facts(pod: Self.listing, claim: claim, address: nil, missingConfirmed: true)) == .step(.removeFinalizer))
        #expect(plan(Build.facts(pod: Build.pod(), claim: claim, address: Build.address(.bind))) == .step(.removeFinalizer), "it still wants it")
    }

    @Test func `has the user's own unbound before its deleted claim goes`() {
        for pod in [Build.pod(), Build.pod { $0.want = .list([AddressID("eip-0000own2")]) }] {
            #expect(plan(Build.facts(pod: pod, claim: Self.claimOfOwn, address: Self.addressOfOwn)) == .step(.disassociate(Self.own)))
        }
        #expect(plan(Build.facts(pod: Self.listing, claim: Self.claimOfOwn, address: Self.addressOfOwn)) == .step(.removeFinalizer), "it still wants it")
    }

    @Test func `has a claim made for what is left of its name, and that is released`() throws {
        var facts = Build.facts(pod: Self.listing, claim: nil, address: nil, named: [Build.address()])
        #expect(plan(facts) == .need(.address(Build.id)))
        facts.address = .read(.init(id: Build.id, reading: .present(Build.address()), at: Build.now.instant))
        guard case .step(.createClaim(let spec)) = plan(facts) else {
            Issue.record("names what is left")
            return
        }
        #expect(spec.addressID == Build.id && !spec.isUserOwned)
        let claim = Build.claim { $0.spec = spec }
        #expect(plan(Build.facts(pod: Self.listing, claim: claim, address: Build.address())) == .step(.release(Build.id)))
        guard case .step(.createClaim(let listed)) = plan(Build.facts(pod: Self.listing, claim: nil, address: nil)) else {
            Issue.record("lists its own when nothing is left")
            return
        }
        #expect(listed.addressID == Self.own && listed.isUserOwned)
    }
}

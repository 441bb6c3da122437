import Core
import Testing

/// What runs against real servers found (docs/proof.md).
@Suite struct FoundByChaosTests {
    private func plan(_ facts: Facts, at now: Now = Build.now) -> Plan.Next { Planner.plan(facts, now: now, policy: Build.policy).next }
    /// When a release that was recorded at `Build.wall` can no longer be executed and every list shows what it did.
    private static let visible = Build.policy.requestLife + Build.policy.listingLag
    private static let later = Now(instant: Build.now.instant + visible, wall: Build.wall + visible)

    private static func releasing(_ policy: DeletePolicy = .delete, isDeleting: Bool = true) -> Claim {
        Build.claim {
            $0.isDeleting = isDeleting
            $0.spec.deletePolicy = policy
            $0.status.intent = Build.intent(.release, age: .zero)
        }
    }

    @Test(arguments: [DeletePolicy.delete, .retain])
    func `a release that another worker was killed in is believed by a list from after it, however short workers live`(_ policy: DeletePolicy) {
        var facts = Build.facts(pod: nil, claim: Self.releasing(policy), address: nil)
        #expect(plan(facts) == .rest(.again(.seconds(1))))
        #expect(plan(facts, at: Self.later) == .need(.namedSince(Self.later.instant)), "the list is from before")
        facts.named = .read(NamedAddresses(addresses: [Build.address()], listedAt: Self.later.instant))
        #expect(plan(facts, at: Self.later) == .rest(.again(.seconds(1))), "the list has it")
        facts.named = .read(NamedAddresses(addresses: [], listedAt: Self.later.instant))
        #expect(plan(facts, at: Self.later) == .step(.removeFinalizer))
    }

    @Test func `the next pod of that name gets its own EIP as soon`() {
        var facts = Build.facts(pod: Build.pod(), claim: Self.releasing(isDeleting: false), address: nil)
        #expect(plan(facts) == .rest(.again(.seconds(1))))
        facts.named = .read(NamedAddresses(addresses: [], listedAt: Self.later.instant))
        var spec = Self.releasing().spec
        (spec.addressID, spec.serial) = (nil, 2)
        #expect(plan(facts, at: Self.later) == .step(.updateSpec(spec)))
    }

    @Test func `without a recorded release a missing EIP takes two minutes to be lost`() {
        let claim = Build.claim { $0.status.intent = Build.intent(.disassociate, age: .zero) }
        var facts = Build.facts(pod: nil, claim: claim, address: nil)
        facts.named = .read(NamedAddresses(addresses: [], listedAt: Self.later.instant))
        #expect(plan(facts, at: Self.later) == .rest(.again(.seconds(1))))
        let other = Build.claim { $0.status.intent = Build.intent(.release, age: .zero, address: AddressID("eip-other")) }
        facts.claim = .read(other)
        #expect(plan(facts, at: Self.later) == .rest(.again(.seconds(1))))
    }
}

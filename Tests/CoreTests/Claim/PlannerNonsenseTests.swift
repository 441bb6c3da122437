import Core
import Testing

/// What follows when a pod that is there asks for nonsense.
@Suite struct `A pod that asks for nonsense` {
    private static let problem = Problem(.invalidAnnotation, "write something else")
    private static func pod(_ change: (inout Pod) -> Void = { _ in }) -> Pod {
        Build.pod {
            $0.want = .invalid(problem)
            change(&$0)
        }
    }
    private func plan(_ facts: Facts) -> Plan.Next { Planner.plan(facts, now: Build.now, policy: Build.policy).next }
    private func written(_ facts: Facts) -> ClaimStatus? { if case .step(.writeStatus(let status)) = plan(facts) { status } else { nil } }

    @Test func `keeps the EIP that it has, and is told`() throws {
        let claim = Build.claim { $0.status = Build.boundStatus() }
        let status = try #require(written(Build.facts(pod: Self.pod(), claim: claim, address: Build.address(.bind))))
        #expect(status.isReady && status.binding?.target == Build.target && status.condition(.ready)?.reason == .invalidAnnotation)
        #expect(plan(Build.facts(pod: Self.pod(), claim: claim.with { $0.status = status }, address: Build.address(.bind))) == .rest(.settled))
    }

    // Seed 114: an EIP on the private IP of a pod that is gone, its claim ready, as the next pod of the name asks for nonsense.
    @Test func `does not leave its EIP on the private IP of the pod before it`() throws {
        let claim = Build.claim { $0.status = Build.boundStatus() }
        for podIP in ["10.0.0.9", nil] {
            let pod = Self.pod { $0.podIP = podIP }
            #expect(plan(Build.facts(pod: pod, claim: claim, address: Build.address(.bind))) == .step(.disassociate(Build.id)))
            #expect(plan(Build.facts(pod: pod, claim: claim, address: Build.address(.unbinding))) == .rest(.awaitAddress(Build.id)))
            let status = try #require(written(Build.facts(pod: pod, claim: claim, address: Build.address())))
            #expect(!status.isReady && status.phase == .failed && status.binding == nil)
        }
    }

    @Test func `leaves a user's own EIP where somebody else bound it`() throws {
        let own = AddressID("eip-0000own1")
        let listed = Build.claim { $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own) }
        let bound = Build.address(.bind) { ($0.id, $0.name, $0.tags) = (own, "mine", []) }
        let pod = Self.pod { $0.podIP = "10.0.0.9" }
        #expect(try #require(written(Build.facts(pod: pod, claim: listed, address: bound))).phase == .failed)
        let ours = listed.with { $0.status = Build.boundStatus() }
        #expect(plan(Build.facts(pod: pod, claim: ours, address: bound)) == .step(.disassociate(own)))
    }

    @Test func `has what was allocated for it written down`() {
        let claim = Build.claim {
            $0.spec.addressID = nil
            $0.status.intent = Build.intent(.allocate, address: nil)
        }
        var facts = Build.facts(pod: Self.pod(), claim: claim, address: nil)
        guard case .rest(.again(let wait)) = plan(facts) else {
            Issue.record("waits for the Allocate that another worker may have sent")
            return
        }
        #expect(wait == Build.policy.requestLife + Build.policy.listingLag - .seconds(5))
        facts.memory.allocated = .init(claimUID: "claim-1", serial: 1, addressID: Build.id)
        guard case .step(.updateSpec(let spec)) = plan(facts) else {
            Issue.record("records the id")
            return
        }
        #expect(spec.addressID == Build.id && spec.serial == 1)
    }

    @Test func `keeps its claim when that is deleted, as none would come after it`() throws {
        let deleted = Build.claim {
            $0.isDeleting = true
            $0.status = Build.boundStatus()
        }
        let status = try #require(written(Build.facts(pod: Self.pod(), claim: deleted, address: Build.address(.bind))))
        #expect(status.isReady && status.condition(.ready)?.reason == .invalidAnnotation)
        #expect(plan(Build.facts(pod: Self.pod(), claim: deleted.with { $0.status = status }, address: Build.address(.bind))) == .rest(.settled))
        #expect(plan(Build.facts(pod: Build.pod(), claim: deleted, address: Build.address(.bind))) == .step(.removeFinalizer))
        #expect(plan(Build.facts(pod: Self.pod { $0.podIP = "10.0.0.9" }, claim: deleted, address: Build.address(.bind))) == .step(.disassociate(Build.id)))
    }

    // Seed 427: a deleted claim, another's EIP written into it, waiting for its pod, and its own EIP named by nobody.
    @Test func `gets its own EIP back into a claim into which another's was written, also while that is deleted`() {
        let another = Build.address { ($0.id, $0.name) = (AddressID("eip-another1"), "team_web-1") }
        for isDeleting in [false, true] {
            let claim = Build.claim {
                $0.isDeleting = isDeleting
                $0.spec.addressID = another.id
            }
            for (address, confirmed) in [(another, false), (nil, true)] {
                let facts = Build.facts(pod: Self.pod(), claim: claim, address: address, missingConfirmed: confirmed, named: [Build.address()])
                guard case .step(.updateSpec(let spec)) = plan(facts) else {
                    Issue.record("takes its own: \(plan(facts))")
                    continue
                }
                #expect(spec.addressID == Build.id)
            }
        }
    }

    @Test func `has its EIP released when that was begun, and its claim forget it`() {
        let claim = Build.claim { $0.status.intent = Build.intent(.release) }
        #expect(plan(Build.facts(pod: Self.pod(), claim: claim, address: Build.address())) == .step(.release(Build.id)))
        var released = Build.facts(pod: Self.pod(), claim: claim, address: nil)
        released.memory.released = Build.id
        for facts in [released, Build.facts(pod: Self.pod(), claim: claim, address: nil, missingConfirmed: true)] {
            guard case .step(.updateSpec(let spec)) = plan(facts) else {
                Issue.record("a later pod would be told that its static EIP is lost: \(plan(facts))")
                continue
            }
            #expect(spec.addressID == nil && spec.serial == 2)
        }
    }

    @Test func `does not leave to nobody what an earlier claim left`() {
        let pod = Self.pod()
        let unread = Build.facts(pod: pod, claim: nil, address: nil).with { $0.named = .unread }
        #expect(plan(unread) == .need(.named))
        var left = Build.facts(pod: pod, claim: nil, address: nil, named: [Build.address(.bind)])
        #expect(plan(left) == .need(.address(Build.id)))
        left.address = .read(.init(id: Build.id, reading: .present(Build.address(.bind)), at: Build.now.instant))
        guard case .step(.createClaim(let spec)) = plan(left) else {
            Issue.record("gives it a claim: \(plan(left))")
            return
        }
        #expect(spec.addressID == Build.id && spec.deletePolicy == .retain)
    }

    @Test func `has a user's own EIP that one look has missed looked for again where it may be bound`() {
        let own = AddressID("eip-0000own1")
        let claim = Build.claim {
            $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own)
            $0.status = Build.boundStatus()
        }
        let pod = Self.pod { $0.podIP = "10.0.0.9" }
        #expect(plan(Build.facts(pod: pod, claim: claim, address: nil)) == .rest(.again(.seconds(1))))
        let lost = written(Build.facts(pod: pod, claim: claim, address: nil, missingConfirmed: true))
        #expect(lost?.phase == .failed && lost?.isReady == false)
    }

    @Test func `is not said to be ready for a binding that is not there, or not its own`() {
        let claim = Build.claim { $0.status = Build.boundStatus() }
        let another = Self.pod { $0.uid = "uid-2" }
        for (pod, address) in [
            (another, Build.address(.bind)), (Self.pod(), nil), (Self.pod(), Build.address(.bind) { $0.networkInterfaceID = "eni-9" }),
        ] {
            let status = written(Build.facts(pod: pod, claim: claim, address: address, missingConfirmed: true))
            #expect(status?.isReady == false && status?.phase == .failed, "\(pod.uid) \(String(describing: address?.status))")
        }
    }

    @Test func `has a binding forgotten that was undone by a worker that is gone, when its call can come no more`() {
        let undone = Build.claim {
            $0.status = Build.boundStatus()
            $0.status.intent = Build.intent(.disassociate, age: .seconds(5))
        }
        let early = written(Build.facts(pod: Self.pod(), claim: undone, address: Build.address()))
        #expect(early?.intent != nil && early?.binding != nil && early?.nextAttemptAt != nil && early?.isReady == false)
        let over = undone.with { $0.status.intent = Build.intent(.disassociate, age: .seconds(500)) }
        let late = written(Build.facts(pod: Self.pod(), claim: over, address: Build.address()))
        #expect(late?.intent == nil && late?.binding == nil && late?.nextAttemptAt == nil)
    }
}

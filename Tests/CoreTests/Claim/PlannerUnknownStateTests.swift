import Core
import Testing

/// An address in a state of which this version knows nothing: it is there, and it is left alone.
@Suite struct PlannerUnknownStateTests {
    static let unknown = AddressStatus.unknown("TELEPORTING")
    static let own: @Sendable (inout Address) -> Void = { address in
        address.name = "mine"
        address.tags = []
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var pod: Pod?
        var claim: Claim
        var isUserOwned = false
    }
    static let rows = [
        Row(testDescription: "to be bound", pod: Build.pod(), claim: Build.claim()),
        Row(testDescription: "bound before", pod: Build.pod(), claim: Build.claim { $0.status = Build.boundStatus() }),
        Row(
            testDescription: "its bandwidth to be changed", pod: Build.pod { $0.want = .attributes(AddressAttributes(bandwidth: 7)) }, claim: Build.claim()),
        Row(
            testDescription: "to give way to a listed one", pod: Build.pod { $0.want = .list([AddressID("eip-00000002")]) },
            claim: Build.claim { $0.status = Build.boundStatus() }),
        Row(testDescription: "its pod gone", pod: nil, claim: Build.claim { $0.status = Build.boundStatus() }),
        Row(testDescription: "its release intended", pod: nil, claim: Build.claim { $0.status.intent = Build.intent(.release) }),
        Row(testDescription: "its claim deleted", pod: nil, claim: Build.claim { $0.isDeleting = true }),
        Row(testDescription: "static, its pod gone", pod: nil, claim: Build.claim { $0.spec.deletePolicy = .retain }),
        Row(
            testDescription: "listed, its pod gone", pod: nil, claim: Build.claim { $0.spec.source = .listed(Build.id) }, isUserOwned: true),
        Row(
            testDescription: "listed", pod: Build.pod { $0.want = .list([Build.id]) }, claim: Build.claim { $0.spec.source = .listed(Build.id) },
            isUserOwned: true),
    ]

    @Test(arguments: rows) func `it is neither called about nor given up: the claim says why, and it is looked at again`(_ row: Row) {
        let address = Build.address(Self.unknown, row.isUserOwned ? Self.own : { _ in })
        var facts = Build.facts(pod: row.pod, claim: row.claim, address: address, named: [address])
        var said = false
        // The claim follows its pod first, where that needs nothing of the address.
        for _ in 0..<4 {
            let plan = Planner.plan(facts, now: Build.now, policy: Build.policy)
            switch plan.next {
            case .step(.updateSpec(let spec)):
                #expect(spec.addressID == Build.id, "still recorded")
                facts.claim = .read(facts.claim.value??.with { $0.spec = spec })
            case .step(.writeStatus(let status)):
                let condition = status.condition(.ready)
                #expect(condition?.reason == .eipNotUsable && condition?.message.contains("TELEPORTING") == true)
                #expect(plan.notice?.warning == true && status.nextAttemptAt != nil)
                facts.claim = .read(facts.claim.value??.with { $0.status = status })
                said = true
            case .rest(.again(let after)):
                #expect(said && after == .seconds(60))
                return
            case .step, .rest, .need: Issue.record("\(plan)")
            }
        }
        Issue.record("does not come to rest")
    }

    @Test func `it is adopted when there is no other of its name, because another beside it would be one too many`() {
        let claim = Build.claim { $0.spec.addressID = nil }
        let unknown = Build.address(Self.unknown)
        let other = Build.address { $0.id = AddressID("eip-00000009") }
        func adopted(_ named: [Address]) -> AddressID? {
            let plan = Planner.plan(Build.facts(pod: Build.pod(), claim: claim, address: nil, named: named), now: Build.now, policy: Build.policy)
            guard case .step(.updateSpec(let spec)) = plan.next else { return nil }
            return spec.addressID
        }
        #expect(adopted([unknown]) == unknown.id)
        #expect(adopted([unknown, other]) == other.id)
    }

    @Test func `the mirror believes that it is there`() {
        var drive = ReconcilerDrive()
        drive.createPod("web-0")
        drive.pass(.seconds(5))
        let id = drive.addresses.keys.first!
        drive.addresses[id]!.status = Self.unknown
        drive.pass(.seconds(600))
        drive.feed(.run(ReconcilerDrive.key("web-0")))
        drive.pass(.seconds(5))
        #expect(drive.outcomes["web-0"] == .again(.seconds(60), .eipNotUsable))
        #expect(drive.times(of: .allocate).count == 1 && drive.times(of: .associate).count == 1)
        #expect(drive.claims[ReconcilerDrive.key("web-0")]?.spec.addressID == id)
    }
}

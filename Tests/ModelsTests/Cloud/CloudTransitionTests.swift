import Core
import Models
import Testing

@Suite struct CloudTransitionTests {
    /// What a call makes of an address in a state: the state right after, the one when time has passed (nil: gone), or a refusal.
    enum Expected: Equatable {
        case goes(AddressStatus, AddressStatus?)
        case refused(CloudCode)
    }
    enum Call: CaseIterable { case associate, associateElsewhere, disassociate, release, bandwidth, rename }
    struct Case: CustomTestStringConvertible {
        var call: Call
        var status: AddressStatus
        var expected: Expected
        var testDescription: String { "\(call) in \(status.rawValue)" }
    }

    static let table: [Case] = AddressStatus.allCases.flatMap { status in
        Call.allCases.map { Case(call: $0, status: status, expected: expected($0, status)) }
    }

    static func expected(_ call: Call, _ status: AddressStatus) -> Expected {
        switch (call, status) {
        case (.associate, .unbind), (.associateElsewhere, .unbind): .goes(.binding, .bind)
        case (.associate, .bind), (.associate, .bindENI): .refused(.addressStatusNotPermit)
        case (.associateElsewhere, .bind), (.associateElsewhere, .bindENI): .refused(.boundToOtherInterface)
        case (.associate, .binding), (.associate, .unbinding), (.associateElsewhere, .binding), (.associateElsewhere, .unbinding):
            .refused(.mutexTaskRunning)
        case (.associate, .creating), (.associate, .offlining), (.associateElsewhere, .creating), (.associateElsewhere, .offlining):
            .refused(.addressStatusNotPermit)
        case (.disassociate, .bind), (.disassociate, .bindENI): .goes(.unbinding, .unbind)
        case (.disassociate, .binding), (.disassociate, .unbinding): .refused(.mutexTaskRunning)
        case (.disassociate, .unbind), (.disassociate, .creating), (.disassociate, .offlining): .refused(.addressStatusNotPermit)
        case (.release, .unbind): .goes(.offlining, nil)
        case (.release, .binding), (.release, .unbinding): .refused(.mutexTaskRunning)
        case (.release, .bind), (.release, .bindENI), (.release, .creating), (.release, .offlining): .refused(.addressStatusNotPermit)
        case (.bandwidth, .bind): .goes(.bind, .bind)
        case (.bandwidth, .bindENI): .goes(.bindENI, .bindENI)
        case (.bandwidth, .unbind): .goes(.unbind, .unbind)
        case (.bandwidth, .binding), (.bandwidth, .unbinding): .refused(.mutexTaskRunning)
        case (.bandwidth, .creating), (.bandwidth, .offlining): .refused(.addressStatusNotPermit)
        case (.rename, .offlining): .refused(.addressStatusNotPermit)
        case (.rename, .creating): .goes(.creating, .unbind)
        case (.rename, .binding): .goes(.binding, .bind)
        case (.rename, .unbinding): .goes(.unbinding, .unbind)
        case (.rename, .bind): .goes(.bind, .bind)
        case (.rename, .bindENI): .goes(.bindENI, .bindENI)
        case (.rename, .unbind): .goes(.unbind, .unbind)
        case (_, .unknown): preconditionFailure("the model knows the documented states")
        }
    }

    @Test(arguments: table) func `each call in each state does what is documented`(_ test: Case) throws {
        var cloud = try CloudSample()
        let id = try cloud.address(in: test.status)
        #expect(cloud.status(id) == test.status)
        let before = cloud.model.address(id)
        let code = Self.make(test.call, id, &cloud)
        switch test.expected {
        case .goes(let after, let final):
            #expect(code == nil)
            #expect(cloud.status(id) == after)
            cloud.pass()
            #expect(cloud.status(id) == final)
        case .refused(let expected):
            #expect(code == expected)
            #expect(cloud.model.address(id) == before)
        }
        #expect(cloud.model.journal.last?.outcome == code?.rawValue ?? "OK")
    }

    private static func make(_ call: Call, _ id: AddressID, _ cloud: inout CloudSample) -> CloudCode? {
        switch call {
        case .associate: cloud.model.associate(id, networkInterfaceID: "eni-1", privateIP: "10.0.0.1", now: cloud.now).code
        case .associateElsewhere: cloud.model.associate(id, networkInterfaceID: "eni-2", privateIP: "10.0.1.1", now: cloud.now).code
        case .disassociate: cloud.model.disassociate(id, now: cloud.now).code
        case .release: cloud.model.release([id], now: cloud.now).code
        case .bandwidth: cloud.model.modifyBandwidth([id], to: 50, now: cloud.now).code
        case .rename: cloud.model.modifyName(id, to: "other", now: cloud.now).code
        }
    }

    @Test(arguments: AddressStatus.allCases) func `a state is left by itself exactly when it is transient`(_ status: AddressStatus) throws {
        var cloud = try CloudSample()
        let id = try cloud.address(in: status)
        let due = cloud.model.nextChange
        #expect((due != nil) == status.isTransient)
        if let due {
            cloud.model.advance(to: Timestamp(milliseconds: due.milliseconds - 1))
            #expect(cloud.status(id) == status)
            cloud.model.advance(to: due)
            #expect(cloud.status(id) != status)
        } else {
            cloud.pass(.seconds(100_000))
            #expect(cloud.status(id) == status)
        }
    }

    @Test func `a bound address names its interface, private IP and instance, an unbound one nothing`() throws {
        var cloud = try CloudSample()
        let id = try cloud.bound()
        let bound = try #require(cloud.model.address(id))
        #expect(bound.networkInterfaceID == "eni-1")
        #expect(bound.privateIP == "10.0.0.1")
        #expect(bound.instanceID == "ins-1")
        _ = try cloud.model.disassociate(id, now: cloud.now).get()
        cloud.pass()
        let unbound = try #require(cloud.model.address(id))
        #expect(unbound.networkInterfaceID == nil && unbound.privateIP == nil && unbound.instanceID == nil)
    }

    @Test func `calls on ids that do not exist or are malformed are told apart`() throws {
        var cloud = try CloudSample()
        let gone = try cloud.address(in: .offlining)
        cloud.pass()
        for (id, code) in [(gone, CloudCode.addressNotFound), (AddressID("eip-none"), .addressNotFound), (AddressID("x"), .addressIDMalformed)] {
            for call in Call.allCases { #expect(Self.make(call, id, &cloud) == code) }
        }
    }

    @Test func `a release of several is all or none`() throws {
        var cloud = try CloudSample()
        let bound = try cloud.bound("token-1")
        let unbound = try cloud.unbound("token-2")
        #expect(cloud.model.release([unbound, bound], now: cloud.now).code == .addressStatusNotPermit)
        #expect(cloud.status(unbound) == .unbind)
        let other = try cloud.unbound("token-3")
        let task = try cloud.model.release([unbound, other], now: cloud.now).get()
        #expect(try cloud.model.taskResult(task, now: cloud.now).get() == .running)
        cloud.pass()
        #expect(try cloud.model.taskResult(task, now: cloud.now).get() == .success)
        #expect(cloud.status(unbound) == nil && cloud.status(other) == nil)
    }

    @Test func `an address in arrears or blocked cannot be bound, a blocked one not be unbound`() throws {
        var cloud = try CloudSample()
        let id = try cloud.unbound()
        try cloud.model.mark(id, arrears: true, now: cloud.now)
        #expect(Self.make(.associate, id, &cloud) == .addressInArrears)
        #expect(Self.make(.bandwidth, id, &cloud) == .addressInArrears)
        try cloud.model.mark(id, arrears: false, blocked: true, now: cloud.now)
        #expect(Self.make(.associate, id, &cloud) == .addressBlocked)
        try cloud.model.mark(id, blocked: false, now: cloud.now)
        #expect(Self.make(.associate, id, &cloud) == nil)
        cloud.pass()
        try cloud.model.mark(id, blocked: true, now: cloud.now)
        #expect(Self.make(.disassociate, id, &cloud) == .addressBlocked)
    }

    @Test func `an address with CascadeRelease is released when it is unbound`() throws {
        var cloud = try CloudSample()
        let id = try cloud.bound()
        try cloud.model.mark(id, cascadeRelease: true, now: cloud.now)
        _ = try cloud.model.disassociate(id, now: cloud.now).get()
        cloud.pass(.milliseconds(200))
        #expect(cloud.status(id) == .offlining)
        cloud.pass()
        #expect(cloud.status(id) == nil)
    }
}

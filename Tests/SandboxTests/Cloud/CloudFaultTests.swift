import Core
import HTTPClient
import JSON
import Models
import Sandbox
import Testing

@Suite struct CloudFaultTests {
    @Test func `a throttle lasts for its count and executes nothing`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "faults", ["action": "AllocateAddresses", "kind": "throttle", "count": 2])
        #expect(try await caller.code("DescribeAddresses") == nil)
        #expect(try await caller.code("AllocateAddresses") == "RequestLimitExceeded")
        #expect(try await caller.code("AllocateAddresses") == "RequestLimitExceeded")
        #expect(caller.cloud.withModel { $0.addresses.isEmpty })
        #expect(try await caller.code("AllocateAddresses") == nil)
        await caller.cloud.stop()
    }

    @Test func `an error is for the calls that match it`() async throws {
        let caller = try CloudCaller()
        let fault: JSONValue = ["kind": "error", "code": "InternalError", "match": ["AddressIds": "eip-2"]]
        try await caller.control("POST", "faults", fault)
        #expect(try await caller.code("DescribeAddresses", ["AddressIds": ["eip-1"]]) == nil)
        #expect(try await caller.code("DescribeAddresses", ["AddressIds": ["eip-1", "eip-2"]]) == "InternalError")
        #expect(try await caller.code("DescribeAddresses", ["AddressIds": ["eip-2"]]) == nil)
        await caller.cloud.stop()
    }

    @Test func `a failed delivery uses the token up`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "faults", ["action": "AllocateAddresses", "kind": "error", "code": "UnsupportedOperation.DeliveryFailed"])
        for _ in 1...2 { #expect(try await caller.code("AllocateAddresses", ["ClientToken": "a"]) == "UnsupportedOperation.DeliveryFailed") }
        #expect(try await caller.code("AllocateAddresses", ["ClientToken": "b"]) == nil)
        await caller.cloud.stop()
    }

    @Test func `an HTTP 500 executes nothing`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "faults", ["kind": "http500"])
        await #expect(throws: CloudCaller.Refused(status: 500, body: "")) { try await caller.call("AllocateAddresses") }
        #expect(caller.cloud.withModel { $0.addresses.isEmpty })
        await caller.cloud.stop()
    }

    @Test func `a lost reply is of a call that was executed`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "faults", ["action": "AllocateAddresses", "kind": "lostReply"])
        await #expect(throws: HTTPClientError.self) { try await caller.call("AllocateAddresses", ["ClientToken": "a"]) }
        let ids = caller.cloud.withModel { $0.addresses.map(\.id.rawValue) }
        #expect(ids.count == 1)
        // the same token finds what was lost
        #expect(try await caller.call("AllocateAddresses", ["ClientToken": "a"])["AddressSet"][0].string == ids.first)
        await caller.cloud.stop()
    }

    @Test func `a call that times out is never answered nor executed`() async throws {
        var caller = try CloudCaller()
        caller.timeout = .milliseconds(200)
        try await caller.control("POST", "faults", ["kind": "timeout"])
        let error = await #expect(throws: HTTPClientError.self) { try await caller.call("AllocateAddresses") }
        #expect(error?.code == .timedOut)
        #expect(caller.cloud.withModel { $0.addresses.isEmpty })
        await caller.cloud.stop()
    }

    @Test func `the cloud stops although a call hangs`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "faults", ["kind": "timeout"])
        let hanging = Task { try await caller.call("AllocateAddresses") }
        // the call is in the journal before it hangs
        while caller.cloud.withModel({ $0.journal.isEmpty }) { await Task.yield() }
        await caller.cloud.stop()
        await #expect(throws: HTTPClientError.self) { try await hanging.value }
    }

    @Test func `a late call is executed after its connection was cut`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "faults", ["kind": "late", "delayMs": 50])
        await #expect(throws: HTTPClientError.self) { try await caller.call("AllocateAddresses") }
        await caller.cloud.lateCallsDone()
        #expect(caller.cloud.withModel { $0.addresses.count } == 1)
        #expect(caller.cloud.withModel { $0.journal.last?.note } == "fault late")
        await caller.cloud.stop()
    }

    @Test func `a late call whose signature has expired meanwhile dies`() async throws {
        var caller = try CloudCaller()
        caller.skew = .seconds(-240)
        try await caller.control("POST", "faults", ["kind": "late", "delayMs": 300])
        await #expect(throws: HTTPClientError.self) { try await caller.call("AllocateAddresses") }
        caller.clock.pass(.seconds(61))
        await caller.cloud.lateCallsDone()
        #expect(caller.cloud.withModel { $0.addresses.isEmpty })
        #expect(caller.cloud.withModel { $0.journal.last?.outcome } == "AuthFailure.SignatureExpire")
        await caller.cloud.stop()
    }

    @Test func `faults are listed, taken away and checked`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "faults", ["kind": "http500", "count": 3])
        #expect(try await caller.control("GET", "faults")["faults"].array?.map { $0["count"] } == [3])
        try await caller.control("DELETE", "faults")
        #expect(try await caller.code("DescribeAddresses") == nil)
        await #expect(throws: CloudCaller.Refused.self) { try await caller.control("POST", "faults", ["kind": "nonsense"]) }
        await #expect(throws: CloudCaller.Refused.self) { try await caller.control("POST", "faults", ["kind": "error"]) }
        await caller.cloud.stop()
    }
}

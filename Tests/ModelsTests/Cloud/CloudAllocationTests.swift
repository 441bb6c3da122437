import Core
import Models
import Testing

@Suite struct CloudAllocationTests {
    @Test func `the same token gives the same EIP, also after it was released`() throws {
        var cloud = try CloudSample()
        let first = try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get()
        #expect(try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get() == first)
        #expect(try cloud.model.allocate(CloudSample.request("b"), now: cloud.now).get() != first)
        cloud.pass()
        _ = try cloud.model.release(first, now: cloud.now).get()
        cloud.pass()
        #expect(try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get() == first)
        #expect(cloud.model.addresses.count == 1)
    }

    @Test func `a token with another body is refused`() throws {
        var cloud = try CloudSample()
        _ = try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get()
        #expect(cloud.model.allocate(CloudSample.request("a", bandwidth: 99), now: cloud.now).code == .idempotentParameterMismatch)
        #expect(cloud.model.allocate(CloudSample.request("a", name: "ns_other"), now: cloud.now).code == .idempotentParameterMismatch)
    }

    @Test func `a token is forgotten after its retention`() throws {
        var cloud = try CloudSample { $0.tokenRetention = .seconds(60) }
        let first = try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get()
        cloud.pass(.seconds(59))
        #expect(try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get() == first)
        cloud.pass(.seconds(1))
        #expect(try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get() != first)
    }

    @Test func `a token whose delivery failed yields nothing any more, another one does`() throws {
        var cloud = try CloudSample()
        cloud.model.failDeliveries(1)
        #expect(cloud.model.allocate(CloudSample.request("a"), now: cloud.now).code == .deliveryFailed)
        #expect(cloud.model.allocate(CloudSample.request("a"), now: cloud.now).code == .deliveryFailed)
        #expect(cloud.model.addresses.isEmpty)
        #expect(cloud.model.allocate(CloudSample.request("b"), now: cloud.now).code == nil)
    }

    @Test func `a refused allocation does not use its token up`() throws {
        var cloud = try CloudSample { $0.totalQuota = 0 }
        #expect(cloud.model.allocate(CloudSample.request("a"), now: cloud.now).code == .addressQuota)
        cloud.model.settings.totalQuota = 1
        #expect(cloud.model.allocate(CloudSample.request("a"), now: cloud.now).code == nil)
    }

    @Test func `the region's quota is of 20 EIPs and counts those of the user`() throws {
        var cloud = try CloudSample()
        try cloud.model.addUserAddress(now: cloud.now)
        for n in 1...19 { _ = try cloud.model.allocate(CloudSample.request("t\(n)"), now: cloud.now).get() }
        #expect(cloud.model.allocate(CloudSample.request("t20"), now: cloud.now).code == .addressQuota)
        let quotas = try cloud.model.quota(now: cloud.now).get()
        #expect(quotas.first { $0.id == "TOTAL_EIP_QUOTA" }.map { [$0.current, $0.limit] } == [20, 20])
        #expect(quotas.first { $0.id == "DAILY_EIP_APPLY" }.map { [$0.current, $0.limit] } == [19, 40])
    }

    @Test func `the day's quota is of 40 allocations and comes back the next day`() throws {
        var cloud = try CloudSample()
        for n in 1...40 {
            let ids = try cloud.model.allocate(CloudSample.request("t\(n)"), now: cloud.now).get()
            cloud.pass()
            _ = try cloud.model.release(ids, now: cloud.now).get()
            cloud.pass()
        }
        #expect(cloud.model.allocate(CloudSample.request("t41"), now: cloud.now).code == .dailyAllocate)
        cloud.pass(.seconds(86_400))
        #expect(cloud.model.allocate(CloudSample.request("t41"), now: cloud.now).code == nil)
    }

    struct Bad: CustomTestStringConvertible {
        var change: @Sendable (inout AllocateOrder) -> Void
        var code: CloudCode
        var testDescription: String { "\(code)" }
        init(_ code: CloudCode, _ change: @escaping @Sendable (inout AllocateOrder) -> Void) {
            self.code = code
            self.change = change
        }
    }
    static let bad: [Bad] = [
        Bad(.range) { $0.count = 0 },
        Bad(.invalidParameterValue) { $0.isp = "XYZ" },
        Bad(.invalidParameterValue) { $0.chargeType = "FREE" },
        Bad(.invalidParameterValue) { $0.name = "a.b" },
        Bad(.nameTooLong) { $0.name = String(repeating: "n", count: 129) },
        Bad(.bandwidthTooSmall) { $0.bandwidth = 0 },
        Bad(.bandwidthOutOfRange) { $0.bandwidth = 101 },
        Bad(.combination) { $0.chargeType = "BANDWIDTH_PACKAGE" },
        Bad(.combination) { $0.bandwidthPackageID = "bwp-1" },
        Bad(.missingParameter) { $0.chargeType = "BANDWIDTH_PREPAID_BY_MONTH" },
        Bad(.bandwidthPackageIDMalformed) {
            $0.chargeType = "BANDWIDTH_PACKAGE"
            $0.bandwidthPackageID = "x"
        },
        Bad(.invalidTag) { $0.tags = [Tag(key: "a", value: "1"), Tag(key: "a", value: "2")] },
        Bad(.invalidTag) { $0.tags = [Tag(key: "", value: "1")] },
    ]

    @Test(arguments: bad) func `bad parameters are refused and allocate nothing`(_ bad: Bad) throws {
        var cloud = try CloudSample()
        var order = AllocateOrder()
        bad.change(&order)
        #expect(cloud.model.allocate(order, token: nil, now: cloud.now).code == bad.code)
        #expect(cloud.model.addresses.isEmpty)
    }

    @Test(arguments: ["", String(repeating: "t", count: 65), "tökén"]) func `a bad token is refused`(_ token: String) throws {
        var cloud = try CloudSample()
        #expect(cloud.model.allocate(AllocateOrder(), token: token, now: cloud.now).code == .invalidParameterValue)
    }

    @Test func `several EIPs of one call share a task, and all ids and IPs differ`() throws {
        var cloud = try CloudSample()
        let outcome = try cloud.model.allocate(AllocateOrder(count: 5), token: nil, now: cloud.now).get()
        #expect(try cloud.model.taskResult(outcome.task, now: cloud.now).get() == .running)
        cloud.pass()
        #expect(try cloud.model.taskResult(outcome.task, now: cloud.now).get() == .success)
        #expect(Set(outcome.addresses).count == 5)
        #expect(Set(cloud.model.addresses.map(\.ip)).count == 5)
        #expect(cloud.model.taskResult(CloudTaskID(1), now: cloud.now).code == .invalidParameter)
    }
}

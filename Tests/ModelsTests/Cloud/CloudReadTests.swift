import Core
import JSON
import Models
import Testing

@Suite struct CloudReadTests {
    @Test func `a describe by ids is cut after 20 unless a limit is given`() throws {
        var cloud = try CloudSample { $0.totalQuota = 200 }
        let ids = try (1...25).map { _ in try cloud.model.addUserAddress(now: cloud.now) }
        #expect(try cloud.model.describe(ids: ids, now: cloud.now).get().count == 20)
        #expect(try cloud.model.describe(ids: ids, limit: 100, now: cloud.now).get().count == 25)
        #expect(cloud.model.describe(ids: ids, limit: 101, now: cloud.now).code == .limitExceeded)
        #expect(cloud.model.describe(ids: (0...100).map { AddressID("eip-\($0)") }, limit: 100, now: cloud.now).code == .limitExceeded)
    }

    @Test func `pages of a list cover it without overlap`() throws {
        var cloud = try CloudSample()
        let ids = try (1...45).map { _ in try cloud.model.addUserAddress(now: cloud.now) }
        var seen: [AddressID] = []
        for offset in [0, 20, 40] {
            let page = try cloud.model.describe(filters: [], offset: offset, now: cloud.now).get()
            #expect(page.total == 45)
            seen += page.addresses.map(\.id)
        }
        #expect(seen == ids)
        #expect(try cloud.model.describe(filters: [], offset: 60, now: cloud.now).get().addresses.isEmpty)
    }

    @Test func `an unknown id is missing or an error, as set`() throws {
        var cloud = try CloudSample()
        let id = try cloud.unbound()
        let ids = [id, AddressID("eip-none")]
        #expect(try cloud.model.describe(ids: ids, now: cloud.now).get().map(\.id) == [id])
        cloud.model.settings.unknownID = .error
        #expect(cloud.model.describe(ids: ids, now: cloud.now).code == .addressNotFound)
        cloud.model.settings.unknownID = .invalidValue
        #expect(cloud.model.describe(ids: ids, now: cloud.now).code == .invalidParameterValue)
        #expect(try cloud.model.describe(ids: [id], now: cloud.now).get().map(\.id) == [id])
        #expect(cloud.model.describe(ids: [AddressID("nonsense")], now: cloud.now).code == .addressIDMalformed)
    }

    @Test func `filters are ANDed and their values ORed`() throws {
        var cloud = try CloudSample()
        let bound = try cloud.bound("a")
        let free = try cloud.model.addUserAddress(name: "web", tags: [Tag(key: "team", value: "red")], now: cloud.now)
        let other = try cloud.model.addUserAddress(name: "db", tags: [Tag(key: "team", value: "blue")], now: cloud.now)
        try cloud.model.mark(other, arrears: true, now: cloud.now)
        func ids(_ filters: AddressFilter...) throws -> [AddressID] {
            try cloud.model.describe(filters: filters, now: cloud.now).get().addresses.map(\.id)
        }
        #expect(try ids(.tag(Naming.creatorTag)) == [bound])
        #expect(try ids(.name("web")) == [free])
        #expect(try ids(AddressFilter(.addressName, ["web", "db"])) == [free])
        #expect(try ids(AddressFilter(.tag("team"), ["red", "blue"])) == [free, other])
        #expect(try ids(AddressFilter(.tag("team"), ["red", "blue"]), .name("db")) == [other])
        #expect(try ids(AddressFilter(.tagKey, ["team"])) == [free, other])
        #expect(try ids(AddressFilter(.tagValue, ["blue"])) == [other])
        #expect(try ids(AddressFilter(.addressStatus, ["UNBIND"])) == [free, other])
        #expect(try ids(AddressFilter(.addressStatus, ["UNBIND", "BIND"])) == [bound, free, other])
        #expect(try ids(AddressFilter(.instanceID, ["ins-1"])) == [bound])
        #expect(try ids(AddressFilter(.networkInterfaceID, ["eni-1"])) == [bound])
        #expect(try ids(AddressFilter(.privateIP, ["10.0.0.1"])) == [bound])
        #expect(try ids(AddressFilter(.instanceType, ["CVM"])) == [bound])
        #expect(try ids(AddressFilter(.isArrears, ["TRUE"])) == [other])
        #expect(try ids(AddressFilter(.addressType, ["WanIP"])) == [])
        #expect(try ids(AddressFilter(.addressID, [free.rawValue, "eip-none"])) == [free])
    }

    @Test func `a lagging list shows the past, of births, changes and deaths`() throws {
        var cloud = try CloudSample { $0.listingLag = .seconds(5) }
        let id = try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get()[0]
        func listed() throws -> [AddressStatus] { try cloud.model.describe(filters: [], now: cloud.now).get().addresses.map(\.status) }
        func described() throws -> [AddressStatus] { try cloud.model.describe(ids: [id], now: cloud.now).get().map(\.status) }
        #expect(try described() == [.creating])
        #expect(try listed() == [])
        cloud.pass(.seconds(4))
        #expect(try listed() == [])
        #expect(try described() == [.unbind])
        cloud.pass(.seconds(1))
        #expect(try listed() == [.creating])
        cloud.pass(.seconds(1))
        #expect(try listed() == [.unbind])
        _ = try cloud.model.release([id], now: cloud.now).get()
        cloud.pass(.seconds(4))
        #expect(try described() == [])
        #expect(try listed() == [.unbind])
        cloud.pass(.seconds(1))
        #expect(try listed() == [.offlining])
        cloud.pass(.seconds(1))
        #expect(try listed() == [])
    }

    @Test func `a describe by ids may lag too`() throws {
        var cloud = try CloudSample { $0.describeLag = .seconds(5) }
        let id = try cloud.model.allocate(CloudSample.request("a"), now: cloud.now).get()[0]
        #expect(try cloud.model.describe(ids: [id], now: cloud.now).get().isEmpty)
        cloud.pass(.seconds(10))
        #expect(try cloud.model.describe(ids: [id], now: cloud.now).get().map(\.status) == [.unbind])
    }

    @Test func `an action over its requests a second is throttled, the others are not`() throws {
        var cloud = try CloudSample { $0.limitsRequests = true }
        func allocate(_ n: Int) -> CloudCode? { cloud.model.quota(now: cloud.now).code }
        #expect((1...10).allSatisfy { allocate($0) == nil })
        #expect(allocate(11) == .requestLimitExceeded)
        #expect(cloud.model.describe(filters: [], now: cloud.now).code == nil)
        #expect(cloud.model.quota(by: CloudModel.console, now: cloud.now).code == nil)
        cloud.pass(.seconds(1))
        #expect(allocate(12) == nil)
    }

    @Test func `the journal tells each write with its caller, outcome and the state after`() throws {
        var cloud = try CloudSample()
        let id = try cloud.model.allocate(CloudSample.request("a"), by: "key-1", now: cloud.now).get()[0]
        _ = cloud.model.release([id], by: "key-2", now: cloud.now)
        _ = try cloud.model.describe(ids: [id], now: cloud.now).get()
        let entries = cloud.model.journal
        #expect(entries.map(\.action) == ["AllocateAddresses", "ReleaseAddresses"])
        #expect(entries.map(\.key) == ["key-1", "key-2"])
        #expect(entries.map(\.outcome) == ["OK", "UnsupportedOperation.AddressStatusNotPermit"])
        #expect(entries.map { $0.stateAfter.map(\.status) } == [[.creating], [.creating]])
        #expect(entries[0].parameters["ClientToken"].string == "a")
        cloud.model.settings.journalsReads = true
        _ = try cloud.model.describe(filters: [.name("ns_pod"), .tag(Naming.creatorTag)], now: cloud.now).get()
        let filters = try #require(cloud.model.journal.last?.parameters["Filters"])
        #expect(filters[0] == ["Name": "address-name", "Values": ["ns_pod"]])
        #expect(filters[1]["Name"] == "tag:eip-controller.creator")
        try cloud.model.mark(id, arrears: true, now: cloud.now)
        try cloud.model.vanish(id, now: cloud.now)
        #expect(cloud.model.journal.suffix(2).map(\.action) == ["mark", "vanish"])
        #expect(cloud.model.journal.suffix(2).map(\.key) == ["console", "console"])
    }

    @Test func `a full journal drops its oldest entries`() throws {
        var cloud = try CloudSample { $0.journalMax = 10 }
        for n in 0..<25 { _ = cloud.model.release([AddressID("eip-\(n)")], now: cloud.now) }
        #expect(cloud.model.journal.count <= 10)
        #expect(cloud.model.journal.count + cloud.model.journalDropped == 25)
        #expect(cloud.model.journal.last?.parameters["AddressIds"][0].string == "eip-24")
    }

    @Test func `the same calls give the same cloud`() throws {
        func run(_ seed: UInt64) throws -> [Address] {
            var cloud = try CloudSample { $0.seed = seed }
            for n in 1...10 {
                _ = try cloud.bound("t\(n)", to: "10.0.0.\(n % 3 + 1)")
                if n == 3 { break }
            }
            return cloud.model.addresses
        }
        #expect(try run(7) == run(7))
        #expect(try run(7).map(\.id) != run(8).map(\.id))
    }
}

import Core
import Foundation
import HTTPClient
import JSON
import Models
import Sandbox
import Testing

@Suite struct CloudControlTests {
    @Test func `private IPs are added, given back to the node and to the VPC`() async throws {
        let caller = try CloudCaller()
        let eni: JSONValue = ["eniId": "eni-1", "vpcId": "vpc-1", "instanceId": "ins-1", "cores": 4, "privateIps": ["10.0.0.1"]]
        try await caller.control("POST", "enis", eni)
        let more = try await caller.control(
            "POST", "enis", ["eniId": "eni-1", "vpcId": "vpc-1", "instanceId": "ins-1", "privateIps": ["10.0.0.1", "10.0.0.2"]])
        #expect(more["privateIps"] == ["10.0.0.1", "10.0.0.2"])
        for (token, ip) in [("a", "10.0.0.1"), ("b", "10.0.0.2")] {
            let id = try await caller.unbound(token)
            #expect(try await caller.code("AssociateAddress", ["AddressId": id, "NetworkInterfaceId": "eni-1", "PrivateIpAddress": .string(ip)]) == nil)
        }
        caller.clock.pass(.seconds(1))
        try await caller.control("POST", "enis", ["eniId": "eni-1", "remove": ["10.0.0.1"]])
        #expect(caller.cloud.withModel { $0.addresses.map(\.status) } == [.bind, .bind])
        try await caller.control("POST", "enis", ["eniId": "eni-1", "unassign": ["10.0.0.2"]])
        #expect(caller.cloud.withModel { $0.addresses.map(\.status) } == [.bind, .unbind])
        #expect(try await caller.control("GET", "enis")["enis"][0]["privateIps"] == [])
        await caller.cloud.stop()
    }

    @Test func `a user's address is added, edited in the console and shown`() async throws {
        let caller = try CloudCaller()
        let added: JSONValue = ["addressId": "eip-11112222", "addressName": "mine", "addressIp": "198.51.100.7", "tags": ["team": "red"]]
        for _ in 1...2 { #expect(try await caller.control("POST", "addresses", added)["addressIp"] == "198.51.100.7") }
        _ = try await caller.unbound()
        let shown = try await caller.control("GET", "addresses")["addresses"]
        #expect(shown.array?.map { $0["UserOwned"] } == [true, false])
        #expect(shown[0]["TagSet"] == [["Key": "team", "Value": "red"]])
        func console(_ body: JSONValue) async throws -> JSONValue {
            var body = body
            body["addressId"] = "eip-11112222"
            return try await caller.control("POST", "console", body)["status"]
        }
        func mine() throws -> Address { try #require(caller.cloud.withModel { $0.address(AddressID("eip-11112222")) }) }
        try await caller.control("POST", "enis", ["eniId": "eni-1", "vpcId": "vpc-1", "instanceId": "ins-1", "privateIps": ["10.0.0.1"]])
        #expect(try await console(["op": "bind", "networkInterfaceId": "eni-1", "privateIp": "10.0.0.1"]) == "BINDING")
        caller.clock.pass(.seconds(1))
        #expect(try await console(["op": "rename", "name": "ours"]) == "BIND")
        #expect(try await console(["op": "bandwidth", "bandwidth": 7]) == "BIND")
        #expect(try await console(["op": "retag", "tags": ["team": "blue"]]) == "BIND")
        #expect(try mine().name == "ours")
        #expect(try mine().bandwidth == 7)
        #expect(try mine().tags == [Tag(key: "team", value: "blue")])
        #expect(try await console(["op": "block"]) == "BIND")
        await #expect(throws: CloudCaller.Refused.self) { try await console(["op": "unbind"]) }
        #expect(try await console(["op": "block", "value": false]) == "BIND")
        #expect(try await console(["op": "arrears"]) == "BIND")
        #expect(try mine().isArrears)
        #expect(try await console(["op": "cascade"]) == "BIND")
        #expect(try await console(["op": "unbind"]) == "UNBINDING")
        caller.clock.pass(.milliseconds(200))
        #expect(try await console(["op": "vanish"]) == .null)
        #expect(caller.cloud.withModel { Set($0.journal.map(\.key)) } == ["AKIDSANDBOX", "console"])
        await caller.cloud.stop()
    }

    @Test func `settings change the running cloud, and a reset brings the first ones back`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "settings", ["totalQuota": 1, "listingLagMs": 5000, "unknownId": "error", "latencyMs": 0])
        let id = try await caller.call("AllocateAddresses")["AddressSet"][0]
        #expect(try await caller.call("DescribeAddresses", ["AddressIds": [id]])["AddressSet"][0]["AddressStatus"] == "UNBIND")
        #expect(try await caller.call("DescribeAddresses")["TotalCount"] == 0)
        #expect(try await caller.code("DescribeAddresses", ["AddressIds": ["eip-none"]]) == "InvalidAddressId.NotFound")
        #expect(try await caller.code("AllocateAddresses") == "AddressQuotaLimitExceeded")
        try await caller.control("POST", "reset")
        #expect(caller.cloud.withModel { $0.addresses.isEmpty })
        for _ in 1...2 { #expect(try await caller.code("AllocateAddresses") == nil) }
        await #expect(throws: CloudCaller.Refused.self) { try await caller.control("POST", "settings", ["unknownId": "maybe"]) }
        await caller.cloud.stop()
    }

    @Test func `requests that make no sense are refused with a sentence`() async throws {
        let caller = try CloudCaller()
        func status(_ method: String, _ path: String, _ body: JSONValue?) async throws -> Int {
            do {
                try await caller.control(method, path, body)
                return 200
            } catch let refused as CloudCaller.Refused {
                #expect(refused.body.contains("error"))
                return refused.status
            }
        }
        #expect(try await status("GET", "nothing", nil) == 404)
        #expect(try await status("POST", "enis", [:]) == 400)
        #expect(try await status("POST", "enis", []) == 400)
        #expect(try await status("POST", "console", ["op": "fly"]) == 400)
        #expect(try await status("POST", "console", ["op": "unbind"]) == 400)
        #expect(try await status("POST", "console", ["op": "unbind", "addressId": "eip-none"]) == 409)
        #expect(try await status("POST", "enis", ["eniId": "eni-none", "remove": ["10.0.0.1"]]) == 409)
        await caller.cloud.stop()
    }

    @Test func `the journal file has one line for each call, in order, with who called and what came of it`() async throws {
        let path = NSTemporaryDirectory() + "eip-journal-\(UUID().uuidString)"
        defer { unlink(path) }
        var caller = try CloudCaller(journalFile: path)
        let id = try await caller.unbound()
        _ = try await caller.call("DescribeAddresses")
        caller.secretKey = "wrong"
        _ = try await caller.call("ReleaseAddresses", ["AddressIds": [id]])
        caller.secretKey = "sandbox"
        _ = try await caller.call("ReleaseAddresses", ["AddressIds": [id]])
        try await caller.control("POST", "faults", ["kind": "lostReply"])
        await #expect(throws: HTTPClientError.self) { try await caller.call("DescribeAddressQuota") }
        await caller.cloud.stop()
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(lines.map { $0["action"] } == ["AllocateAddresses", "DescribeAddresses", "ReleaseAddresses", "ReleaseAddresses", "DescribeAddressQuota"])
        #expect(lines.map { $0["outcome"] } == ["OK", "OK", "AuthFailure.SignatureFailure", "OK", "OK"])
        #expect(lines.allSatisfy { $0["key"] == "AKIDSANDBOX" })
        #expect(lines[3]["stateAfter"][0]["status"] == "OFFLINING")
        #expect(lines[3]["parameters"]["AddressIds"] == [id])
        #expect(lines[4]["note"] == "fault lostReply")
        #expect(lines[0]["time"] == "2027-01-15T08:00:00.000000Z")
    }
}

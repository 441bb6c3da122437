import Core
import HTTPClient
import JSON
import Models
import Sandbox
import Testing

@Suite struct CloudAPITests {
    @Test func `a call is answered with HTTP 200 and a RequestId, an error too`() async throws {
        let caller = try CloudCaller()
        let good = try await caller.call("DescribeAddresses")
        #expect(good["TotalCount"] == 0)
        #expect(good["RequestId"].string?.utf8.count == 36)
        let bad = try await caller.call("ReleaseAddresses", ["AddressIds": ["eip-none"]])
        #expect(bad["Error"]["Code"] == "InvalidAddressId.NotFound")
        #expect(bad["Error"]["Message"].string?.contains("eip-none") == true)
        #expect(bad["RequestId"].string != good["RequestId"].string)
        await caller.cloud.stop()
    }

    @Test func `an address lives its life over HTTP`() async throws {
        let caller = try CloudCaller()
        try await caller.control("POST", "enis", ["eniId": "eni-1", "vpcId": "vpc-1", "instanceId": "ins-1", "cores": 8, "privateIps": ["10.0.0.1"]])
        let id = try await caller.unbound()
        let associated = try await caller.call("AssociateAddress", ["AddressId": id, "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.1"])
        let task = try #require(associated["TaskId"].string.flatMap { Int($0) })
        #expect(try await caller.call("DescribeTaskResult", ["TaskId": .int(task)])["Result"] == "RUNNING")
        caller.clock.pass(.seconds(1))
        #expect(try await caller.call("DescribeTaskResult", ["TaskId": .int(task)])["Result"] == "SUCCESS")
        let bound = try await caller.call("DescribeAddresses", ["AddressIds": [id]])["AddressSet"][0]
        #expect(bound["AddressStatus"] == "BIND")
        #expect(bound["PrivateAddressIp"] == "10.0.0.1")
        #expect(try await caller.code("DisassociateAddress", ["AddressId": id]) == nil)
        #expect(try await caller.code("ReleaseAddresses", ["AddressIds": [id]]) == "OperationDenied.MutexTaskRunning")
        caller.clock.pass(.seconds(1))
        #expect(try await caller.code("ReleaseAddresses", ["AddressIds": [id]]) == nil)
        caller.clock.pass(.seconds(1))
        #expect(try await caller.call("DescribeAddresses", ["AddressIds": [id]])["TotalCount"] == 0)
        await caller.cloud.stop()
    }

    @Test func `actions, versions and bodies that do not exist are refused by their codes`() async throws {
        let caller = try CloudCaller()
        #expect(try await caller.code("RunInstances") == "InvalidAction")
        #expect(try await caller.code("DescribeAddresses", version: "2018-01-01") == "NoSuchVersion")
        #expect(try await caller.code("DescribeAddresses", ["Adresses": []]) == "UnknownParameter")
        let get = try await caller.http.send(HTTPRequest("GET", "\(caller.cloud.url)/"))
        #expect(get.status == 200)
        #expect(try JSONValue(parsing: get.body)["Response"]["Error"]["Code"] == "UnsupportedProtocol")
        #expect(try await caller.http.send(HTTPRequest("POST", "\(caller.cloud.url)/v2", body: [])).status == 404)
        await caller.cloud.stop()
    }

    struct Forgery: CustomTestStringConvertible {
        var name: String
        var code: String?
        var change: @Sendable (inout CloudCaller) -> Void
        var testDescription: String { name }
        init(_ name: String, _ code: String?, _ change: @escaping @Sendable (inout CloudCaller) -> Void) {
            self.name = name
            self.code = code
            self.change = change
        }
    }
    static func without(_ name: String) -> @Sendable (inout CloudCaller) -> Void {
        {
            $0.spoil = { request in
                var rest = HTTPHeaders()
                for field in request.headers.fields where field.name != name { rest.append(field.name, field.value) }
                request.headers = rest
            }
        }
    }
    static func with(_ name: String, _ value: String) -> @Sendable (inout CloudCaller) -> Void {
        { caller in
            without(name)(&caller)
            let drop = caller.spoil
            caller.spoil = { request in
                drop(&request)
                request.headers.append(name, value)
            }
        }
    }
    static let forgeries: [Forgery] = [
        Forgery("nothing is wrong", nil) { _ in },
        Forgery("another key", "AuthFailure.SignatureFailure") { $0.secretKey = "other" },
        Forgery("an unknown id", "AuthFailure.SecretIdNotFound") { $0.secretID = "AKIDOTHER" },
        Forgery("signed 301 s ago", "AuthFailure.SignatureExpire") { $0.skew = .seconds(-301) },
        Forgery("signed 300 s ago", nil) { $0.skew = .seconds(-300) },
        Forgery("signed 301 s ahead", "AuthFailure.SignatureExpire") { $0.skew = .seconds(301) },
        Forgery("a timestamp that was not signed", "AuthFailure.SignatureFailure", with("X-TC-Timestamp", "1800000001")),
        Forgery("a timestamp that is no number", "InvalidParameter", with("X-TC-Timestamp", "now")),
        Forgery("another content type", "AuthFailure.SignatureFailure", with("Content-Type", "application/json; charset=utf-8")),
        Forgery("another body", "AuthFailure.SignatureFailure") { $0.spoil = { $0.body = Array(#"{"Limit":1}"#.utf8) } },
        Forgery("no signature", "MissingParameter", without("Authorization")),
        Forgery("another kind of signature", "AuthFailure.InvalidAuthorization", with("Authorization", "Bearer token")),
        Forgery("a signature without its parts", "AuthFailure.InvalidAuthorization", with("Authorization", "TC3-HMAC-SHA256 Credential=a/b/c/tc3_request")),
        Forgery("no action", "MissingParameter", without("X-TC-Action")),
        Forgery("no version", "MissingParameter", without("X-TC-Version")),
        Forgery("no region", "MissingParameter", without("X-TC-Region")),
    ]

    @Test(arguments: forgeries) func `only what is signed rightly and now is executed`(_ forgery: Forgery) async throws {
        var caller = try CloudCaller()
        forgery.change(&caller)
        #expect(try await caller.code("AllocateAddresses") == forgery.code)
        #expect(caller.cloud.withModel { $0.addresses.count } == (forgery.code == nil ? 1 : 0))
        #expect(caller.cloud.withModel { $0.journal.map(\.outcome) } == [forgery.code ?? "OK"])
        await caller.cloud.stop()
    }

    @Test func `more requests a second than documented are throttled, unless limits are off`() async throws {
        for limits in [true, false] {
            let caller = try CloudCaller(limits: limits)
            for _ in 1...10 { #expect(try await caller.code("DescribeAddressQuota") == nil) }
            #expect(try await caller.code("DescribeAddressQuota") == (limits ? "RequestLimitExceeded" : nil))
            #expect(try await caller.code("DescribeAddresses") == nil)
            caller.clock.pass(.seconds(1))
            #expect(try await caller.code("DescribeAddressQuota") == nil)
            await caller.cloud.stop()
        }
    }

    @Test func `a port that is taken is an error that names it`() async throws {
        let first = try SandboxCloud()
        let port = try #require(first.url.split(separator: ":").last.flatMap { Int($0) })
        let error = #expect(throws: (any Error).self) { _ = try SandboxCloud(SandboxCloudSettings(port: port)) }
        #expect(error.map { "\($0)".contains(String(port)) } == true)
        await first.stop()
    }
}

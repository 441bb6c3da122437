import Core
import Testing

@testable import Cloud

@Suite struct RequestTests {
    let clock = testClock()
    var proof: Instant { clock.now.instant }

    /// Body of the only request that `call` sends.
    func body(answer: String, _ call: (TencentCloudClient) async throws -> Void) async throws -> (action: String, body: String) {
        let cloud = FakeCloud(clock: clock) { _ in .ok(answer) }
        try await call(cloud.client())
        try #require(cloud.received.count == 1)
        return (cloud.received[0].action, cloud.received[0].body)
    }

    @Test func `the headers are those of API 3.0`() async throws {
        let cloud = FakeCloud(clock: clock) { _ in .ok(#""QuotaSet":[]"#) }
        _ = try await cloud.client().addressQuotas()
        let request = try #require(cloud.received.first)
        #expect(request.method == "POST" && request.path == "/" && request.body == "{}")
        var headers = request.headers
        headers["authorization"] = nil  // the fake checks it
        #expect(
            headers == [
                "host": "vpc.tencentcloudapi.com", "content-type": "application/json", "x-tc-action": "DescribeAddressQuota",
                "x-tc-version": "2017-03-12", "x-tc-timestamp": "1700000000", "x-tc-region": "ap-guangzhou", "x-tc-language": "en-US",
            ])
    }

    @Test func `AllocateAddresses says nothing that the user did not say`() async throws {
        let request = AllocateRequest(name: "shop_web-0", attributes: AddressAttributes(), tags: [], clientToken: "uid-1-1")
        let sent = try await body(answer: #""AddressSet":["eip-m44ku5d2"],"TaskId":"61531421""#) {
            let id = try await $0.allocate(request, proof: proof)
            #expect(id == AddressID("eip-m44ku5d2"))
        }
        #expect(sent.action == "AllocateAddresses")
        #expect(
            sent.body
                == #"{"AddressCount":1,"AddressName":"shop_web-0","InternetServiceProvider":"BGP","InternetMaxBandwidthOut":100,"ClientToken":"uid-1-1"}"#)
    }

    @Test func `AllocateAddresses passes on all that the user said`() async throws {
        let attributes = AddressAttributes(
            bandwidth: 5, isp: .cmcc, chargeType: "BANDWIDTH_PACKAGE", bandwidthPackageID: "bwp-1", addressType: "AnycastEIP",
            anycastZone: "ANYCAST_ZONE_GLOBAL", egress: "center_egress2", tags: [Tag(key: "team", value: "a")])
        let request = AllocateRequest(
            name: "n", attributes: attributes, tags: [Naming.creatorTag, Tag(key: "team", value: "\"ä\"")], clientToken: "t")
        let sent = try await body(answer: #""AddressSet":["eip-1"]"#) { _ = try await $0.allocate(request, proof: proof) }
        #expect(
            sent.body
                == #"{"AddressCount":1,"AddressName":"n","InternetServiceProvider":"CMCC","InternetMaxBandwidthOut":5,"#
                + #""InternetChargeType":"BANDWIDTH_PACKAGE","BandwidthPackageId":"bwp-1","AddressType":"AnycastEIP","#
                + #""AnycastZone":"ANYCAST_ZONE_GLOBAL","Egress":"center_egress2","Tags":[{"Key":"eip-controller.creator","Value":"eip-controller"},"#
                + #"{"Key":"team","Value":"\"ä\""}],"ClientToken":"t"}"#)
    }

    @Test func `the other writes name the address and what is to become of it`() async throws {
        let id = AddressID("eip-1")
        let writes: [(String, (TencentCloudClient) async throws -> Void)] = [
            (
                #"AssociateAddress {"AddressId":"eip-1","NetworkInterfaceId":"eni-1","PrivateIpAddress":"10.0.0.2"}"#,
                { try await $0.associate(id, networkInterfaceID: "eni-1", privateIP: "10.0.0.2", proof: proof) }
            ),
            (#"DisassociateAddress {"AddressId":"eip-1"}"#, { try await $0.disassociate(id, proof: proof) }),
            (#"ReleaseAddresses {"AddressIds":["eip-1","eip-2"]}"#, { try await $0.release([id, AddressID("eip-2")], proof: proof) }),
            (
                #"ModifyAddressesBandwidth {"AddressIds":["eip-1"],"InternetMaxBandwidthOut":20}"#,
                { try await $0.modifyBandwidth([id], to: 20, proof: proof) }
            ),
            (#"ModifyAddressAttribute {"AddressId":"eip-1","AddressName":"shop_web-0"}"#, { try await $0.rename(id, to: "shop_web-0", proof: proof) }),
        ]
        for (expected, write) in writes {
            let sent = try await body(answer: #""TaskId":"1""#, write)
            #expect("\(sent.action) \(sent.body)" == expected)
        }
    }

    @Test func `reads ask by id, by filters and page by page`() async throws {
        let ids = try await body(answer: #""TotalCount":0,"AddressSet":[]"#) {
            let found = try await $0.describeAddresses(ids: [AddressID("eip-1"), AddressID("eip-2")])
            #expect(found.isEmpty)
        }
        #expect(ids.body == #"{"AddressIds":["eip-1","eip-2"],"Limit":100}"#)
        let page = try await body(answer: #""TotalCount":0,"AddressSet":[]"#) {
            _ = try await $0.describeAddresses([.tag(Naming.creatorTag), .addressName("a_b")], offset: 40, limit: 20)
        }
        #expect(
            page.body
                == #"{"Filters":[{"Name":"tag:eip-controller.creator","Values":["eip-controller"]},{"Name":"address-name","Values":["a_b"]}],"#
                + #""Offset":40,"Limit":20}"#)
        let interfaces = try await body(answer: #""TotalCount":0,"NetworkInterfaceSet":[]"#) {
            _ = try await $0.networkInterfaces(vpcID: "vpc-1", privateIPs: ["10.0.0.2", "10.0.0.3"])
        }
        #expect(interfaces.action == "DescribeNetworkInterfaces")
        #expect(
            interfaces.body
                == #"{"Filters":[{"Name":"vpc-id","Values":["vpc-1"]},{"Name":"ip-exact-match","Values":["10.0.0.2","10.0.0.3"]}],"Offset":0,"Limit":100}"#)
    }
}

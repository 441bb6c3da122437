import Core
import Testing

@testable import Cloud

func reply(_ action: CloudAction, _ members: String) throws -> Reply {
    try Reply(Array(#"{"Response":{"RequestId":"r",\#(members)}}"#.utf8), action: action)
}

@Suite struct ReplyTests {
    /// The example of the API's reference (cloud.tencent.com/document/product/215/16702).
    let example = #"""
        {"AddressId":"eip-qhx8udkc","AddressName":"未命名","AddressIp":"1.14.91.34","AddressStatus":"UNBIND","AddressType":"EIP","InstanceId":"ins-wf123456",
        "InstanceType":null,"NetworkInterfaceId":"eni-12345678","PrivateAddressIp":"10.2.3.4","IsArrears":false,"IsBlocked":false,
        "IsEipDirectConnection":false,"EipAlgType":{"Ftp":true,"Sip":true},"LocalBgp":false,"CascadeRelease":false,"CreatedTime":"2022-08-11T03:57:05Z",
        "TagSet":[],"InternetChargeType":"TRAFFIC_POSTPAID_BY_HOUR","Bandwidth":1,"DeadlineDate":null,"Egress":"center_egress1","InternetServiceProvider":"BGP"}
        """#

    @Test func `the published example is read`() throws {
        let page = try reply(.describeAddresses, #""TotalCount":7,"AddressSet":[\#(example)]"#).addressPage()
        let expected = Address(
            id: AddressID("eip-qhx8udkc"), name: "未命名", status: .unbind, ip: "1.14.91.34", instanceID: "ins-wf123456", networkInterfaceID: "eni-12345678",
            privateIP: "10.2.3.4", bandwidth: 1, chargeType: "TRAFFIC_POSTPAID_BY_HOUR", isp: "BGP", createdAt: Timestamp(rfc3339: "2022-08-11T03:57:05Z"))
        #expect(page == AddressPage(addresses: [expected], totalCount: 7))
    }

    @Test func `null, empty, missing, unknown and oddly typed members are taken as they come`() throws {
        let members = #"""
            "TotalCount":"1","AddressSet":[{"AddressId":12,"AddressName":null,"AddressStatus":"CREATING","AddressIp":null,"InstanceId":"","TagSet":null,
            "NetworkInterfaceId":null,"PrivateAddressIp":null,"IsArrears":null,"CascadeRelease":"TRUE","Bandwidth":"20","Novelty":{"a":[1,{}]}}]
            """#
        let page = try reply(.describeAddresses, members).addressPage()
        #expect(page.totalCount == 1)
        #expect(page.addresses == [Address(id: AddressID("12"), name: "", status: .creating, bandwidth: 20, cascadeRelease: true)])
        let none = try reply(.describeAddresses, #""TotalCount":0,"AddressSet":null"#).addressPage()
        #expect(none == AddressPage(addresses: [], totalCount: 0))
    }

    @Test(arguments: AddressStatus.allCases)
    func `every status is read`(_ status: AddressStatus) throws {
        let members =
            #""TotalCount":1,"AddressSet":[{"AddressId":"eip-1","AddressStatus":"\#(status.rawValue)","TagSet":[{"Key":"k","Value":"v"},{"Key":"e"}]}]"#
        let address = try #require(try reply(.describeAddresses, members).addressPage().addresses.first)
        #expect(address.status == status)
        #expect(address.tags == [Tag(key: "k", value: "v"), Tag(key: "e", value: "")])
    }

    /// A page of 100 must not be lost for one row, and the row itself must not look missing.
    @Test func `an address in a state nobody knows is read with its word, and hides no other`() throws {
        let rows = (0..<100).map { #"{"AddressId":"eip-\#($0)","AddressStatus":"\#($0 == 41 ? "TELEPORTING" : "BIND")"}"# }
        let page = try reply(.describeAddresses, #""TotalCount":100,"AddressSet":[\#(rows.joined(separator: ","))]"#).addressPage()
        #expect(page.addresses.map(\.id.rawValue) == (0..<100).map { "eip-\($0)" })
        #expect(page.addresses[41].status == .unknown("TELEPORTING"))
        #expect(page.addresses.count { $0.status == .bind } == 99)
        let none = try reply(.describeAddresses, #""TotalCount":1,"AddressSet":[{"AddressId":"eip-1","AddressStatus":null}]"#).addressPage()
        #expect(none.addresses.map(\.status) == [.unknown("none")])
    }

    @Test func `a fault is short, however long the reply is that it quotes`() throws {
        let long = String(repeating: "x", count: 1 << 20)
        #expect(try reply(.describeAddresses, #""Error":{"Code":"InternalError","Message":"\#(long)"}"#).fault?.message.utf8.count ?? 0 < 1024)
        let row = #""TotalCount":1,"AddressSet":[{"\#(long)":1}]"#
        let fault = try #require(throws: CloudFault.self) { try reply(.describeAddresses, row).addressPage() }
        #expect(fault.message.utf8.count < 1024)
    }

    @Test(arguments: [
        #""TotalCount":1"#, #""AddressSet":[]"#, #""TotalCount":1,"AddressSet":{}"#, #""TotalCount":1,"AddressSet":[{"AddressStatus":"BIND"}]"#,
        #""TotalCount":1,"AddressSet":[7]"#,
    ])
    func `a reply without what matters is transient`(_ members: String) throws {
        let fault = try #require(throws: CloudFault.self) { try reply(.describeAddresses, members).addressPage() }
        #expect(fault.kind == .transient && fault.code == "Transport.Unparsable")
    }

    @Test(arguments: [#""AddressSet":[]"#, #""AddressSet":["a","b"]"#, #""AddressSet":null"#, #""TaskId":"1""#])
    func `an allocation without exactly one id is transient`(_ members: String) throws {
        let fault = try #require(throws: CloudFault.self) { try reply(.allocateAddresses, members).allocatedID() }
        #expect(fault.kind == .transient && fault.code == "Transport.Unparsable")
    }

    @Test func `quotas are read`() throws {
        let quotas = try reply(.describeAddressQuota, #""QuotaSet":[{"QuotaId":"TOTAL_EIP_QUOTA","QuotaCurrent":3,"QuotaLimit":20,"QuotaGroup":"ap-x"}]"#)
            .quotas()
        #expect(quotas == [AddressQuota(id: AddressQuota.totalID, used: 3, limit: 20)])
    }

    @Test func `each private IP has its interface, its instance and its EIP`() throws {
        let members = #"""
            "TotalCount":2,"NetworkInterfaceSet":[
            {"NetworkInterfaceId":"eni-1","Attachment":{"InstanceId":"ins-1"},"PrivateIpAddressSet":[
              {"PrivateIpAddress":"10.0.0.2","Primary":true,"AddressId":"","State":"AVAILABLE"},
              {"PrivateIpAddress":"10.0.0.3","AddressId":"eip-1","State":"AVAILABLE"},{"PrivateIpAddress":"10.0.0.9"},
              {"PrivateIpAddress":"10.0.0.4","State":"DELETING"},{"PrivateIpAddress":"10.0.0.6"}]},
            {"NetworkInterfaceId":"eni-2","Attachment":null,"PrivateIpAddressSet":[
            {"PrivateIpAddress":"10.0.0.5","AddressId":null},{"PrivateIpAddress":"10.0.0.6"}]}]
            """#
        let asked: Set = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"]
        let found = try reply(.describeNetworkInterfaces, members).networkInterfaces(of: asked)
        #expect(
            found == [
                "10.0.0.2": NetworkInterface(id: "eni-1", instanceID: "ins-1"),
                "10.0.0.3": NetworkInterface(id: "eni-1", instanceID: "ins-1", addressID: AddressID("eip-1")),
                "10.0.0.5": NetworkInterface(id: "eni-2", instanceID: nil),
            ])
    }
}

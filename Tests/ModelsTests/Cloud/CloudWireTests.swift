import Core
import JSON
import Models
import Testing

@Suite struct CloudWireTests {
    static func answer(_ cloud: inout CloudSample, _ action: String, _ parameters: JSONValue) -> Result<JSONObject, CloudFault> {
        cloud.model.answer(action, parameters, by: "AKID", now: cloud.now)
    }
    static func code(_ cloud: inout CloudSample, _ action: String, _ parameters: JSONValue) -> CloudCode? {
        answer(&cloud, action, parameters).code
    }

    @Test func `an address is shown with the members of the official example`() throws {
        var cloud = try CloudSample()
        let allocated = try Self.answer(&cloud, "AllocateAddresses", ["ClientToken": "t", "Tags": [["Key": "a", "Value": "b"]]]).get()
        let id = try #require(allocated["AddressSet"]?[0].string)
        #expect(allocated["TaskId"]?.string.flatMap { UInt64($0) } != nil)
        cloud.pass()
        let response = try Self.answer(&cloud, "DescribeAddresses", ["AddressIds": [.string(id)]]).get()
        #expect(response["TotalCount"] == 1)
        let shown = try #require(response["AddressSet"]?[0].object)
        let members = [
            "AddressId", "AddressName", "AddressIp", "AddressStatus", "AddressType", "InstanceId", "InstanceType", "NetworkInterfaceId", "PrivateAddressIp",
            "IsArrears", "IsBlocked", "IsEipDirectConnection", "EipAlgType", "LocalBgp", "CascadeRelease", "CreatedTime", "TagSet", "InternetChargeType",
            "Bandwidth", "DeadlineDate", "Egress", "InternetServiceProvider",
        ]
        #expect(shown.keys.sorted() == members.sorted())
        #expect(shown["AddressName"] == "未命名")
        #expect(shown["AddressStatus"] == "UNBIND")
        #expect(shown["CreatedTime"] == "2027-01-15T08:00:00Z")
        #expect(shown["Bandwidth"] == 1)
        #expect(shown["TagSet"] == [["Key": "a", "Value": "b"]])
        #expect(shown["NetworkInterfaceId"] == .null)
    }

    @Test func `unknown actions, versions and parameters, wrong types and missing parameters are told apart`() throws {
        var cloud = try CloudSample()
        #expect(Self.code(&cloud, "TerminateInstances", [:]) == .invalidAction)
        #expect(cloud.model.answer("DescribeAddresses", version: "2020-01-01", [:], by: "AKID", now: cloud.now).code == .noSuchVersion)
        #expect(Self.code(&cloud, "DescribeAddresses", ["Addresses": []]) == .unknownParameter)
        #expect(Self.code(&cloud, "DescribeAddresses", ["Limit": "20"]) == .invalidParameter)
        #expect(Self.code(&cloud, "DescribeAddresses", ["AddressIds": ["eip-1", 2]]) == .invalidParameter)
        #expect(Self.code(&cloud, "DescribeAddresses", []) == .invalidParameter)
        #expect(Self.code(&cloud, "DescribeTaskResult", ["TaskId": "1"]) == .invalidParameter)
        #expect(Self.code(&cloud, "ModifyAddressesBandwidth", ["AddressIds": ["eip-1"]]) == .missingParameter)
        for action in CloudModel.Action.allCases where action.isWrite && action != .allocateAddresses {
            #expect(Self.code(&cloud, action.rawValue, [:]) == .missingParameter)
        }
        #expect(cloud.model.journal.map(\.key).allSatisfy { $0 == "AKID" })
    }

    @Test func `null is as good as absent`() throws {
        var cloud = try CloudSample()
        #expect(Self.code(&cloud, "DescribeAddresses", ["AddressIds": .null, "Limit": .null]) == nil)
    }

    @Test func `filters are checked`() throws {
        var cloud = try CloudSample()
        func filters(_ filters: JSONValue...) -> CloudCode? { Self.code(&cloud, "DescribeAddresses", ["Filters": .array(filters)]) }
        #expect(filters(["Name": "address-status", "Values": ["BIND"]]) == nil)
        #expect(filters(["Name": "tag:eip-controller.creator", "Values": ["x"]]) == nil)
        #expect(filters(["Name": "colour", "Values": ["red"]]) == .invalidFilter)
        #expect(filters(["Name": "tag:", "Values": ["red"]]) == .invalidFilter)
        #expect(filters(["Name": "address-ip"]) == .limitExceeded)
        let many = JSONValue.array((1...11).map { _ in ["Name": "address-ip", "Values": ["1.1.1.1"]] })
        #expect(Self.code(&cloud, "DescribeAddresses", ["Filters": many]) == .numberOfFilters)
        let both: JSONValue = ["AddressIds": ["eip-1"], "Filters": [["Name": "address-id", "Values": ["eip-1"]]]]
        #expect(Self.code(&cloud, "DescribeAddresses", both) == .invalidParameter)
    }

    @Test func `ids and filters together narrow each other`() throws {
        var cloud = try CloudSample()
        let a = try cloud.model.addUserAddress(name: "a", now: cloud.now)
        let b = try cloud.model.addUserAddress(name: "b", now: cloud.now)
        let parameters: JSONValue = [
            "AddressIds": [.string(a.rawValue), .string(b.rawValue)], "Filters": [["Name": "address-name", "Values": ["b"]]],
        ]
        let response = try Self.answer(&cloud, "DescribeAddresses", parameters).get()
        #expect(response["AddressSet"]?.array?.map { $0["AddressId"].string } == [b.rawValue])
    }

    @Test func `an association names an interface with an IP, or an instance`() throws {
        var cloud = try CloudSample()
        try cloud.model.register(
            CloudInterface(id: "eni-p", vpcID: CloudSample.vpc, instanceID: "ins-1", isPrimary: true, privateIPs: ["10.0.9.1"]), now: cloud.now)
        let id = JSONValue.string(try cloud.unbound().rawValue)
        func associate(_ more: JSONObject) -> CloudCode? {
            var parameters = more
            parameters["AddressId"] = id
            return Self.code(&cloud, "AssociateAddress", .object(parameters))
        }
        #expect(associate([:]) == .missingAssociateEntity)
        #expect(associate(["NetworkInterfaceId": "eni-1"]) == .combination)
        #expect(associate(["PrivateIpAddress": "10.0.0.1"]) == .combination)
        #expect(associate(["InstanceId": "ins-1", "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.1"]) == .combination)
        #expect(associate(["InstanceId": "ins-2"]) == .instanceNotFound)
        #expect(associate(["InstanceId": "ins-1"]) == nil)
        cloud.pass()
        #expect(cloud.model.addresses.map(\.privateIP) == ["10.0.9.1"])
    }

    @Test func `interfaces are found by exact IP, VPC and instance, and fuzzily by address-ip`() throws {
        var cloud = try CloudSample()
        try cloud.model.register(CloudInterface(id: "eni-3", vpcID: CloudSample.vpc, instanceID: nil, privateIPs: ["10.0.0.10"]), now: cloud.now)
        let id = try cloud.bound(to: "10.0.0.1")
        func find(_ filters: (String, [String])...) throws -> [String?] {
            let filters = filters.map { name, values -> JSONValue in ["Name": .string(name), "Values": .array(values.map { .string($0) })] }
            let response = try Self.answer(&cloud, "DescribeNetworkInterfaces", ["Filters": .array(filters)]).get()
            return response["NetworkInterfaceSet"]?.array?.map { $0["NetworkInterfaceId"].string } ?? []
        }
        #expect(try find(("ip-exact-match", ["10.0.0.1"]), ("vpc-id", [CloudSample.vpc])) == ["eni-1"])
        #expect(try find(("ip-exact-match", ["10.0.0.1"]), ("vpc-id", ["vpc-2"])) == [])
        #expect(try find(("address-ip", ["10.0.0.1"])) == ["eni-1", "eni-3"])
        #expect(try find(("address-ip", ["10.0.0.1", "10.0.1.1"])) == ["eni-1", "eni-2"])
        #expect(try find(("attachment.instance-id", ["ins-2"])) == ["eni-2"])
        let response = try Self.answer(&cloud, "DescribeNetworkInterfaces", ["NetworkInterfaceIds": ["eni-1"]]).get()
        let shown = try #require(response["NetworkInterfaceSet"]?[0])
        #expect(shown["Attachment"]["InstanceId"] == "ins-1")
        #expect(shown["PrivateIpAddressSet"][0]["AddressId"].string == id.rawValue)
        #expect(shown["PrivateIpAddressSet"][1]["AddressId"] == "")
        #expect(Self.code(&cloud, "DescribeNetworkInterfaces", ["Filters": [["Name": "colour", "Values": ["x"]]]]) == .filterInvalidKey)
        let both: JSONValue = ["NetworkInterfaceIds": ["eni-1"], "Filters": [["Name": "vpc-id", "Values": ["x"]]]]
        #expect(Self.code(&cloud, "DescribeNetworkInterfaces", both) == .coexist)
    }

    @Test func `a request repeated with its token agrees whatever the order of its members`() throws {
        var cloud = try CloudSample()
        let first = try Self.answer(&cloud, "AllocateAddresses", ["ClientToken": "t", "AddressName": "a", "InternetMaxBandwidthOut": 5]).get()
        let second = try Self.answer(&cloud, "AllocateAddresses", ["InternetMaxBandwidthOut": 5, "ClientToken": "t", "AddressName": "a"]).get()
        #expect(first == second)
        #expect(Self.code(&cloud, "AllocateAddresses", ["ClientToken": "t", "AddressName": "a"]) == .idempotentParameterMismatch)
    }
}

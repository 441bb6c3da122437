import Core
import Models
import Testing

@Suite struct CloudBindingTests {
    @Test func `an interface must exist and hold the private IP`() throws {
        var cloud = try CloudSample()
        let id = try cloud.unbound()
        #expect(cloud.model.associate(id, networkInterfaceID: "eni-9", privateIP: "10.0.0.1", now: cloud.now).code == .networkInterfaceNotFound)
        #expect(cloud.model.associate(id, networkInterfaceID: "eni-2", privateIP: "10.0.0.1", now: cloud.now).code == .networkInterfaceNotFound)
    }

    @Test(arguments: [AddressStatus.binding, .bind, .unbinding]) func `a private IP takes one EIP at a time`(_ status: AddressStatus) throws {
        var cloud = try CloudSample()
        _ = try cloud.address(in: status)
        // enough for the second to be created, not enough for the first to be done
        let second = try cloud.model.addUserAddress(now: cloud.now)
        #expect(cloud.model.associate(second, networkInterfaceID: "eni-1", privateIP: "10.0.0.1", now: cloud.now).code == .privateIPAlreadyBound)
    }

    @Test func `an EIP on another private IP of the interface says so`() throws {
        var cloud = try CloudSample()
        let id = try cloud.bound(to: "10.0.0.1")
        #expect(cloud.model.associate(id, networkInterfaceID: "eni-1", privateIP: "10.0.0.2", now: cloud.now).code == .boundToOtherPrivateIP)
    }

    @Test(arguments: [(1, 2), (5, 2), (6, 3), (11, 3), (12, 4), (18, 5), (24, 6), (30, 7), (36, 8), (42, 9), (48, 10), (64, 10)])
    func `an instance takes as many EIPs as its cores allow`(_ cores: Int, _ most: Int) throws {
        var cloud = try CloudSample()
        let ips = (1...11).map { "10.0.2.\($0)" }
        try cloud.model.register(CloudInterface(id: "eni-3", vpcID: CloudSample.vpc, instanceID: "ins-3", privateIPs: ips), cores: cores, now: cloud.now)
        for (n, ip) in ips.enumerated() {
            let id = try cloud.model.addUserAddress(now: cloud.now)
            let code = cloud.model.associate(id, networkInterfaceID: "eni-3", privateIP: ip, now: cloud.now).code
            #expect(code == (n < most ? nil : .instanceAddressQuota))
        }
    }

    @Test func `an EIP that is being unbound still counts for its instance`() throws {
        var cloud = try CloudSample()
        let ids = try (1...3).map { try cloud.bound("t\($0)", to: "10.0.0.\($0)") }
        let next = try cloud.unbound("t4")
        _ = try cloud.model.disassociate(ids[0], now: cloud.now).get()
        #expect(cloud.model.associate(next, networkInterfaceID: "eni-1", privateIP: "10.0.0.4", now: cloud.now).code == .instanceAddressQuota)
        cloud.pass()
        #expect(cloud.model.associate(next, networkInterfaceID: "eni-1", privateIP: "10.0.0.4", now: cloud.now).code == nil)
    }

    @Test func `an EIP stays on a private IP that its pod gave back, and the next pod inherits it`() throws {
        var cloud = try CloudSample()
        let id = try cloud.bound(to: "10.0.0.1")
        try cloud.model.removePrivateIPs(["10.0.0.1"], from: "eni-1", now: cloud.now)
        #expect(cloud.status(id) == .bind)
        #expect(try cloud.model.networkInterfaces(ips: ["10.0.0.1"], vpc: CloudSample.vpc, now: cloud.now).get().isEmpty)
        // another node's pod gets the IP
        try cloud.model.register(CloudInterface(id: "eni-2", vpcID: CloudSample.vpc, instanceID: "ins-2", privateIPs: ["10.0.0.1"]), now: cloud.now)
        let owner = try cloud.model.networkInterfaces(ips: ["10.0.0.1"], vpc: CloudSample.vpc, now: cloud.now).get()
        #expect(owner.map(\.interface) == [NetworkInterface(id: "eni-2", instanceID: "ins-2", addressID: id)])
        #expect(cloud.model.address(id)?.instanceID == "ins-2")
    }

    @Test func `an unassigned private IP loses its EIP`() throws {
        var cloud = try CloudSample()
        let id = try cloud.bound(to: "10.0.0.1")
        try cloud.model.unassignPrivateIPs(["10.0.0.1"], from: "eni-1", now: cloud.now)
        #expect(cloud.status(id) == .unbind)
        #expect(cloud.model.address(id)?.privateIP == nil)
    }

    @Test func `a binding fails when its private IP is unassigned meanwhile`() throws {
        var cloud = try CloudSample()
        let id = try cloud.unbound()
        let task = try cloud.model.associate(id, networkInterfaceID: "eni-1", privateIP: "10.0.0.1", now: cloud.now).get()
        try cloud.model.removeInterface("eni-1", now: cloud.now)
        #expect(try cloud.model.taskResult(task, now: cloud.now).get() == .failed)
        cloud.pass()
        #expect(cloud.status(id) == .unbind)
    }

    @Test func `a private IP is on one interface of a VPC only, other VPCs do not matter`() throws {
        var cloud = try CloudSample()
        let thief = CloudInterface(id: "eni-2", vpcID: CloudSample.vpc, instanceID: "ins-2", privateIPs: ["10.0.0.1"])
        #expect(throws: CloudFault.self) { try cloud.model.register(thief, now: cloud.now) }
        try cloud.model.register(CloudInterface(id: "eni-9", vpcID: "vpc-9", instanceID: "ins-9", privateIPs: ["10.0.0.1"]), now: cloud.now)
        let here = try cloud.model.networkInterfaces(ips: ["10.0.0.1", "10.9.9.9"], vpc: CloudSample.vpc, now: cloud.now).get()
        #expect(here.map(\.ip) == ["10.0.0.1"])
        #expect(here.map(\.interface.id) == ["eni-1"])
    }

    @Test func `to register twice changes nothing and adds what is new`() throws {
        var cloud = try CloudSample()
        let again = CloudInterface(id: "eni-2", vpcID: CloudSample.vpc, instanceID: "ins-2", privateIPs: ["10.0.1.1", "10.0.1.2"])
        try cloud.model.register(again, now: cloud.now)
        try cloud.model.register(again, now: cloud.now)
        #expect(cloud.model.allInterfaces.first { $0.id == "eni-2" }?.privateIPs == ["10.0.1.1", "10.0.1.2"])
    }

    @Test func `an address that vanishes is gone at once and its task has failed`() throws {
        var cloud = try CloudSample()
        let id = try cloud.unbound()
        let task = try cloud.model.associate(id, networkInterfaceID: "eni-1", privateIP: "10.0.0.1", now: cloud.now).get()
        try cloud.model.vanish(id, now: cloud.now)
        #expect(cloud.status(id) == nil)
        #expect(try cloud.model.taskResult(task, now: cloud.now).get() == .failed)
        let other = try cloud.unbound("token-2")
        #expect(cloud.model.associate(other, networkInterfaceID: "eni-1", privateIP: "10.0.0.1", now: cloud.now).code == nil)
    }
}

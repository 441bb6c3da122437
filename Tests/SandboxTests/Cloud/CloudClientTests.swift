import Cloud
import Core
import HTTPClient
import JSON
import Models
import Observe
import Sandbox
import Testing

/// The client of production against the sandbox cloud.
@Suite struct CloudClientTests {
    @Test func `the client and the cloud agree on a whole life, and the client sorts what it is refused`() async throws {
        let cloud = try SandboxCloud(SandboxCloudSettings(cloud: CloudModel.Settings(latency: .init(all: .zero))))
        try cloud.withModel { model in
            let interface = CloudInterface(id: "eni-1", vpcID: "vpc-1", instanceID: "ins-1", privateIPs: ["10.0.0.1"])
            try model.register(interface, cores: 8, now: SandboxCloudSettings.wallClock())
        }
        let clock: @Sendable () -> Now = {
            let wall = SandboxCloudSettings.wallClock()
            return Now(instant: Instant(milliseconds: wall.milliseconds), wall: wall)
        }
        let client = TencentCloudClient(
            Cloud.CloudSettings(region: "ap-guangzhou", endpoint: try CloudEndpoint(cloud.url)),
            credentials: FixedCredentials(CloudCredentials(secretID: "AKIDSANDBOX", secretKey: Secret("sandbox"))), http: HTTPClient(), now: clock)
        let tags = [Naming.creatorTag, Tag(key: Naming.clusterTagKey, value: "uid-1")]
        let request = AllocateRequest(name: "ns_pod-0", attributes: AddressAttributes(), tags: tags, clientToken: "token-1")
        let proof = clock().instant
        let id = try await client.allocate(request, proof: proof)
        #expect(try await client.allocate(request, proof: proof) == id)
        let unbound = try #require(try await client.describeAddresses(ids: [id]).first)
        #expect(unbound == cloud.withModel { $0.address(id) }.map(Self.asClientsSee))
        let found = try await client.networkInterfaces(vpcID: "vpc-1", privateIPs: ["10.0.0.1", "10.0.0.9"])
        #expect(found == ["10.0.0.1": NetworkInterface(id: "eni-1", instanceID: "ins-1")])
        try await client.associate(id, networkInterfaceID: "eni-1", privateIP: "10.0.0.1", proof: proof)
        let bound = try #require(try await client.describeAddresses(ids: [id]).first)
        #expect(bound.status == .bind && bound.privateIP == "10.0.0.1" && bound.instanceID == "ins-1")
        try await client.rename(id, to: "ns_pod-1", proof: proof)
        try await client.modifyBandwidth([id], to: 7, proof: proof)
        let refused = await #expect(throws: CloudFault.self) { try await client.release([id], proof: proof) }
        #expect(refused?.kind == .busy)
        try await client.disassociate(id, proof: proof)
        try await client.release([id], proof: proof)
        #expect(try await client.describeAddresses(ids: [id]).isEmpty)
        await cloud.stop()
    }

    /// Times at the cloud are in whole seconds.
    private static func asClientsSee(_ address: Address) -> Address {
        var address = address
        address.createdAt = address.createdAt?.wholeSeconds
        return address
    }

    /// The simulator takes the model's word for the class, production the client's: they must be one.
    @Test(arguments: CloudCode.allCases) func `the model and the client sort each code alike`(_ code: CloudCode) {
        #expect(ErrorSorting.sort(code.rawValue, .associateAddress).kind == code.kind)
        #expect(ErrorSorting.sort(code.rawValue, .associateAddress).rule == .code)
    }
}

import Core
import Glibc
import HTTPClient
import HTTPServing
import Observe
import Testing

@testable import Cloud

/// Over a real socket: what libcurl sends is what was signed. Both clocks are real, because the server's `Date` is.
@Suite struct LoopbackTests {
    @Sendable static func now() -> Now {
        func milliseconds(_ clock: clockid_t) -> Int64 {
            var time = timespec()
            clock_gettime(clock, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        }
        return Now(instant: Instant(milliseconds: milliseconds(CLOCK_BOOTTIME)), wall: Timestamp(milliseconds: milliseconds(CLOCK_REALTIME)))
    }

    func client(port: Int, callTimeout: Duration = .seconds(10)) throws -> (client: TencentCloudClient, http: HTTPClient) {
        let settings = CloudSettings(region: "ap-guangzhou", endpoint: try CloudEndpoint("http://127.0.0.1:\(port)"), callTimeout: callTimeout)
        let http = HTTPClient()
        return (TencentCloudClient(settings, credentials: FixedCredentials(SigningVector.example), http: http, now: Self.now), http)
    }

    @Test func `what arrives is what was signed`() async throws {
        let cloud = FakeCloud(clock: TestClock(Self.now())) { _ in .ok(#""AddressSet":["eip-1"]"#) }
        let server = try serve(cloud)
        let (client, http) = try client(port: server.port)
        let request = AllocateRequest(name: "a_ä", attributes: AddressAttributes(), tags: [Naming.creatorTag], clientToken: "t")
        #expect(try await client.allocate(request, proof: Self.now().instant) == AddressID("eip-1"))
        #expect(cloud.received.count == 1)
        #expect(cloud.received[0].headers["host"] == "127.0.0.1:\(server.port)")
        await http.shutdown()
        await server.shutdown(drain: .zero)
    }

    @Test func `a wrong key is refused`() async throws {
        let accepted = CloudCredentials(secretID: SigningVector.example.secretID, secretKey: Secret("other"))
        let cloud = FakeCloud(clock: TestClock(Self.now()), accepted: accepted) { _ in .ok("") }
        let server = try serve(cloud)
        let (client, http) = try client(port: server.port)
        let fault = await #expect(throws: CloudFault.self) { try await client.addressQuotas() }
        #expect(fault?.code == "AuthFailure.SignatureFailure" && fault?.kind == .authorisation)
        await http.shutdown()
        await server.shutdown(drain: .zero)
    }

    @Test func `a connection that breaks in mid-answer is transient, and is not tried again`() async throws {
        let cloud = FakeCloud(clock: TestClock(Self.now())) { _ in .fails(HTTPClientError(.broken, mayHaveBeenSent: true, "")) }
        let server = try serve(cloud)
        let (client, http) = try client(port: server.port)
        let fault = await #expect(throws: CloudFault.self) { try await client.disassociate(AddressID("eip-1"), proof: Self.now().instant) }
        #expect(fault?.kind == .transient && fault?.code.hasPrefix("Transport.") == true)
        #expect(cloud.received.count == 1)
        await http.shutdown()
        await server.shutdown(drain: .zero)
    }

    @Test func `nobody there is transient`() async throws {
        let cloud = FakeCloud(clock: TestClock(Self.now())) { _ in .ok("") }
        let server = try serve(cloud)
        await server.shutdown(drain: .zero)
        let (client, http) = try client(port: server.port)
        let fault = await #expect(throws: CloudFault.self) { try await client.addressQuotas() }
        #expect(fault?.kind == .transient && fault?.code == "Transport.CannotConnect")
        await http.shutdown()
    }
}

import Core
import Testing

@testable import Cloud

@Suite struct RequestLifeTests {
    @Test(arguments: [
        // proof at the cloud in ms, life in s, X-TC-Timestamp
        (1_700_000_000_000, 60, 1_699_999_760), (1_700_000_000_999, 60, 1_699_999_760), (1_700_000_001_000, 60, 1_699_999_761),
        (1_700_000_000_000, 290, 1_699_999_990), (1_700_000_000_000, 5, 1_699_999_705),
    ])
    func `a request is signed so far back that the cloud's window ends with its life`(proof: Int64, life: Int, expected: Int64) {
        let life = RequestLife(.seconds(life))
        let signed = life.signingTime(proof: Timestamp(milliseconds: proof))
        #expect(signed == expected)
        // the last moment at which the cloud still takes it, never after the life
        let last = (signed + 300) * 1000
        #expect(last <= proof + life.duration.milliseconds && last > proof + life.duration.milliseconds - 1000)
    }

    @Test func `a life shrinks to nothing`() {
        let life = RequestLife(.seconds(60))
        let proof = Instant(milliseconds: 5000)
        #expect(life.remaining(proof: proof, now: proof) == .seconds(60))
        #expect(life.remaining(proof: proof, now: proof + .seconds(59)) == .seconds(1))
        #expect(life.remaining(proof: proof, now: proof + .seconds(60)) == .zero)
    }
}

/// What it comes to in calls.
@Suite struct RequestLifeCallTests {
    let clock = testClock()
    let id = AddressID("eip-1")

    @Test func `the cloud takes a request until its life is over and not after`() async throws {
        let cloud = FakeCloud(clock: clock) { _ in .ok("") }
        let proof = clock.now.instant
        try await cloud.client().disassociate(id, proof: proof)
        let request = try #require(cloud.received.first)
        #expect(request.headers["x-tc-timestamp"] == "1699999760")
        // the same bytes, sent by a process that was stopped in between
        clock.advance(by: .seconds(60))
        #expect(try cloud.answer(request).get().body.contains("AuthFailure") == false)
        clock.advance(by: .seconds(1))
        #expect(try cloud.answer(request).get().body.contains("AuthFailure.SignatureExpire"))
    }

    @Test func `nothing is sent when the life is over before`() async throws {
        let cloud = FakeCloud(clock: clock) { _ in .ok("") }
        let proof = clock.now.instant
        clock.advance(by: .seconds(60))
        let fault = await #expect(throws: CloudFault.self) { try await cloud.client().release([id], proof: proof) }
        #expect(fault?.kind == .transient && fault?.code == "Transport.LifeOver")
        #expect(fault?.message.contains("60000 ms old") == true)
        #expect(cloud.received.isEmpty)
    }

    @Test func `a call's time-out ends with its life`() async throws {
        let cloud = FakeCloud(clock: clock) { _ in .ok(#""QuotaSet":[]"#) }
        let client = cloud.client()
        let proof = clock.now.instant
        try await client.disassociate(id, proof: proof)
        clock.advance(by: .seconds(57))
        try await client.disassociate(id, proof: proof)
        _ = try await client.addressQuotas()
        #expect(cloud.timeoutsSeen == [.seconds(10), .seconds(3), .seconds(10)])
    }

    @Test(arguments: [Duration.seconds(-3600), .seconds(3600)])
    func `a wrong clock is noticed at the first reply, and its request repeated once`(skew: Duration) async throws {
        let cloud = FakeCloud(clock: clock, skew: skew) { _ in .ok("") }
        let client = cloud.client()
        try await client.disassociate(id, proof: clock.now.instant)
        #expect(cloud.received.count == 2)
        let learnt = 1_699_999_760 + skew.components.seconds
        let signed = try #require(Int64(cloud.received[1].headers["x-tc-timestamp"] ?? ""))
        #expect(abs(signed - learnt) <= 1)
        clock.advance(by: .seconds(1))
        try await client.disassociate(id, proof: clock.now.instant)
        #expect(cloud.received.count == 3)
    }

    @Test func `a cloud that goes on refusing the time is believed`() async throws {
        let cloud = FakeCloud(clock: clock) { _ in .error("AuthFailure.SignatureExpire") }
        let fault = await #expect(throws: CloudFault.self) { try await cloud.client().disassociate(id, proof: clock.now.instant) }
        #expect(fault?.kind == .authorisation && fault?.code == "AuthFailure.SignatureExpire")
        #expect(cloud.received.count == 2)
    }

    @Test func `a Date without a reply of the API teaches nothing`() async throws {
        let cloud = FakeCloud(clock: clock, skew: .seconds(200)) { _ in .raw(200, #"{"Response":{}}"#) }
        let client = cloud.client()
        await #expect(throws: CloudFault.self) { try await client.addressQuotas() }
        await #expect(throws: CloudFault.self) { try await client.addressQuotas() }
        #expect(cloud.received.map { $0.headers["x-tc-timestamp"] } == ["1700000000", "1700000000"])
    }
}

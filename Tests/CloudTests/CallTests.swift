import Core
import HTTPClient
import Lifecycle
import Observe
import Testing

@testable import Cloud

@Suite struct CallTests {
    let clock = testClock()

    /// What a call that is answered so ends with.
    func fault(_ answer: Answer) async throws -> CloudFault {
        let cloud = FakeCloud(clock: clock) { _ in answer }
        return try #require(await #expect(throws: CloudFault.self) { try await cloud.client().disassociate(AddressID("eip-1"), proof: clock.now.instant) })
    }

    @Test func `an error keeps its code, its words and its request's id`() async throws {
        let fault = try await fault(.error("OperationDenied.MutexTaskRunning"))
        #expect(
            fault
                == CloudFault(
                    .busy, code: "OperationDenied.MutexTaskRunning", message: "DisassociateAddress: because of OperationDenied.MutexTaskRunning",
                    requestID: "req-2"))
    }

    @Test(arguments: [
        ("RequestLimitExceeded", CloudErrorClass.throttled), ("InvalidAddressId.NotFound", .alreadyThere), ("InternalError", .transient),
        ("UnauthorizedOperation", .authorisation),
    ])
    func `errors come with status 200 and are sorted`(code: String, kind: CloudErrorClass) async throws {
        #expect(try await fault(.error(code)).kind == kind)
    }

    @Test(arguments: [
        (Answer.raw(503, "<html>upstream</html>"), "Transport.Status", "HTTP status 503: <html>upstream</html>"),
        (.raw(429, ""), "Transport.Status", "HTTP status 429"),
        (.raw(200, ""), "Transport.Unparsable", "not JSON"),
        (.raw(200, "<html>"), "Transport.Unparsable", "<html>"),
        (.raw(200, "{}"), "Transport.Unparsable", "no Response"),
        (.raw(200, #"{"Response":[]}"#), "Transport.Unparsable", "no Response"),
        (.raw(200, #"{"Response":{"Error":{"Message":"m"}}}"#), "Transport.Unparsable", "an error without a code: m"),
        (.fails(HTTPClientError(.timedOut, mayHaveBeenSent: true, "too slow")), "Transport.TimedOut", "too slow (timedOut, may have been sent)"),
        (.fails(HTTPClientError(.broken, mayHaveBeenSent: true, "cut")), "Transport.Broken", "cut"),
        (.fails(HTTPClientError(.cannotConnect, mayHaveBeenSent: false, "refused")), "Transport.CannotConnect", "refused"),
        (.fails(HTTPClientError(.tls, mayHaveBeenSent: false, "who?")), "Transport.TLS", "who?"),
        (.fails(HTTPClientError(.cancelled, mayHaveBeenSent: true, "stop")), "Transport.Cancelled", "stop"),
        (.fails(HTTPClientError(.tooLarge, mayHaveBeenSent: true, "much")), "Transport.TooLarge", "much"),
        (.fails(HTTPClientError(.invalid, mayHaveBeenSent: false, "odd")), "Transport.InvalidRequest", "odd"),
    ])
    func `what is no answer of the API is transient`(answer: Answer, code: String, words: String) async throws {
        let fault = try await fault(answer)
        #expect(fault.kind == .transient && fault.code == code)
        #expect(fault.message.hasPrefix("DisassociateAddress: ") && fault.message.contains(words))
    }

    @Test func `a long page of a gateway is cut`() async throws {
        let fault = try await fault(.raw(502, String(repeating: "x", count: 10_000)))
        #expect(fault.message.utf8.count < 300)
    }

    @Test func `the observer is told of every call once`() async throws {
        let seen = Locked<[CloudCall]>([])
        let clock = clock
        let cloud = FakeCloud(clock: clock) {
            clock.advance(by: .milliseconds(250))
            return $0.action == "ReleaseAddresses" ? .error("ResourceInsufficient") : .ok("")
        }
        let client = cloud.client { call in seen.withLock { $0.append(call) } }
        try await client.disassociate(AddressID("eip-1"), proof: clock.now.instant)
        await #expect(throws: CloudFault.self) { try await client.release([AddressID("eip-1")], proof: clock.now.instant) }
        let calls = seen.withLock { $0 }
        #expect(calls.map(\.action) == [.disassociateAddress, .releaseAddresses])
        #expect(calls.map(\.duration) == [.milliseconds(250), .milliseconds(250)])
        #expect(calls.map { $0.fault?.kind } == [nil, .quota])
    }

    @Test func `the token of temporary credentials goes along`() async throws {
        let temporary = CloudCredentials(secretID: "AKIDT", secretKey: Secret("k"), token: Secret("tok"))
        let cloud = FakeCloud(clock: clock, accepted: temporary) { _ in .ok(#""QuotaSet":[]"#) }
        _ = try await cloud.client(credentials: FixedCredentials(temporary)).addressQuotas()
        #expect(cloud.received.map { $0.headers["x-tc-token"] } == ["tok"])
    }

    @Test func `refused temporary credentials are fetched anew, once`() async throws {
        struct Rotating: CredentialSource {
            func credentials(fresh: Bool) async throws(CredentialError) -> CloudCredentials {
                CloudCredentials(secretID: "AKIDT", secretKey: Secret("k"), token: Secret(fresh ? "new" : "old"))
            }
        }
        let accepted = CloudCredentials(secretID: "AKIDT", secretKey: Secret("k"), token: Secret("new"))
        let cloud = FakeCloud(clock: clock, accepted: accepted) { _ in .ok(#""QuotaSet":[]"#) }
        _ = try await cloud.client(credentials: Rotating()).addressQuotas()
        #expect(cloud.received.map { $0.headers["x-tc-token"] } == ["old", "new"])
    }

    @Test func `without credentials nothing is sent`() async throws {
        struct None: CredentialSource {
            func credentials(fresh: Bool) async throws(CredentialError) -> CloudCredentials { throw CredentialError("no file") }
        }
        let cloud = FakeCloud(clock: clock) { _ in .ok("") }
        let fault = await #expect(throws: CloudFault.self) { try await cloud.client(credentials: None()).addressQuotas() }
        #expect(fault == CloudFault(.authorisation, code: "Credentials.Unavailable", message: "no file"))
        #expect(cloud.received.isEmpty)
    }

    @Test func `a page has its rows and the number of all rows`() async throws {
        let cloud = FakeCloud(clock: clock) { request in
            let rows = (request.body.contains(#""Offset":100,"Limit":100"#) ? 100..<120 : 0..<100).map { #"{"AddressId":"eip-\#($0)","AddressStatus":"BIND"}"# }
            return .ok(#""TotalCount":120,"AddressSet":[\#(rows.joined(separator: ","))]"#)
        }
        let first = try await cloud.client().describeAddresses([.tag(Naming.creatorTag)])
        let second = try await cloud.client().describeAddresses([.tag(Naming.creatorTag)], offset: 100)
        #expect(first.totalCount == 120 && second.totalCount == 120)
        #expect((first.addresses + second.addresses).map(\.id.rawValue) == (0..<120).map { "eip-\($0)" })
    }

    @Test(arguments: [("InvalidAddressId.NotFound", CloudErrorClass.lost), ("InvalidParameterValue.AddressIdMalformed", .terminal)])
    func `one bad id may spoil a look-up by ids, and says so`(code: String, kind: CloudErrorClass) async throws {
        let cloud = FakeCloud(clock: clock) { _ in .error(code) }
        let fault = await #expect(throws: CloudFault.self) { try await cloud.client().describeAddresses(ids: [AddressID("eip-1")]) }
        #expect(fault?.kind == kind && fault?.code == code)
    }
}

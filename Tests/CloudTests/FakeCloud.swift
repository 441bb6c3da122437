import Core
import Crypto
import HTTPClient
import Lifecycle
import Observe

@testable import Cloud

/// Both clocks of a test, set by hand.
final class TestClock: Sendable {
    private let value: Locked<Now>
    init(_ now: Now) { value = Locked(now) }
    var now: Now { value.withLock { $0 } }
    func advance(by duration: Duration) {
        value.withLock { $0 = Now(instant: $0.instant + duration, wall: $0.wall + duration) }
    }
}

/// A request as the server sees it; names of headers in lower case.
struct Received: Sendable {
    var method: String
    var path: String
    var headers: [String: String]
    var body: String
    var action: String { headers["x-tc-action"] ?? "" }
}

enum Answer: Sendable {
    /// members of a successful Response, without RequestId
    case ok(String)
    case error(String)
    case raw(Int, String)
    case fails(HTTPClientError)
}

/// The VPC API as far as the client's manners go: it checks what is sent to it and answers as the test says. Its clock is
/// the test's wall clock plus `skew`.
final class FakeCloud: Sendable {
    let clock: TestClock
    let skew: Duration
    private let accepted: CloudCredentials
    private let script: @Sendable (Received) -> Answer
    private let log = Locked<[Received]>([])
    private let timeouts = Locked<[Duration?]>([])

    init(clock: TestClock, skew: Duration = .zero, accepted: CloudCredentials = SigningVector.example, script: @escaping @Sendable (Received) -> Answer) {
        self.clock = clock
        self.skew = skew
        self.accepted = accepted
        self.script = script
    }

    var received: [Received] { log.withLock { $0 } }
    /// of each exchange, as the client asked for it
    var timeoutsSeen: [Duration?] { timeouts.withLock { $0 } }
    var time: Timestamp { clock.now.wall + skew }

    /// Status, body and `Date` of the answer, or the transport's failure.
    func answer(_ request: Received) -> Result<(status: Int, body: String, date: String), HTTPClientError> {
        log.withLock { $0.append(request) }
        let date = httpDate(time)
        if let code = refusal(request) { return .success((200, errorBody(code), date)) }
        switch script(request) {
        case .ok(let members): return .success((200, #"{"Response":{"RequestId":"req-1"\#(members.isEmpty ? "" : ",")\#(members)}}"#, date))
        case .error(let code): return .success((200, errorBody(code), date))
        case .raw(let status, let body): return .success((status, body, date))
        case .fails(let error): return .failure(error)
        }
    }

    /// The signature computed anew from what arrived, step by step as the documentation has it.
    private func refusal(_ request: Received) -> String? {
        guard let timestamp = request.headers["x-tc-timestamp"].flatMap({ Int64($0) }) else { return "MissingParameter" }
        guard abs(time.milliseconds / 1000 - timestamp) <= 300 else { return "AuthFailure.SignatureExpire" }
        if request.headers["x-tc-token"] != accepted.token?.reveal() { return "AuthFailure.TokenFailure" }
        let date = String(Timestamp(milliseconds: timestamp * 1000).rfc3339.prefix(10))
        func header(_ name: String) -> String { request.headers[name] ?? "" }
        let canonical = [
            request.method, request.path, "", "content-type:" + header("content-type"), "host:" + header("host"), "", "content-type;host",
            Digest.hex(Digest.sha256(request.body.utf8)),
        ].joined(separator: "\n")
        let scope = "\(date)/vpc/tc3_request"
        let toSign = ["TC3-HMAC-SHA256", "\(timestamp)", scope, Digest.hex(Digest.sha256(canonical.utf8))].joined(separator: "\n")
        var key = Array("TC3\(accepted.secretKey.reveal())".utf8)
        for part in [date, "vpc", "tc3_request"] { key = Digest.hmacSHA256(key: key, part.utf8) }
        let signature = Digest.hex(Digest.hmacSHA256(key: key, toSign.utf8))
        let expected = "TC3-HMAC-SHA256 Credential=\(accepted.secretID)/\(scope), SignedHeaders=content-type;host, Signature=\(signature)"
        if !header("authorization").contains("Credential=\(accepted.secretID)/") { return "AuthFailure.SecretIdNotFound" }
        return header("authorization") == expected ? nil : "AuthFailure.SignatureFailure"
    }

    private func errorBody(_ code: String) -> String {
        #"{"Response":{"Error":{"Code":"\#(code)","Message":"because of \#(code)"},"RequestId":"req-2"}}"#
    }

    /// A client whose exchanges end here, without a network.
    func client(
        _ settings: CloudSettings = CloudSettings(region: "ap-guangzhou"), credentials: any CredentialSource = FixedCredentials(SigningVector.example),
        observer: CloudCallObserver? = nil
    ) -> TencentCloudClient {
        let send: TencentCloudClient.Send = { request throws(HTTPClientError) in
            self.timeouts.withLock { $0.append(request.timeout) }
            var headers: [String: String] = [:]
            for field in request.headers.fields { headers[field.name.lowercased()] = field.value }
            let path = String(request.url.dropFirst("https://vpc.tencentcloudapi.com".count))
            let answer = try self.answer(
                Received(method: request.method, path: path, headers: headers, body: String(decoding: request.body ?? [], as: UTF8.self))
            ).get()
            let moment = ContinuousClock.now
            let head = HTTPHead(status: answer.status, headers: ["Date": answer.date], sentAt: moment, receivedAt: moment)
            return HTTPResponse(head: head, body: Array(answer.body.utf8))
        }
        return TencentCloudClient(settings, credentials: credentials, now: { self.clock.now }, observer: observer, send: send)
    }
}

/// 2023-11-14T22:13:20Z on the wall, an hour after the machine's start.
func testClock() -> TestClock {
    TestClock(Now(instant: Instant(milliseconds: 3_600_000), wall: Timestamp(milliseconds: 1_700_000_000_000)))
}

func httpDate(_ time: Timestamp) -> String {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let text = Array(time.rfc3339)
    let month = Int(String(text[5..<7])) ?? 1
    return "Tue, \(String(text[8..<10])) \(months[month - 1]) \(String(text[0..<4])) \(String(text[11..<19])) GMT"
}

import Core
import Crypto
import HTTPClient
import JSON
import Lifecycle
import Models
import Sandbox

/// A clock that goes when it is told to.
final class HandClock: Sendable {
    private let time = Locked(Timestamp(milliseconds: 1_800_000_000_000))
    var now: Timestamp { time.withLock { $0 } }
    func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// A sandbox cloud with a client that signs by itself and can sign wrongly.
struct CloudCaller {
    let cloud: SandboxCloud
    let clock = HandClock()
    let http = HTTPClient()
    var secretID = "AKIDSANDBOX"
    var secretKey = "sandbox"
    /// Added to the clock when signing.
    var skew = Duration.zero
    var timeout = Duration.seconds(10)
    /// Spoils the request after it was signed.
    var spoil: @Sendable (inout HTTPRequest) -> Void = { _ in }

    init(limits: Bool = false, journalFile: String? = nil) throws {
        var model = CloudModel.Settings(latency: .init(all: .milliseconds(200)))
        model.limitsRequests = limits
        let clock = clock
        cloud = try SandboxCloud(SandboxCloudSettings(journalFile: journalFile, cloud: model) { clock.now })
    }

    /// Calls the API; the members of `Response`.
    func call(_ action: String, _ parameters: JSONValue = [:], version: String = "2017-03-12") async throws -> JSONValue {
        let reply = try await http.send(request(action, parameters, version: version))
        guard reply.status == 200 else { throw Refused(status: reply.status, body: "") }
        return try JSONValue(parsing: reply.body)["Response"]
    }

    /// The error's code; nil if it went well.
    func code(_ action: String, _ parameters: JSONValue = [:], version: String = "2017-03-12") async throws -> String? {
        try await call(action, parameters, version: version)["Error"]["Code"].string
    }

    struct Refused: Error, Equatable {
        var status: Int
        var body: String
    }

    func request(_ action: String, _ parameters: JSONValue, version: String = "2017-03-12") -> HTTPRequest {
        let body = parameters.bytes()
        let timestamp = (clock.now + skew).milliseconds / 1000
        let host = String(cloud.url.dropFirst("http://".count))
        let day = (clock.now + skew).rfc3339.prefix(10)
        let canonical = "POST\n/\n\ncontent-type:application/json\nhost:\(host)\n\ncontent-type;host\n\(Digest.hex(Digest.sha256(body)))"
        let scope = "\(day)/vpc/tc3_request"
        let text = "TC3-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(Digest.hex(Digest.sha256(canonical.utf8)))"
        let key = [String(day), "vpc", "tc3_request"].reduce(Array("TC3\(secretKey)".utf8)) { Digest.hmacSHA256(key: $0, $1.utf8) }
        let signature = Digest.hex(Digest.hmacSHA256(key: key, text.utf8))
        let headers: HTTPHeaders = [
            "Content-Type": "application/json", "X-TC-Action": action, "X-TC-Version": version, "X-TC-Timestamp": String(timestamp),
            "X-TC-Region": "ap-guangzhou",
            "Authorization": "TC3-HMAC-SHA256 Credential=\(secretID)/\(scope), SignedHeaders=content-type;host, Signature=\(signature)",
        ]
        var request = HTTPRequest("POST", "\(cloud.url)/", headers: headers, body: body, timeout: timeout)
        spoil(&request)
        return request
    }

    /// The control side; throws `Refused` unless it answers 200.
    @discardableResult
    func control(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let reply = try await http.send(HTTPRequest(method, "\(cloud.url)/sandbox/\(path)", headers: [:], body: body?.bytes()))
        guard reply.status == 200 else { throw Refused(status: reply.status, body: String(decoding: reply.body, as: UTF8.self)) }
        return try JSONValue(parsing: reply.body)
    }

    /// A new address in UNBIND.
    func unbound(_ token: String = "t") async throws -> JSONValue {
        let id = try await call("AllocateAddresses", ["ClientToken": .string(token)])["AddressSet"][0]
        clock.pass(.seconds(1))
        return id
    }
}

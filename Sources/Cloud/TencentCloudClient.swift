public import Core
public import HTTPClient
internal import Lifecycle
internal import Observe

/// How the VPC API is called.
public struct CloudSettings: Hashable, Sendable {
    public var endpoint: CloudEndpoint
    /// Such as `ap-guangzhou`; header `X-TC-Region`.
    public var region: String
    public var requestLife: RequestLife
    /// The longest a call may take; a mutating one also ends with its life.
    public var callTimeout: Duration

    public init(region: String, endpoint: CloudEndpoint = .standard, requestLife: RequestLife = RequestLife(), callTimeout: Duration = .seconds(10)) {
        self.region = region
        self.endpoint = endpoint
        self.requestLife = requestLife
        self.callTimeout = callTimeout
    }
}

/// One finished call, for metrics and logs.
public struct CloudCall: Hashable, Sendable {
    public var action: CloudAction
    /// including a second attempt after credentials or clock were refreshed
    public var duration: Duration
    /// nil: it succeeded
    public var fault: CloudFault?
    public init(action: CloudAction, duration: Duration, fault: CloudFault?) {
        self.action = action
        self.duration = duration
        self.fault = fault
    }
}

/// Told of every call when it is over, on the caller's task; it must not block.
public typealias CloudCallObserver = @Sendable (CloudCall) -> Void

/// The actions of Tencent Cloud's VPC API (2017-03-12) that EIPs need, one method each.
///
/// It signs, sends, reads and sorts errors; it neither paces nor repeats. The one exception: when the cloud refused the
/// signature because of the clock or the credentials, so certainly did nothing, it tries once more with what it has learnt.
/// Mutating calls take the moment of the caller's proof of ownership and are not sent after its life (`RequestLife`). They
/// are asynchronous at the cloud: success means accepted, the state comes from describing.
public final class TencentCloudClient: Sendable {
    /// Addresses in one list of ids, and rows in one page.
    public static let pageMax = 100
    static let version = "2017-03-12"
    static let contentType = "application/json"
    /// A page of 100 addresses has about 60 KB.
    static let replyBytesMax = 8 << 20

    public typealias Send = @Sendable (HTTPRequest) async throws(HTTPClientError) -> HTTPResponse

    private let settings: CloudSettings
    private let credentials: any CredentialSource
    private let send: Send
    private let now: @Sendable () -> Now
    private let observer: CloudCallObserver?
    private let cloudTime = Locked(RemoteClock())

    /// - Parameters:
    ///   - send: one HTTP exchange.
    ///   - now: both clocks of this machine.
    public init(
        _ settings: CloudSettings, credentials: any CredentialSource, now: @escaping @Sendable () -> Now, observer: CloudCallObserver? = nil,
        send: @escaping Send
    ) {
        self.settings = settings
        self.credentials = credentials
        self.now = now
        self.observer = observer
        self.send = send
    }

    public convenience init(
        _ settings: CloudSettings, credentials: any CredentialSource, http: HTTPClient, now: @escaping @Sendable () -> Now,
        observer: CloudCallObserver? = nil
    ) {
        self.init(settings, credentials: credentials, now: now, observer: observer) { request throws(HTTPClientError) in
            try await http.send(request)
        }
    }

    /// Makes one call; throws what went wrong, sorted.
    func call(_ action: CloudAction, _ body: [UInt8], proof: Instant? = nil) async throws(CloudFault) -> Reply {
        precondition(action.isMutating == (proof != nil), "\(action) and its proof of ownership do not agree")
        let start = now().instant
        do throws(CloudFault) {
            let reply = try await attemptTwice(action, body, proof)
            observer?(CloudCall(action: action, duration: now().instant - start, fault: nil))
            return reply
        } catch {
            observer?(CloudCall(action: action, duration: now().instant - start, fault: error))
            throw error
        }
    }

    private func attemptTwice(_ action: CloudAction, _ body: [UInt8], _ proof: Instant?) async throws(CloudFault) -> Reply {
        do throws(CloudFault) {
            return try await attempt(action, body, proof, freshCredentials: false)
        } catch {
            switch error.code {
            case "AuthFailure.SignatureExpire": return try await attempt(action, body, proof, freshCredentials: false)
            case "AuthFailure.TokenFailure", "AuthFailure.SecretIdNotFound": return try await attempt(action, body, proof, freshCredentials: true)
            default: throw error
            }
        }
    }

    private func attempt(_ action: CloudAction, _ body: [UInt8], _ proof: Instant?, freshCredentials: Bool) async throws(CloudFault) -> Reply {
        let signer: CloudCredentials
        do throws(CredentialError) {
            signer = try await credentials.credentials(fresh: freshCredentials)
        } catch {
            throw CloudFault(.authorisation, code: "Credentials.Unavailable", message: error.message)
        }
        let sent = now()
        let timeout = try self.timeout(action, proof, at: sent.instant)
        let timestamp = signingTime(proof, now: sent)
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await send(request(action, body, timestamp: timestamp, signer: signer, timeout: timeout))
        } catch {
            throw .transport(TransportCode(error.code), "\(action.rawValue): \(error)")
        }
        guard response.status == 200 else {
            throw .transport(.status, "\(action.rawValue): HTTP status \(response.status): \(beginning(of: response.body))")
        }
        let reply = try Reply(response.body, action: action)
        // Only from what the API itself answered: a proxy in between has a clock of its own.
        if reply.requestID != nil, let date = response.head.date.flatMap({ Timestamp(httpDate: $0) }) {
            let received = now().instant
            cloudTime.withLock { $0.learn(date: date, sent: sent.instant, received: received) }
        }
        if let fault = reply.fault { throw fault }
        return reply
    }

    /// - Throws: `Transport.LifeOver` if there is no time left to send it.
    private func timeout(_ action: CloudAction, _ proof: Instant?, at now: Instant) throws(CloudFault) -> Duration {
        guard let proof else { return settings.callTimeout }
        let remaining = settings.requestLife.remaining(proof: proof, now: now)
        guard remaining > .zero else {
            throw .transport(
                .lifeOver,
                "\(action.rawValue): not sent, the proof of ownership is \((now - proof).milliseconds) ms old, \(settings.requestLife.duration) is allowed")
        }
        return min(settings.callTimeout, remaining)
    }

    private func signingTime(_ proof: Instant?, now: Now) -> Int64 {
        let time = cloudTime.withLock { $0 }
        // a proof from the future cannot lengthen the life
        guard let proof else { return time.at(now.instant, now: now).milliseconds / 1000 }
        return settings.requestLife.signingTime(proof: time.at(min(proof, now.instant), now: now))
    }

    private func request(_ action: CloudAction, _ body: [UInt8], timestamp: Int64, signer: CloudCredentials, timeout: Duration) -> HTTPRequest {
        let host = settings.endpoint.host
        let signature = TC3Signature(host: host, contentType: Self.contentType, service: "vpc", timestamp: timestamp, body: body)
        var headers: HTTPHeaders = [
            "Host": host, "Content-Type": Self.contentType, "Authorization": signature.authorization(signer), "X-TC-Action": action.rawValue,
            "X-TC-Version": Self.version, "X-TC-Timestamp": String(timestamp), "X-TC-Region": settings.region, "X-TC-Language": "en-US",
        ]
        headers["X-TC-Token"] = signer.token?.reveal()
        var request = HTTPRequest("POST", settings.endpoint.url, headers: headers, body: body, timeout: timeout)
        request.connectTimeout = timeout
        request.bodyBytesMax = Self.replyBytesMax
        return request
    }
}

internal import Core
internal import HTTPServing
internal import JSON
internal import Lifecycle
internal import Models

/// A call of the API that has passed the signature.
struct SignedCall: Sendable {
    var action: String
    var version: String
    var parameters: JSONValue
    var secretID: String
    var timestamp: Int64
}

extension SandboxCloud {
    /// Cuts the connection: the head is sent, the body never ends.
    private struct Cut: Error {}
    private static let cut = HTTPResponse(200, headers: json, body: .stream { _ in throw Cut() })
    private static let json: HTTPHeaders = ["content-type": "application/json"]

    func call(_ request: HTTPRequest) async -> HTTPResponse {
        let now = settings.clock()
        let call: SignedCall
        do throws(TC3Verifier.Refusal) {
            call = try verified(request, now: now)
        } catch {
            refuse(request, error, now: now)
            writeJournal()
            return answer(.failure(CloudFault(.authorisation, code: error.code, message: error.message)))
        }
        let fault = state.withLock { $0.faults.take(call.action, call.parameters) }
        let response = await perform(call, fault)
        writeJournal()
        return response
    }

    private func perform(_ call: SignedCall, _ fault: CloudFaults.Fault?) async -> HTTPResponse {
        guard let fault else { return answer(execute(call)) }
        let note = "fault \(fault.kind.rawValue)"
        switch fault.kind {
        case .throttle: return answer(refuse(call, CloudCode.requestLimitExceeded.rawValue, note))
        case .error where fault.code == CloudCode.deliveryFailed.rawValue:
            // its token yields nothing any more, which only the model can do
            state.withLock { $0.model.failDeliveries(1) }
            return answer(execute(call, note))
        case .error: return answer(refuse(call, fault.code, note))
        case .http500:
            refuse(call, "HTTP500", note)
            return HTTPResponse(500, headers: ["content-type": "text/html"], body: .bytes(Array("<html>internal error</html>".utf8)))
        case .timeout:
            refuse(call, "NotExecuted", note)
            writeJournal()
            await stopping.wait()  // or until the client has gone
            return Self.cut
        case .lostReply:
            execute(call, note)
            return Self.cut
        case .late:
            executeLater(call, fault.delay)
            return Self.cut
        }
    }

    /// Reads the headers of API 3.0 and checks the signature.
    private func verified(_ request: HTTPRequest, now: Timestamp) throws(TC3Verifier.Refusal) -> SignedCall {
        func header(_ name: String) throws(TC3Verifier.Refusal) -> String {
            guard let value = request.headers[name], !value.isEmpty else {
                throw TC3Verifier.Refusal(code: "MissingParameter", message: "the header `\(name)` is missing")
            }
            return value
        }
        guard request.method == "POST" else {
            throw TC3Verifier.Refusal(code: "UnsupportedProtocol", message: "\(request.method) is not served, only POST")
        }
        let claim = try TC3Verifier.parse(try header("Authorization"))
        guard let timestamp = Int64(try header("X-TC-Timestamp")) else {
            throw TC3Verifier.Refusal(code: "InvalidParameter", message: "X-TC-Timestamp is no number of seconds")
        }
        let (action, version) = (try header("X-TC-Action"), try header("X-TC-Version"))
        _ = try header("X-TC-Region")
        try TC3Verifier(secrets: settings.secrets).verify(request, claim, timestamp: timestamp, now: now)
        let parameters: JSONValue
        do throws(JSONError) {
            parameters = request.body.isEmpty ? [:] : try JSONValue(parsing: request.body)
        } catch {
            throw TC3Verifier.Refusal(code: "InvalidParameter", message: "the body is no JSON: \(error)")
        }
        return SignedCall(action: action, version: version, parameters: parameters, secretID: claim.secretID, timestamp: timestamp)
    }

    /// Journals a call that did not pass.
    private func refuse(_ request: HTTPRequest, _ refusal: TC3Verifier.Refusal, now: Timestamp) {
        let key: String
        do throws(TC3Verifier.Refusal) {
            key = try TC3Verifier.parse(request.headers["Authorization"] ?? "").secretID
        } catch {
            key = ""
        }
        let entry = CloudJournalEntry(
            time: now, action: request.headers["X-TC-Action"] ?? "", parameters: [:], key: key, outcome: refusal.code, message: refusal.message)
        state.withLock { $0.model.record(entry) }
    }

    /// Journals a call that a fault refuses, without executing it.
    @discardableResult
    private func refuse(_ call: SignedCall, _ code: String, _ note: String) -> Result<JSONObject, CloudFault> {
        let message = "injected by the sandbox"
        let now = settings.clock()
        state.withLock {
            $0.model.record(
                CloudJournalEntry(
                    time: now, action: call.action, parameters: call.parameters, key: call.secretID, outcome: code, message: message, note: note))
        }
        return .failure(CloudFault(.transient, code: code, message: message))
    }

    @discardableResult
    private func execute(_ call: SignedCall, _ note: String? = nil) -> Result<JSONObject, CloudFault> {
        let now = settings.clock()
        return state.withLock { state in
            let result = state.model.answer(call.action, version: call.version, call.parameters, by: call.secretID, now: now)
            if let note { state.model.note(note) }
            return result
        }
    }

    /// The task is kept, so that `stop` can cancel it and `lateCallsDone` can wait for it. It is made under the lock that it
    /// takes at its end: so it is there when it removes itself.
    private func executeLater(_ call: SignedCall, _ delay: Duration) {
        state.withLock { state in
            state.requests += 1
            let number = state.requests
            state.late[number] = Task {
                await self.executeNow(call, after: delay)
                self.state.withLock { $0.late[number] = nil }
            }
        }
    }

    private func executeNow(_ call: SignedCall, after delay: Duration) async {
        do {
            try await Task.sleep(for: delay)
        } catch {
            return  // cancelled by stop or reset
        }
        if TC3Verifier.isExpired(call.timestamp, now: settings.clock()) {
            refuse(call, "AuthFailure.SignatureExpire", "fault late")
        } else {
            execute(call, "fault late")
        }
        writeJournal()
    }

    /// Errors come with HTTP 200 too; only the members of `Response` differ.
    private func answer(_ result: Result<JSONObject, CloudFault>) -> HTTPResponse {
        let number = state.withLock { state in
            state.requests += 1
            return state.requests
        }
        let digits = String(number, radix: 16)
        var response: JSONObject
        switch result {
        case .success(let members): response = members
        case .failure(let fault): response = ["Error": ["Code": .string(fault.code), "Message": .string(fault.message)]]
        }
        response["RequestId"] = .string("5a4db0c5-0000-4000-8000-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits)
        return HTTPResponse(200, headers: Self.json, body: .bytes(JSONValue.object(["Response": .object(response)]).bytes()))
    }
}

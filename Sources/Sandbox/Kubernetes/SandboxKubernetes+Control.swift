internal import HTTPServing
internal import JSON
internal import Lifecycle
internal import Models

/// The control side: JSON for tests and for the sandbox's other parts. 400 says what was wrong with a request.
///
///     GET    /sandbox/state          {"revision", "compactedRevision", "epoch"}
///     POST   /sandbox/advance        {"by": N} uses up revisions, as other clients of etcd do
///     POST   /sandbox/compact        {"to": revision} (all if left out): watches and pages from before get 410
///     POST   /sandbox/rewind         {"to": revision}: etcd restored from a snapshot; all watches are cut
///     POST   /sandbox/cut-watches
///     POST   /sandbox/controllers    {"run": bool}
///     GET, POST, DELETE /sandbox/faults   {"method", "path" (* for any text), "code", "reason", "lostReply", "delayMs", "count"}
extension SandboxKubernetes {
    func control(_ request: HTTPRequest) -> HTTPResponse {
        do throws(ControlRefusal) {
            var body: JSONValue = [:]
            if !request.body.isEmpty {
                do throws(JSONError) {
                    body = try JSONValue(parsing: request.body)
                } catch {
                    throw ControlRefusal("the body must be JSON: \(error)")
                }
            }
            return Self.reply(200, try route(request, body))
        } catch {
            return Self.reply(error.status, ["error": .string(error.message)])
        }
    }

    private func route(_ request: HTTPRequest, _ body: JSONValue) throws(ControlRefusal) -> JSONValue {
        switch (request.method, request.path) {
        case ("GET", "/sandbox/state"): break
        case ("POST", "/sandbox/advance"):
            guard let by = body["by"].int, by > 0 else { throw ControlRefusal("by must be a number above 0") }
            withModel { $0.advance(by: UInt64(by)) }
        case ("POST", "/sandbox/compact"):
            let to = body["to"].int
            withModel { $0.compact(to: to.map { UInt64(max(0, $0)) } ?? $0.revision) }
        case ("POST", "/sandbox/rewind"):
            guard let to = body["to"].int, to >= 0 else { throw ControlRefusal("to must be a revision") }
            do {
                try withModel { try $0.rewind(to: UInt64(to)) }
            } catch {
                throw ControlRefusal("\(error)", status: 409)
            }
        case ("POST", "/sandbox/cut-watches"): cutWatches()
        case ("POST", "/sandbox/controllers"):
            guard let run = body["run"].bool else { throw ControlRefusal("run must be true or false") }
            state.withLock { $0.controllersRun = run }
        case ("GET", "/sandbox/faults"): return ["faults": .array(state.withLock { $0.faults.waiting.map(\.json) })]
        case ("POST", "/sandbox/faults"):
            let fault = try KubernetesFaults.Fault(body)
            state.withLock { $0.faults.add(fault) }
        case ("DELETE", "/sandbox/faults"): state.withLock { $0.faults = KubernetesFaults() }
        default: throw ControlRefusal("\(request.method) \(request.path) does not exist", status: 404)
        }
        return withModel { model in
            ["revision": .int(Int(model.revision)), "compactedRevision": .int(Int(model.compactedRevision)), "epoch": .int(model.epoch)]
        }
    }
}

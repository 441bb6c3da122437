internal import Core
internal import HTTPServing
internal import JSON
internal import Lifecycle
public import Models

/// Tencent Cloud's VPC API on a port of this machine: `CloudModel` behind HTTP, signatures and faults.
///
/// `POST /` is the API (API 3.0, TC3-HMAC-SHA256, JSON). Every answer has HTTP 200 and a RequestId, errors too. Below
/// `/sandbox/` is the control side, unsigned: see `SandboxCloud+Control.swift`. Every call is journalled, also one that was refused.
public final class SandboxCloud: Sendable {
    /// What the handlers share.
    struct State: Sendable {
        var model: CloudModel
        var faults = CloudFaults()
        var requests = 0
        /// Journal entries that have been written to the file.
        var written = 0
        /// Calls that are executed later, by number.
        var late: [Int: Task<Void, Never>] = [:]
    }

    let settings: SandboxCloudSettings
    let state: Locked<State>
    /// Opened by `stop`: calls that are never answered end then.
    let stopping = Latch()
    private let file: CloudJournalFile?
    private let server: Locked<HTTPServer?>
    private let port: Int

    /// Serves from here on.
    ///
    /// - Throws: `HTTPServerError` if the port cannot be had, an error that names the file if the journal cannot be written.
    public init(_ settings: SandboxCloudSettings = SandboxCloudSettings()) throws {
        self.settings = settings
        state = Locked(State(model: CloudModel(settings: settings.cloud)))
        file = try settings.journalFile.map { path throws(CloudJournalFile.CannotOpen) in try CloudJournalFile(path) }
        // the server must not keep this object alive, its handler needs it: the box is filled below
        let owner = Locked<WeakCloud>(WeakCloud())
        let server = try HTTPServer(host: "127.0.0.1", port: settings.port) { request in
            guard let cloud = owner.withLock({ $0.cloud }) else { return HTTPResponse(503) }
            return await cloud.respond(request)
        }
        port = server.port
        self.server = Locked(server)
        owner.withLock { $0.cloud = self }
    }

    private struct WeakCloud: Sendable { weak var cloud: SandboxCloud? }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Ends calls that hang, drops what would be executed later, closes the port.
    public func stop() async {
        stopping.open()
        for task in state.withLock({ Array($0.late.values) }) { task.cancel() }
        let server = server.withLock { $0 }
        await server?.shutdown(drain: .seconds(1))
    }

    /// Looks into the model, or changes it, as of now.
    public func withModel<T: Sendable>(_ body: @Sendable (inout CloudModel) throws -> T) rethrows -> T {
        let now = settings.clock()
        defer { writeJournal() }
        return try state.withLock { state in
            state.model.advance(to: now)
            return try body(&state.model)
        }
    }

    /// Returns when every call that a fault put off has been executed or dropped.
    public func lateCallsDone() async {
        for task in state.withLock({ Array($0.late.values) }) { await task.value }
    }

    private func respond(_ request: HTTPRequest) async -> HTTPResponse {
        if request.path.hasPrefix("/sandbox/") {
            let response = control(request)
            writeJournal()
            return response
        }
        guard request.path == "/" else { return HTTPResponse(404, body: .bytes(Array("the API is at POST /\n".utf8))) }
        return await call(request)
    }

    func writeJournal() {
        file?.append {
            state.withLock { state in
                // counted from the first entry ever, of which the oldest may have been dropped
                let first = max(0, state.written - state.model.journalDropped)
                let entries = Array(state.model.journal.dropFirst(first))
                state.written = state.model.journalDropped + state.model.journal.count
                return entries
            }
        }
    }
}

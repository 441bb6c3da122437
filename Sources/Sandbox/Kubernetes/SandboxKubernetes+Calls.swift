internal import Core
internal import HTTPServing
internal import JSON
internal import Lifecycle
internal import Models

extension SandboxKubernetes {
    /// A request of the API itself.
    func call(_ request: HTTPRequest) async -> HTTPResponse {
        guard let parts = request.pathComponents else {
            return Self.reply(400, APIStatus(code: 400, reason: "BadRequest", message: "the path is no text").json)
        }
        var call = APIRequest(request.method, "/" + parts.joined(separator: "/"))
        call.query = Dictionary(request.query.map { ($0.name, $0.value) }) { first, _ in first }
        call.contentType = request.headers["content-type"] ?? "application/json"
        if !request.body.isEmpty {
            do throws(JSONError) {
                call.body = try JSONValue(parsing: request.body)
            } catch {
                let message = "the object provided is unrecognized: couldn't get version/kind; json parse error: \(error)"
                return Self.reply(400, APIStatus(code: 400, reason: "BadRequest", message: message).json)
            }
        }
        let fault = state.withLock { $0.faults.take(call) }
        if let fault {
            if fault.delay > .zero { await Latch().wait(atMost: fault.delay) }
            if let refusal = fault.refusal { return Self.reply(refusal.code, refusal.json) }
        }
        let table = TableRequest(accept: request.headers["accept"] ?? "", includeObject: call.query["includeObject"])
        let response = answer(call, table)
        return fault?.losesReply == true ? HTTPResponse(200, body: .stream { _ in throw LostReply() }) : response
    }
    private struct LostReply: Error {}

    private func answer(_ call: APIRequest, _ table: TableRequest?) -> HTTPResponse {
        let now = settings.clock()
        let response = withModel { $0.handle(call, now: now) }
        switch response {
        case .value(let code, let body, let resource):
            guard let table, let resource, code < 300, call.method == "GET" else { return Self.reply(code, body) }
            return Self.reply(code, Tables.table(of: body, resource, table, now: now))
        case .watch(let watch, let first):
            let cuts = state.withLock { $0.cuts }
            var stream = WatchStream(watch: watch, first: first, cuts: cuts, table: table, started: .now)
            stream.bookmarks = ["1", "true"].contains(call.query["allowWatchBookmarks"])
            if let seconds = call.query["timeoutSeconds"].flatMap({ Int($0) }) { stream.end = .now + .seconds(seconds) }
            return HTTPResponse(200, headers: Self.json, body: .stream { [stream] writer in await self.serve(stream, to: writer) })
        case .brokenWatch(let event):
            let line = Self.line(event.json)
            return HTTPResponse(200, headers: Self.json, body: .stream { writer in try await writer.write(line) })
        }
    }

    static let json: HTTPHeaders = ["content-type": "application/json"]
    static func reply(_ code: Int, _ body: JSONValue) -> HTTPResponse { HTTPResponse(code, headers: json, body: .bytes(line(body))) }
    static func line(_ value: JSONValue) -> [UInt8] { value.bytes() + [0x0a] }
}

/// One watch request under way.
struct WatchStream: Sendable {
    var watch: Watch
    var first: [WatchEvent]
    /// Of the server when it began; it ends when the server has counted on.
    let cuts: Int
    let table: TableRequest?
    let started: ContinuousClock.Instant
    var bookmarks = false
    /// From `timeoutSeconds`; nil: until somebody ends it.
    var end: ContinuousClock.Instant?
}

extension SandboxKubernetes {
    /// Writes events as they come, until the client goes, time is up or the watches are cut.
    func serve(_ stream: WatchStream, to writer: HTTPBodyWriter) async {
        var stream = stream
        var events: [WatchEvent]? = stream.first
        var nextBookmark = stream.started + settings.bookmarkInterval
        while let present = events, !Task.isCancelled {
            do throws(HTTPServerError) {
                for event in present { try await writer.write(Self.line(rendered(event, stream))) }
            } catch {
                return  // the client has gone
            }
            let (news, changed) = state.withLock { state in
                (state.cuts == stream.cuts ? state.model.events(for: &stream.watch) : nil, state.changed)
            }
            events = news
            guard news == [] else { continue }
            let now = ContinuousClock.now
            if let end = stream.end, now >= end { return }
            if stream.bookmarks, now >= nextBookmark {
                nextBookmark = now + settings.bookmarkInterval
                let watch = stream.watch
                events = state.withLock { [$0.model.bookmark(for: watch)] }
                continue
            }
            let until = min(stream.end ?? now + .seconds(60), stream.bookmarks ? nextBookmark : now + .seconds(60))
            await changed.wait(atMost: until - now)
        }
    }
    private func rendered(_ event: WatchEvent, _ stream: WatchStream) -> JSONValue {
        guard let table = stream.table, event.kind != .error else { return event.json }
        return [
            "type": .string(event.kind.rawValue), "object": Tables.table(of: event.object, stream.watch.resource, table, now: settings.clock()),
        ]
    }
}

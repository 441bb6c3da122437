import HTTPServing
import Lifecycle

/// An API server that answers as a test says, over real HTTP, and remembers what it was asked.
final class FakeAPI: Sendable {
    struct Call: Sendable {
        var method: String
        var path: String
        var query: [String: String]
        var body: String
        var authorization: String?
        var contentType: String?
        var isWatch: Bool { query["watch"] == "1" }
        /// `GET /api/v1/pods?limit=2`: the query without what every watch has.
        var line: String {
            let shown = query.filter { $0.key != "timeoutSeconds" && $0.key != "allowWatchBookmarks" }.sorted { $0.key < $1.key }
            return "\(method) \(path)" + (shown.isEmpty ? "" : "?" + shown.map { "\($0.key)=\($0.value)" }.joined(separator: "&"))
        }
    }
    enum Reply: Sendable {
        case json(Int, String, retryAfter: Int? = nil)
        /// Chunks as given, then the closure; returning ends the answer in order, throwing cuts it.
        case stream([String], then: @Sendable (Writer) async throws -> Void = { _ in })
    }
    struct Writer: Sendable {
        let body: HTTPBodyWriter
        func write(_ text: String) async throws { try await body.write(Array(text.utf8)) }
        func write(_ bytes: [UInt8]) async throws { try await body.write(bytes) }
        /// Until the client goes away.
        func hold() async throws { try await Task.sleep(for: .seconds(3600)) }
    }
    struct Cut: Error {}

    private let server: HTTPServer
    let calls = Locked<[Call]>([])
    var url: String { "http://127.0.0.1:\(server.port)" }
    var lines: [String] { calls.withLock { $0.map(\.line) } }

    /// The closure also gets how many calls there were before.
    init(_ answer: @escaping @Sendable (Call, Int) -> Reply) throws {
        let calls = calls
        server = try HTTPServer(host: "127.0.0.1", port: 0) { request in
            let call = Call(
                method: request.method, path: request.path, query: Dictionary(request.query.map { ($0.name, $0.value) }) { $1 },
                body: String(decoding: request.body, as: UTF8.self), authorization: request.headers["authorization"],
                contentType: request.headers["content-type"])
            let before = calls.withLock { all in
                all.append(call)
                return all.count - 1
            }
            switch answer(call, before) {
            case .json(let status, let text, let retryAfter):
                var headers: HTTPHeaders = ["content-type": "application/json"]
                if let retryAfter { headers.append("retry-after", String(retryAfter)) }
                return HTTPResponse(status, headers: headers, body: .bytes(Array(text.utf8)))
            case .stream(let chunks, let then):
                return HTTPResponse(
                    200,
                    body: .stream { body in
                        let writer = Writer(body: body)
                        for chunk in chunks { try await writer.write(chunk) }
                        try await then(writer)
                    })
            }
        }
    }

    static func status(_ code: Int, _ reason: String, _ message: String = "no") -> String {
        #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"\#(message)","reason":"\#(reason)","code":\#(code)}"#
    }
    static func pod(_ name: String, _ version: Int) -> String {
        #"{"metadata":{"name":"\#(name)","namespace":"n","uid":"u-\#(name)","resourceVersion":"\#(version)"},"spec":{"x":[1,{"y":null}]}}"#
    }
    static func list(_ version: Int, _ items: [String], next: String? = nil) -> String {
        let more = next.map { #","continue":"\#($0)""# } ?? ""
        return #"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"\#(version)"\#(more)},"items":[\#(items.joined(separator: ","))]}"#
    }
    static func line(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }
    static func bookmark(_ version: Int) -> String { line("BOOKMARK", #"{"kind":"Pod","metadata":{"resourceVersion":"\#(version)"}}"#) }
}

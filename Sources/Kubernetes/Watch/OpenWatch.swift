internal import HTTPClient
internal import JSON

/// One watch that the server accepted: its stream, cut into lines. Dropped, its connection closes.
struct OpenWatch: Sendable {
    /// A server ends a watch in time; silence beyond that much more is a lost server. (TCP keep-alive notices most of them
    /// long before, in two minutes.)
    private static let overtime = Duration.seconds(30)
    /// A server answers a watch at once, before there is anything to tell.
    private static let headTimeout = Duration.seconds(30)
    private static let refusalBytesMax = 64 << 10

    let openedAt: ContinuousClock.Instant
    private var chunks: HTTPBody.Iterator
    private var lines: LineFrames
    private let what: String

    init(
        _ client: KubernetesClient, _ path: ResourcePath, _ options: ListOptions, from version: String, time: Duration
    ) async throws(KubernetesError) {
        what = "watch \(path)"
        let query = queryString([
            ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", version), ("timeoutSeconds", String(time.components.seconds)),
            ("labelSelector", options.labelSelector), ("fieldSelector", options.fieldSelector),
        ])
        var request = try client.request("GET", path.path + query, what: what)
        request.timeout = nil
        request.headTimeout = Self.headTimeout
        request.idleTimeout = time + Self.overtime
        let head: HTTPHead
        let body: HTTPBody
        do throws(HTTPClientError) { (head, body) = try await client.http.stream(request) } catch { throw KubernetesError(error, asking: what) }
        guard 200..<300 ~= head.status else {
            let words: [UInt8]
            do throws(HTTPClientError) {
                words = try await body.collect(bytesMax: Self.refusalBytesMax)
            } catch {
                words = []  // the status alone says enough
            }
            throw client.refusal(head, words, what: what)
        }
        chunks = body.makeAsyncIterator()
        lines = LineFrames(lineBytesMax: client.configuration.eventBytesMax)
        openedAt = .now
    }

    /// nil: the server ended the watch in order.
    mutating func next<Object>(as reader: ObjectReader<Object>) async throws(KubernetesError) -> WatchLine<Object>? {
        while true {
            let line: [UInt8]?
            do throws(LineFrames.TooLong) { line = try lines.next() } catch { throw unreadable("\(error)") }
            if let line {
                do throws(JSONError) { return try WatchLine(parsing: line, reader) } catch { throw unreadable("an event does not read: \(error)") }
            }
            let chunk: [UInt8]?
            do throws(HTTPClientError) { chunk = try await chunks.next() } catch { throw KubernetesError(error, asking: what) }
            guard let chunk else { return nil }  // half a line is lost with its connection; the next watch brings it whole
            lines.append(chunk)
        }
    }

    private func unreadable(_ why: String) -> KubernetesError { KubernetesError(code: 0, reason: .unreadable, message: "\(what): \(why)") }
}

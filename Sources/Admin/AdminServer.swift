internal import HTTPServing
public import Lifecycle
internal import Observe

/// Health and metrics over plain HTTP:
///
///     GET /livez     200 "ok", or 503 with the reason: kubelet restarts the container
///     GET /readyz    200 "ok", or 503 with one line per check; `?verbose` lists them in both cases
///     GET /metrics   Prometheus' text format
///
/// It has no authentication: by default it listens for this machine only. A closure that hangs costs its request, which
/// the prober gives up, and nothing else. Once told to stop it lets requests under way finish, for `drainMax` at most.
public struct AdminServer: Service {
    /// Then connections are cut.
    public static let drainMax = Duration.seconds(2)

    public let name = "admin"
    private let address: AdminAddress
    private let sources: AdminSources
    private let listening: @Sendable (AdminAddress) -> Void

    /// - Parameter listening: is told the address with the port that was taken, before the service is ready.
    public init(_ address: AdminAddress, _ sources: AdminSources, listening: @escaping @Sendable (AdminAddress) -> Void = { _ in }) {
        (self.address, self.sources, self.listening) = (address, sources, listening)
    }

    /// - Throws: `AdminAddressError` if the port cannot be had.
    public func run(_ life: Life) async throws {
        let server = try listen()
        listening(address.with(port: server.port))
        life.ready()
        await life.stopping()
        await server.shutdown(drain: Task.isCancelled ? .zero : Self.drainMax)
    }

    private func listen() throws -> HTTPServer {
        var limits = HTTPServerLimits()
        // kubelet, Prometheus and a few people ask; nobody sends a body
        (limits.connectionsMax, limits.bodyBytesMax, limits.requestTime) = (64, 4096, .seconds(10))
        do throws(HTTPServerError) {
            return try HTTPServer(host: address.host, port: address.port, limits: limits) { [sources] in await Self.answer($0, sources) }
        } catch {
            switch error {
            case .listen(_, let code): throw AdminAddressError(address, errno: code)
            case .identity, .disconnected: throw error
            }
        }
    }

    /// HEAD is answered as GET; the transport leaves the body out.
    private static func answer(_ request: HTTPRequest, _ sources: AdminSources) async -> HTTPResponse {
        guard let page = Page(rawValue: request.path) else {
            return text(404, "no such page; there are \(Page.allCases.map(\.rawValue).joined(separator: ", "))\n")
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            return text(405, "\(page.rawValue) takes GET and HEAD\n", more: [("allow", "GET, HEAD")])
        }
        switch page {
        case .livez:
            guard let reason = await sources.stuck() else { return text(200, "ok") }
            return text(503, AdminPages.oneLine(reason) + "\n")
        case .readyz:
            let page = AdminPages.readiness(await sources.checks(), verbose: request.query("verbose") != nil)
            return text(page.isGood ? 200 : 503, page.text)
        case .metrics: return text(200, await sources.exposition(), type: Metrics.contentType)
        }
    }
    private static func text(
        _ status: Int, _ text: String, type: String = "text/plain; charset=utf-8", more: [(String, String)] = []
    ) -> HTTPResponse {
        var headers: HTTPHeaders = ["content-type": type, "x-content-type-options": "nosniff", "cache-control": "no-store"]
        for (name, value) in more { headers.append(name, value) }
        return HTTPResponse(status, headers: headers, body: .bytes(Array(text.utf8)))
    }
    private enum Page: String, CaseIterable {
        case livez = "/livez"
        case readyz = "/readyz"
        case metrics = "/metrics"
    }
}

import Foundation
import HTTPClient
import Lifecycle
import Observe
import Testing

@testable import Admin

private let promtool = "/usr/bin/promtool"

@Suite struct `Prometheus` {
    /// What a controller exports, kinds and labels of all sorts.
    private func realistic() -> Metrics {
        let metrics = Metrics()
        metrics.addProcess()
        let calls = metrics.counter("eip_cloud_calls_total", "Calls to the cloud.", labels: ["action", "outcome"])
        calls.declare([["AllocateAddresses", "ok"], ["AllocateAddresses", "throttled"]])
        calls["AssociateAddress", "ok"].add(3)
        let times = metrics.histogram("eip_cloud_call_seconds", "Time of a call, \"wait\" not counted.\nWith its retries.", labels: ["action"])
        for milliseconds in [3, 40, 700, 20_000] { times["AssociateAddress"].observe(Duration.milliseconds(milliseconds)) }
        metrics.gauge("eip_stale_binding_seconds", "Age of the oldest stale binding.")[].set(0.25)
        metrics.gauge("eip_claims", "Claims by phase.", labels: ["phase", "cluster"])["Bound", "a\\b\"c\nd"].set(12)
        metrics.gauge("eip_queue_keys", "Keys that wait.") { .infinity }
        return metrics
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: promtool)))
    func `accepts the metrics page`() async throws {
        let metrics = realistic()
        let life = Life()
        let taken = Locked<AdminAddress?>(nil)
        let sources = AdminSources(checks: { [] }, exposition: { metrics.exposition() })
        let server = AdminServer(try AdminAddress("127.0.0.1:0"), sources) { address in taken.withLock { $0 = address } }
        async let end: Void = server.run(life)
        await life.becomesReady()
        let page = try await HTTPClient().send(HTTPRequest("GET", "http://\(try #require(taken.withLock { $0 }))/metrics"))
        life.requestStop()
        try await end
        #expect(page.status == 200 && page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")

        #expect(try lint(page.body) == "0: ")
        #expect(try lint(Array("eip_calls 1\neip_calls 2\n".utf8)) != "0: ", "promtool would see a mistake")
    }

    /// Exit code and complaints.
    private func lint(_ page: [UInt8]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: promtool)
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: page)
        try input.fileHandleForWriting.close()
        let complaints = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return "\(process.terminationStatus): \(String(decoding: complaints, as: UTF8.self))"
    }
}

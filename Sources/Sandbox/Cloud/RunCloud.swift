public import Lifecycle
internal import Models

/// Whether the sandbox cloud counts requests, `--limits`.
public enum CloudRequestLimits: String, Sendable, CaseIterable {
    /// as documented for each action: 10, 20 or 100 a second
    case standard = "default"
    case none
}

/// `eip-sandbox cloud`: serves until `stopped` opens.
///
/// - Parameters:
///   - port: 0 takes a free one.
///   - journal: file that gets one JSON line per call.
///   - latency: of every asynchronous change.
///   - environment: brings `TENCENTCLOUD_SECRET_ID` and `TENCENTCLOUD_SECRET_KEY`.
///   - announce: gets the URL once the port is open.
/// - Throws: `HTTPServerError` if the port cannot be had, an error that names the file if the journal cannot be written.
public func runCloud(
    port: Int, journal: String?, limits: CloudRequestLimits, latency: Duration, environment: [String: String], stopped: Latch,
    announce: @Sendable (String) -> Void
) async throws {
    var model = CloudModel.Settings(latency: .init(all: latency))
    model.limitsRequests = limits == .standard
    let settings = SandboxCloudSettings(
        port: port, secrets: SandboxCloudSettings.secrets(of: environment), journalFile: journal, cloud: model)
    let cloud = try SandboxCloud(settings)
    announce(cloud.url)
    await stopped.wait()
    await cloud.stop()
}

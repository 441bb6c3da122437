public import Core
internal import Glibc
public import Models

/// How the sandbox cloud is served.
public struct SandboxCloudSettings: Sendable {
    /// 0 takes a free one.
    public var port: Int
    /// Secret keys by secret id.
    public var secrets: [String: String]
    /// One JSON line per call is appended to it; nil: only `GET /sandbox/journal` shows the calls.
    public var journalFile: String?
    /// What the cloud is like at the start and after a reset.
    public var cloud: CloudModel.Settings
    /// The time; tests bring their own.
    public var clock: @Sendable () -> Timestamp

    public init(
        port: Int = 0, secrets: [String: String] = ["AKIDSANDBOX": "sandbox"], journalFile: String? = nil,
        cloud: CloudModel.Settings = CloudModel.Settings(), clock: @escaping @Sendable () -> Timestamp = SandboxCloudSettings.wallClock
    ) {
        self.port = port
        self.secrets = secrets
        self.journalFile = journalFile
        self.cloud = cloud
        self.clock = clock
        self.cloud.journalsReads = true
    }

    /// CLOCK_REALTIME.
    @Sendable public static func wallClock() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The credentials of the environment, `TENCENTCLOUD_SECRET_ID` and `TENCENTCLOUD_SECRET_KEY`, or if there are none
    /// the sandbox's own, `AKIDSANDBOX` and `sandbox`.
    public static func secrets(of environment: [String: String]) -> [String: String] {
        guard let id = environment["TENCENTCLOUD_SECRET_ID"], let key = environment["TENCENTCLOUD_SECRET_KEY"], !id.isEmpty, !key.isEmpty else {
            return ["AKIDSANDBOX": "sandbox"]
        }
        return [id: key]
    }
}

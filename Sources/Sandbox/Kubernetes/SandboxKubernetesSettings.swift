public import Core

/// How the sandbox's Kubernetes API is served.
public struct SandboxKubernetesSettings: Sendable {
    /// 0 takes a free one.
    public var port: Int
    /// Uids are drawn from it.
    public var seed: UInt64
    /// How often controllers and scheduler look at the cluster; nil: only when a test calls `stepControllers`.
    public var controllerInterval: Duration?
    /// How often a silent watch that allows bookmarks gets one.
    public var bookmarkInterval: Duration
    /// The time; tests bring their own.
    public var clock: @Sendable () -> Timestamp

    public init(
        port: Int = 0, seed: UInt64 = 1, controllerInterval: Duration? = .milliseconds(100), bookmarkInterval: Duration = .seconds(10),
        clock: @escaping @Sendable () -> Timestamp = SandboxCloudSettings.wallClock
    ) {
        self.port = port
        self.seed = seed
        self.controllerInterval = controllerInterval
        self.bookmarkInterval = bookmarkInterval
        self.clock = clock
    }
}

/// Something that runs until it is told to stop.
///
/// `run` calls `life.ready()` once it serves, returns soon after `life.stopping()` comes back, and throws when it cannot go on.
/// A cancelled task means that the time for draining is over.
public protocol Service: Sendable {
    /// For logs and outcomes; unique within its group.
    var name: String { get }
    func run(_ life: Life) async throws
}

/// The line between a service and whoever runs it.
public struct Life: Sendable {
    let started = Latch()
    let stop = Latch()

    public init() {}

    // The service's end.

    /// Tells that the service serves: the next one may start.
    public func ready() { started.open() }
    /// Returns when the service shall drain, or when its task is cancelled.
    public func stopping() async { await stop.wait() }
    public var isStopping: Bool { stop.isOpen }

    // The other end, also for tests that run one service alone.

    /// Returns when the service is ready.
    public func becomesReady() async { await started.wait() }
    /// Tells the service to drain.
    public func requestStop() { stop.open() }
}

internal import Core
internal import Kubernetes
internal import Lifecycle

/// The API server's wall clock, learnt from its answers: what is written into claims is stamped by it, so that two replicas
/// with wrong clocks agree, and setting this machine's clock moves no expiry.
final class ClusterClock: Sendable {
    private let server = Locked(RemoteClock())
    private let local: @Sendable () -> Now

    init(local: @escaping @Sendable () -> Now) { self.local = local }

    func learn(_ time: ServerTime?) {
        guard let time else { return }
        // Both clocks count in suspend; how long ago it was is the same on either.
        let (now, here) = (local().instant, ContinuousClock.now)
        server.withLock { $0.learn(date: time.date, sent: now - (here - time.sentAt), received: now - (here - time.receivedAt)) }
    }

    /// How far this machine's wall clock is behind the server's; zero before the first answer.
    var skew: Duration {
        let now = local()
        return server.withLock { $0 }.at(now.instant, now: now) - now.wall
    }

    func now() -> Now {
        var now = local()
        now.wall = server.withLock { $0 }.at(now.instant, now: now)
        return now
    }
}

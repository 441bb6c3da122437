internal import Core
internal import Kubernetes
internal import Lifecycle

/// The API server's wall clock, learnt from its answers: what is written into claims is stamped by it, so that two replicas
/// with wrong clocks agree.
final class ClusterClock: Sendable {
    /// server minus local, milliseconds; the smallest seen since the clocks were last far apart
    private let offset = Locked<Int64?>(nil)
    private let local: @Sendable () -> Now

    init(local: @escaping @Sendable () -> Now) { self.local = local }

    func learn(_ time: ServerTime?) {
        guard let time else { return }
        // The header is cut to a second: between its value and a second later, half way is best known.
        let sample = time.date.milliseconds + 500 - local().wall.milliseconds
        offset.withLock { known in
            guard let old = known, abs(old - sample) <= 1500 else {
                known = sample
                return
            }
        }
    }

    /// How far this machine's wall clock is behind the server's; zero before the first answer.
    var skew: Duration { .milliseconds(offset.withLock { $0 } ?? 0) }

    func now() -> Now {
        var now = local()
        now.wall = now.wall + skew
        return now
    }
}

import Core
import Kubernetes
import Lifecycle
import Testing

@testable import Runtime

@Suite struct ClusterClockTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)
    private let local = Locked(Now(instant: Instant(milliseconds: 1_000_000), wall: start))
    private func clock() -> ClusterClock { ClusterClock { [local] in local.withLock { $0 } } }
    /// An answer on its way for so long, that has come just now.
    private func answer(_ date: Timestamp, after way: Duration = .zero) -> ServerTime {
        let now = ContinuousClock.now
        return ServerTime(date: date, sentAt: now - way, receivedAt: now)
    }

    @Test func `without an answer it is this machine's, and after one the server's`() {
        let clock = clock()
        #expect(clock.now() == local.withLock { $0 } && clock.skew == .zero)
        clock.learn(nil)
        #expect(clock.skew == .zero)
        clock.learn(answer(Self.start + .seconds(100)))
        #expect(.seconds(100) <= clock.skew && clock.skew <= .seconds(101), "\(clock.skew)")
        #expect(clock.now().instant == local.withLock { $0.instant })
    }

    @Test func `setting this machine's clock moves nothing once the server has answered`() {
        let clock = clock()
        clock.learn(answer(Self.start))
        let before = clock.now().wall
        local.withLock { $0.wall = $0.wall + .seconds(3600) }
        #expect(clock.now().wall == before)
        local.withLock { $0.instant = $0.instant + .seconds(5) }
        #expect(clock.now().wall == before + .seconds(5))
    }

    @Test func `an answer that was long on its way spoils nothing`() {
        let clock = clock()
        clock.learn(answer(Self.start))
        let before = clock.now().wall
        clock.learn(answer(Self.start + .seconds(-20), after: .seconds(25)))
        #expect(clock.now().wall == before)
    }
}

internal import Core
internal import Glibc
internal import Lifecycle

/// This machine's clock that keeps counting in suspend: the only one that deadlines trust.
enum BootClock {
    static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// False when the task was cancelled.
    static func sleep(until instant: Instant) async -> Bool {
        while true {
            let left = instant - now()
            if left <= .zero { return !Task.isCancelled }
            do { try await Task.sleep(for: left) } catch { return false }
        }
    }
}

/// Both clocks of this machine.
enum LocalClock {
    @Sendable static func now() -> Now {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Now(
            instant: BootClock.now(), wall: Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000))
    }
}

enum Deadline {
    /// Opens after that time.
    static func latch(after duration: Duration) -> Latch {
        let latch = Latch()
        let end = BootClock.now() + duration
        Task {
            _ = await BootClock.sleep(until: end)
            latch.open()
        }
        return latch
    }
}

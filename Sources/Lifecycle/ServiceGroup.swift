/// Starts services in order, each when the one before is ready, and stops all of them in reverse order when the first thing
/// ends: a signal, a service that fails, a service that returns.
///
/// One deadline holds for the whole drain. Never hangs: a service that ignores its cancellation too is left behind and named.
public struct ServiceGroup: Sendable {
    /// What made the group stop.
    public enum Cause: Equatable, Sendable {
        case signal(Int32)
        case failed(service: String, error: String)
        /// Without being asked to.
        case returned(service: String)
    }
    public struct Outcome: Equatable, Sendable {
        public let cause: Cause
        /// Services that had not stopped when the group gave up on them.
        public let late: [String]

        public init(cause: Cause, late: [String]) { (self.cause, self.late) = (cause, late) }
        /// 0 after a signal and a complete drain, else 1.
        public var exitCode: Int32 { if case .signal = cause, late.isEmpty { 0 } else { 1 } }
    }
    /// What the group's observer hears, in this order.
    public enum Event: Equatable, Sendable {
        case ready(service: String)
        case stopping(Cause)
        case stopped(service: String)
        /// The end of the drain found these still running.
        case late(services: [String])
    }
    /// For services that were cancelled to return.
    private static let cancelGrace = Duration.milliseconds(500)

    private let services: [any Service]
    private let drain: Duration
    private let observer: @Sendable (Event) -> Void

    /// - Parameter drain: for all services together, from the first cause to their cancellation.
    public init(_ services: [any Service], drain: Duration = .seconds(25), observer: @escaping @Sendable (Event) -> Void = { _ in }) {
        (self.services, self.drain, self.observer) = (services, drain, observer)
    }

    /// Returns when all services have ended, or were given up.
    ///
    /// - Parameter signals: see `Signals`; a second one ends the drain at once.
    public func run(signals: some AsyncSequence<Int32, Never> & Sendable) async -> Outcome {
        let cause = FirstCause()
        let hurry = Latch()
        let watcher = Task {
            var seen = false
            for await signal in signals {
                if seen { return hurry.open() }
                seen = true
                cause.set(.signal(signal))
            }
        }
        defer { watcher.cancel() }
        let running = await start(cause)
        let first = await cause.value()
        observer(.stopping(first))
        let late = await stop(running, hurry)
        return Outcome(cause: first, late: late)
    }

    private struct Running: Sendable {
        let name: String
        let life: Life
        let task: Task<Void, Never>
        let done: Latch
    }

    /// Starts until all are ready or there is a cause to stop.
    private func start(_ cause: FirstCause) async -> [Running] {
        var running: [Running] = []
        for service in services {
            let life = Life()
            let done = Latch()
            let task = Task {
                do {
                    try await service.run(life)
                    if !life.isStopping { cause.set(.returned(service: service.name)) }
                } catch {
                    if !(life.isStopping && error is CancellationError) { cause.set(.failed(service: service.name, error: "\(error)")) }
                }
                done.open()
            }
            running.append(Running(name: service.name, life: life, task: task, done: done))
            await Latch.any(life.started, cause.latch)
            if cause.latch.isOpen { break }
            observer(.ready(service: service.name))
        }
        return running
    }

    /// Stops in reverse order, then cancels what is left; returns the names of those that ignored that too.
    private func stop(_ running: [Running], _ hurry: Latch) async -> [String] {
        let deadline = Self.open(hurry, after: drain)
        defer { deadline.cancel() }
        for one in running.reversed() {
            one.life.requestStop()
            await Latch.any(one.done, hurry)
            if !one.done.isOpen { break }
            observer(.stopped(service: one.name))
        }
        for one in running {
            one.life.requestStop()
            one.task.cancel()
        }
        let grace = Latch()
        let graceEnd = Self.open(grace, after: Self.cancelGrace)
        defer { graceEnd.cancel() }
        for one in running { await Latch.any(one.done, grace) }
        let late = running.filter { !$0.done.isOpen }.map(\.name)
        if !late.isEmpty { observer(.late(services: late)) }
        return late
    }

    private static func open(_ latch: Latch, after time: Duration) -> Task<Void, any Error> {
        Task {
            try await Task.sleep(for: time)  // throws when the timer is not needed any more
            latch.open()
        }
    }
}

/// Keeps the first cause; later ones are its consequences.
private final class FirstCause: Sendable {
    private let first = Locked<ServiceGroup.Cause?>(nil)
    let latch = Latch()

    func set(_ cause: ServiceGroup.Cause) {
        first.withLock { if $0 == nil { $0 = cause } }
        latch.open()
    }
    /// Also when the waiting task is cancelled, which ends the wait.
    func value() async -> ServiceGroup.Cause {
        await latch.wait()
        return first.withLock { $0 } ?? .failed(service: "", error: "the group's task was cancelled")
    }
}

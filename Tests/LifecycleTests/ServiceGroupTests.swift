import Glibc
import Lifecycle
import Testing

/// What happened, in order.
private final class Trace: Sendable {
    private let all = Locked<[String]>([])
    func add(_ s: String) { all.withLock { $0.append(s) } }
    var events: [String] { all.withLock { $0 } }
}

private struct Fake: Service {
    enum Kind {
        case good, failsAtStart, neverDrains, ignoresCancellation
        /// Until `trigger` opens.
        case fails, returns
    }
    struct Boom: Error {}
    let name: String
    let kind: Kind
    let trace: Trace
    let trigger: Latch
    let release: Latch

    func run(_ life: Life) async throws {
        trace.add("start \(name)")
        if case .failsAtStart = kind { throw Boom() }
        life.ready()
        switch kind {
        case .fails:
            await trigger.wait()
            throw Boom()
        case .returns: return await trigger.wait()
        case .good, .failsAtStart, .neverDrains, .ignoresCancellation: await life.stopping()
        }
        trace.add("drain \(name)")
        switch kind {
        case .neverDrains:
            await Latch().wait()
            try Task.checkCancellation()
        case .ignoresCancellation: await Task.detached { [release] in await release.wait() }.value
        case .good, .failsAtStart, .fails, .returns: break
        }
        trace.add("stop \(name)")
    }
}

@Suite struct `A group of services` {
    /// Runs the group; once all are ready, sends the signals and opens the services' trigger. A second signal is sent when the drain begins.
    private func run(_ kinds: [Fake.Kind], drain: Duration = .seconds(30), signals: Int) async -> (ServiceGroup.Outcome, [String], [ServiceGroup.Event]) {
        let trace = Trace()
        let trigger = Latch()
        let release = Latch()
        defer { release.open() }
        let heard = Locked<[ServiceGroup.Event]>([])
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        let services = kinds.enumerated().map { Fake(name: ["a", "b", "c"][$0], kind: $1, trace: trace, trigger: trigger, release: release) }
        let group = ServiceGroup(services, drain: drain) { event in
            heard.withLock { $0.append(event) }
            if event == .ready(service: services.last?.name ?? "") {
                if signals > 0 { continuation.yield(15) }
                trigger.open()
            }
            if case .stopping = event, signals > 1 { continuation.yield(2) }
        }
        let outcome = await group.run(signals: stream)
        return (outcome, trace.events, heard.withLock { $0 })
    }

    @Test func `starts in order and stops in reverse`() async {
        let (outcome, trace, events) = await run([.good, .good, .good], signals: 1)
        #expect(outcome == .init(cause: .signal(15), late: []) && outcome.exitCode == 0)
        #expect(trace == ["start a", "start b", "start c", "drain c", "stop c", "drain b", "stop b", "drain a", "stop a"])
        #expect(
            events == [
                .ready(service: "a"), .ready(service: "b"), .ready(service: "c"), .stopping(.signal(15)), .stopped(service: "c"), .stopped(service: "b"),
                .stopped(service: "a"),
            ])
    }
    @Test func `stops those before a service that cannot start, and starts none after`() async {
        let (outcome, trace, _) = await run([.good, .failsAtStart, .good], signals: 0)
        #expect(outcome.cause == .failed(service: "b", error: "Boom()") && outcome.exitCode == 1)
        #expect(trace == ["start a", "start b", "drain a", "stop a"])
    }
    @Test func `stops all when one fails or returns`() async {
        let (failed, trace, _) = await run([.good, .fails], signals: 0)
        #expect(failed.cause == .failed(service: "b", error: "Boom()") && trace.suffix(2) == ["drain a", "stop a"])
        let (returned, _, _) = await run([.good, .returns], signals: 0)
        #expect(returned.cause == .returned(service: "b") && returned.exitCode == 1)
    }
    @Test func `cancels at the deadline what has not drained, and gives the rest a moment too`() async {
        let (outcome, trace, _) = await run([.good, .neverDrains], drain: .milliseconds(20), signals: 1)
        #expect(outcome == .init(cause: .signal(15), late: []))
        #expect(trace.contains("drain b") && !trace.contains("stop b") && trace.contains("stop a"))
    }
    @Test func `leaves behind and names what ignores its cancellation`() async {
        let (outcome, trace, events) = await run([.good, .ignoresCancellation], drain: .milliseconds(20), signals: 1)
        #expect(outcome.late == ["b"] && outcome.exitCode == 1 && trace.contains("stop a"))
        #expect(events.last == .late(services: ["b"]))
    }
    @Test func `ends the drain at a second signal`() async {
        let start = ContinuousClock.now
        let (outcome, _, _) = await run([.neverDrains], signals: 2)
        #expect(outcome == .init(cause: .signal(15), late: []))
        #expect(ContinuousClock.now - start < .seconds(20), "the drain time is 30 s")
    }
}

@Suite struct `Signals` {
    @Test func `arrive in order`() async {
        var signals = Lifecycle.Signals.install().makeAsyncIterator()
        for number in [SIGTERM, SIGINT, SIGTERM] {
            kill(getpid(), number)
            #expect(await signals.next() == number)
        }
    }
}

import Cloud
import Core
import HTTPClient
import Lifecycle
import Observe
import Testing

@testable import Runtime

/// A queue whose events and answers a test gives.
private final class ScriptedQueue: QueueConsumer {
    let stream = AsyncStream<QueueEvent>.makeStream()
    /// commits are answered once it is open
    let answers = Latch()
    let notes = Locked<[String]>([])
    let noted = Locked(Latch())

    var events: AsyncStream<QueueEvent> { stream.stream }
    var trouble: String? { nil }

    func note(_ text: String) {
        notes.withLock { $0.append(text) }
        let latch = noted.withLock { latch in
            defer { latch = Latch() }
            return latch
        }
        latch.open()
    }
    func until(_ text: String) async {
        while true {
            let latch = noted.withLock { $0 }
            if notes.withLock({ $0.contains(text) }) { return }
            await latch.wait()
        }
    }

    func commit(_ offsets: [Int32: Int64], generation: Int) async throws -> Instant {
        let sentAt = BootClock.now()
        note("commit \(offsets.sorted { $0.key < $1.key }.map { "\($0.key)@\($0.value)" }.joined(separator: " ")) of \(generation)")
        await answers.wait()
        note("committed")
        return sentAt
    }
    func pause(_ partitions: [Int32], generation: Int) { note("pause") }
    func resume(_ partitions: [Int32], generation: Int) { note("resume") }
    func close() async {
        note("close")
        stream.continuation.finish()
    }
}

@Suite("The worker's shell", .timeLimit(.minutes(1))) struct WorkerServiceTests {
    private static let place = AccountRegion(account: "default", region: "r")
    private static let map = ShardMap(slots: 4)
    /// two partitions of the account, in order
    private static let partitions = (0..<2).map { Int32(map.partition(ofSlot: $0, of: place)) }.sorted()

    /// Over a cloud that does not answer and clusters that are not there.
    private static func worker(_ queue: ScriptedQueue, _ http: HTTPClient, _ limits: Limits = Limits(), lines: Lines = Lines()) throws -> WorkerService {
        let log = Log(sink: { lines.add($0) })
        let cloud = TencentCloudClient(
            CloudSettings(region: "r", endpoint: try CloudEndpoint("http://127.0.0.1:9"), requestLife: RequestLife(.seconds(60))),
            credentials: FixedCredentials(CloudCredentials(secretID: "a", secretKey: Secret("b"))), http: http, now: LocalClock.now, observer: { _ in })
        return WorkerService(
            queue: queue, port: WorkerPort(clusters: [:], cloud: cloud, vpcID: "vpc-1", log: log), ledger: LogLedger(log: log), place: place, map: map,
            policy: Policy(identity: "test"), limits: limits, log: log, metrics: ControllerMetrics())
    }

    @Test func `a worker that was given nothing is well, and stops at once`() async throws {
        let http = HTTPClient()
        let queue = ScriptedQueue()
        let worker = try Self.worker(queue, http)
        let life = Life()
        let running = Task { try await worker.run(life) }
        await life.becomesReady()
        #expect(await worker.trouble() == "no assignment of partitions yet")
        queue.stream.continuation.yield(.assigned([:], generation: 1))
        while await worker.trouble() != nil { await Task.yield() }
        let time = try await ContinuousClock().measure {
            life.requestStop()
            try await running.value
        }
        #expect(time < .seconds(2))
        #expect(queue.notes.withLock { $0 } == ["close"])
        await http.shutdown()
    }

    @Test func `partitions are given back when the last commit is answered, not before`() async throws {
        let http = HTTPClient()
        let queue = ScriptedQueue()
        let worker = try Self.worker(queue, http)
        let life = Life()
        let running = Task { try await worker.run(life) }
        let (a, b) = (Self.partitions[0], Self.partitions[1])
        queue.stream.continuation.yield(.assigned([a: 7, b: 9], generation: 3))
        await queue.until("commit \(a)@7 \(b)@9 of 3")
        #expect(await worker.trouble() != nil, "it owns something now, and has not listed the cloud")
        queue.stream.continuation.yield(.message(partition: a, offset: 7, key: nil, cause: .replayed))
        queue.stream.continuation.yield(.revoking(lost: false, finish: { queue.note("finish") }))
        queue.answers.open()
        await queue.until("finish")
        #expect(queue.notes.withLock { $0 } == ["commit \(a)@7 \(b)@9 of 3", "committed", "commit \(a)@8 \(b)@9 of 3", "committed", "finish"])
        life.requestStop()
        try await running.value
        await http.shutdown()
    }

    @Test func `what is lost is not waited for`() async throws {
        let http = HTTPClient()
        let queue = ScriptedQueue()
        let worker = try Self.worker(queue, http)
        let life = Life()
        let running = Task { try await worker.run(life) }
        queue.stream.continuation.yield(.assigned([0: 7], generation: 3))
        await queue.until("commit 0@7 of 3")
        queue.stream.continuation.yield(.revoking(lost: true, finish: { queue.note("finish") }))
        await queue.until("finish")
        queue.answers.open()
        life.requestStop()
        try await running.value
        await http.shutdown()
    }

    @Test func `what was to be given back and was lost meanwhile gives nothing back of what came after`() async throws {
        let http = HTTPClient()
        let queue = ScriptedQueue()
        let lines = Lines()
        let worker = try Self.worker(queue, http, lines: lines)
        let life = Life()
        let running = Task { try await worker.run(life) }
        queue.stream.continuation.yield(.assigned([0: 7], generation: 3))
        await queue.until("commit 0@7 of 3")
        queue.stream.continuation.yield(.revoking(lost: false, finish: { queue.note("finish") }))
        queue.stream.continuation.yield(.revoking(lost: true, finish: { queue.note("lost") }))
        await queue.until("lost")
        queue.stream.continuation.yield(.assigned([0: 8], generation: 4))
        queue.stream.continuation.yield(.revoking(lost: false, finish: { queue.note("finish") }))
        queue.stream.continuation.yield(.report("all is told"))
        while lines.count("all is told") == 0 { await lines.next().wait() }
        queue.answers.open()
        await queue.until("finish")
        let notes = queue.notes.withLock { $0 }
        #expect(notes.suffix(3) == ["commit 0@8 of 4", "committed", "finish"], "\(notes)")
        life.requestStop()
        try await running.value
        await http.shutdown()
    }

    @Test func `a queue that ends ends the worker with its words`() async throws {
        let http = HTTPClient()
        let queue = ScriptedQueue()
        let worker = try Self.worker(queue, http)
        queue.stream.continuation.yield(.report("hiccup"))
        queue.stream.continuation.yield(.ended("fenced by another member"))
        let error = await #expect(throws: WorkerService.WorkerEnded.self) { try await worker.run(Life()) }
        #expect(error?.message == "fenced by another member")
        await http.shutdown()
    }

    @Test func `keys beyond the limit pause the queue, and those of new partitions too`() async throws {
        let http = HTTPClient()
        let queue = ScriptedQueue()
        queue.answers.open()
        var limits = Limits()
        limits.shard.keysMax = 3
        let worker = try Self.worker(queue, http, limits)
        let life = Life()
        let running = Task { try await worker.run(life) }
        queue.stream.continuation.yield(.assigned([0: 0], generation: 1))
        for n in 0..<4 as Range<Int64> {
            queue.stream.continuation.yield(
                .message(partition: 0, offset: n, key: Key(cluster: "gone", namespace: "n", name: "k\(n)"), cause: .podSeen))
        }
        await queue.until("pause")
        queue.stream.continuation.yield(.assigned([0: 0, 8: 0], generation: 2))
        await queue.until("resume")
        life.requestStop()
        try await running.value
        await http.shutdown()
    }
}

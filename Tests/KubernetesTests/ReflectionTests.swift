import HTTPClient
import Kubernetes
import Lifecycle
import Testing

/// Machine and shell together, against a server over HTTP.
@Suite(.timeLimit(.minutes(1)))
struct ReflectionTests {
    let http = HTTPClient()

    /// One line per event, until one is equal to `last` or the number is reached.
    func follow(_ api: FakeAPI, until last: String, max: Int = 1000, _ see: (String) -> Void = { _ in }) async -> [String] {
        let client = KubernetesClient(ClusterAccess(server: api.url), http: http)
        var limits = Reflector.Limits()
        (limits.backoffMin, limits.backoffMax) = (.milliseconds(2), .milliseconds(10))
        var seen: [String] = []
        for await event in client.follow(Resource.pods.all(), ListOptions(limit: 2), limits: limits, seed: 7, as: .metadata) {
            seen.append(Self.text(event))
            see(Self.text(event))
            if seen.last == last || seen.count == max { break }
        }
        return seen
    }
    static func text(_ event: ReflectorEvent<ObjectMeta>) -> String {
        switch event {
        case .listed(let objects, let version): "listed \(version): " + objects.map(\.name).joined(separator: " ")
        case .changed(let change, let meta): "\(change) \(meta.name) \(meta.resourceVersion)"
        case .unreadable(let change, let object): "unreadable \(change) \(object.meta.name)"
        case .report(.synced): "synced"
        case .report(.bookmark(let version)): "bookmark \(version)"
        case .report(.rewound(let from, let to)): "rewound \(from) \(to)"
        case .report(.disconnected(let error)): "disconnected \(error.reason)"
        }
    }

    @Test func `pages, then changes, deletions and bookmarks in order`() async throws {
        let api = try FakeAPI { call, _ in
            if call.isWatch {
                return .stream([
                    FakeAPI.line("ADDED", FakeAPI.pod("d", 11)), FakeAPI.line("MODIFIED", FakeAPI.pod("a", 12)), FakeAPI.line("DELETED", FakeAPI.pod("b", 13)),
                    FakeAPI.bookmark(20),
                ]) {
                    try await $0.hold()
                }
            }
            return call.query["continue"] == nil
                ? .json(200, FakeAPI.list(10, [FakeAPI.pod("a", 1), FakeAPI.pod("b", 2)], next: "p2")) : .json(200, FakeAPI.list(10, [FakeAPI.pod("c", 3)]))
        }
        #expect(await follow(api, until: "bookmark 20") == ["listed 10: a b c", "synced", "added d 11", "modified a 12", "deleted b 13", "bookmark 20"])
        #expect(api.lines == ["GET /api/v1/pods?limit=2", "GET /api/v1/pods?continue=p2&limit=2", "GET /api/v1/pods?resourceVersion=10&watch=1"])
        let watch = api.calls.withLock { $0[2].query }
        #expect(watch["allowWatchBookmarks"] == "true")
        let seconds = try #require(watch["timeoutSeconds"].flatMap { Int($0) })
        #expect(240...480 ~= seconds)
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1000])
    func `events are whole however the bytes are cut`(_ size: Int) async throws {
        let text = (11..<40).map { FakeAPI.line("ADDED", FakeAPI.pod("p\($0)-ü", $0)) }.joined() + FakeAPI.bookmark(50)
        let bytes = Array(text.utf8)
        let api = try FakeAPI { call, _ in
            guard call.isWatch else { return .json(200, FakeAPI.list(10, [])) }
            return .stream([]) { writer in
                for from in stride(from: 0, to: bytes.count, by: size) { try await writer.write(Array(bytes[from..<min(from + size, bytes.count)])) }
                try await writer.hold()
            }
        }
        let seen = await follow(api, until: "bookmark 50")
        #expect(seen == ["listed 10: ", "synced"] + (11..<40).map { "added p\($0)-ü \($0)" } + ["bookmark 50"])
    }

    @Test(arguments: [true, false])
    func `410 lists again, as an answer and as an event`(_ asAnswer: Bool) async throws {
        let api = try FakeAPI { call, n in
            if n == 1 {
                let status = FakeAPI.status(410, "Expired")
                return asAnswer ? .json(410, status) : .stream([FakeAPI.line("ERROR", status)])
            }
            if call.isWatch { return .stream([FakeAPI.bookmark(30)]) { try await $0.hold() } }
            return .json(200, FakeAPI.list(n == 0 ? 10 : 20, [FakeAPI.pod("a", 1)]))
        }
        let expected = ["listed 10: a"] + (asAnswer ? [] : ["synced"]) + ["disconnected expired", "listed 20: a", "synced", "bookmark 30"]
        #expect(await follow(api, until: "bookmark 30") == expected)
    }

    @Test func `a cut connection resumes after what was seen, half an event is not an event`() async throws {
        let arrived = Latch()  // a cut takes with it what the client has not read yet
        let api = try FakeAPI { call, n in
            guard call.isWatch else { return .json(200, FakeAPI.list(n == 0 ? 10 : 12, [])) }
            if call.query["resourceVersion"] == "10" {
                return .stream([FakeAPI.line("ADDED", FakeAPI.pod("a", 11)), "{\"type\":\"ADDED\",\"obj"]) { _ in
                    await arrived.wait()
                    throw FakeAPI.Cut()
                }
            }
            return .stream([FakeAPI.line("ADDED", FakeAPI.pod("b", 12))]) { try await $0.hold() }
        }
        let seen = await follow(api, until: "added b 12") { if $0 == "added a 11" { arrived.open() } }
        #expect(seen == ["listed 10: ", "synced", "added a 11", "disconnected noAnswer", "synced", "added b 12"])
        #expect(
            api.lines == [
                "GET /api/v1/pods?limit=2", "GET /api/v1/pods?resourceVersion=10&watch=1", "GET /api/v1/pods?limit=1",
                "GET /api/v1/pods?resourceVersion=11&watch=1",
            ])
    }

    @Test func `a server that fails is asked again until it answers`() async throws {
        let api = try FakeAPI { call, n in
            if n < 3 { return .json(503, FakeAPI.status(503, "ServiceUnavailable")) }
            if call.isWatch { return .stream([FakeAPI.bookmark(11)]) { try await $0.hold() } }
            return .json(200, FakeAPI.list(10, []))
        }
        #expect(
            await follow(api, until: "bookmark 11") == Array(repeating: "disconnected serviceUnavailable", count: 3) + ["listed 10: ", "synced", "bookmark 11"])
    }

    @Test func `an etcd that was rolled back is reported by bookmark, and everything listed again`() async throws {
        let api = try FakeAPI { call, n in
            if call.isWatch {
                return n == 1 ? .stream([FakeAPI.bookmark(40)]) { try await $0.hold() } : .stream([FakeAPI.bookmark(60)]) { try await $0.hold() }
            }
            return .json(200, FakeAPI.list(n == 0 ? 100 : 50, [FakeAPI.pod("a", 1)]))
        }
        #expect(
            await follow(api, until: "bookmark 60") == ["listed 100: a", "synced", "rewound 100 40", "listed 50: a", "synced", "bookmark 60"])
    }

    @Test func `an event whose type comes last, unknown fields and a bad object break nothing`() async throws {
        let late = #"{"object":\#(FakeAPI.pod("late", 11)),"new":[{}],"type":"ADDED"}"# + "\n"
        let bad = FakeAPI.line("MODIFIED", #"{"metadata":{"name":"bad","resourceVersion":"12","finalizers":"none"}}"#)
        let api = try FakeAPI { call, _ in
            call.isWatch ? .stream([late, bad, FakeAPI.line("ADDED", FakeAPI.pod("c", 13))]) { try await $0.hold() } : .json(200, FakeAPI.list(10, []))
        }
        let seen = await follow(api, until: "added c 13", max: 6)
        #expect(Array(seen.prefix(3)) == ["listed 10: ", "synced", "added late 11"])
    }

    @Test func `a slow reader slows the server, and misses nothing`() async throws {
        let written = Locked(0)
        let pad = String(repeating: "x", count: 32 << 10)
        let count = 2000  // 64 MB, more than all buffers on the way
        let api = try FakeAPI { call, _ in
            guard call.isWatch else { return .json(200, FakeAPI.list(10, [])) }
            return .stream([]) { writer in
                for i in 0..<count {
                    try await writer.write(FakeAPI.line("ADDED", #"{"metadata":{"name":"p","resourceVersion":"\#(11 + i)"},"pad":"\#(pad)"}"#))
                    written.withLock { $0 += 1 }
                }
                try await writer.hold()
            }
        }
        let client = KubernetesClient(ClusterAccess(server: api.url), http: http)
        var iterator = client.follow(Resource.pods.all(), seed: 1, as: .metadata).makeAsyncIterator()
        for _ in 0..<3 { _ = await iterator.next() }  // the list, synced, one event
        var still = 0
        while still < 30 {  // until nothing was written during thirty other exchanges
            let before = written.withLock { $0 }
            _ = try await client.get(rawPath: "/version")
            still = written.withLock { $0 } == before ? still + 1 : 0
        }
        #expect(written.withLock { $0 } < count / 2)
        for i in 1..<count { #expect(await iterator.next().map(Self.text) == "added p \(11 + i)") }
    }

    @Test func `cancelling the reader ends the sequence and the watch`() async throws {
        let gone = Latch()
        let api = try FakeAPI { call, _ in
            guard call.isWatch else { return .json(200, FakeAPI.list(10, [])) }
            return .stream([FakeAPI.bookmark(11)]) { writer in
                do { try await writer.hold() } catch { gone.open() }
            }
        }
        let watching = Latch()
        let client = KubernetesClient(ClusterAccess(server: api.url), http: http)
        let task = Task {
            for await event in client.follow(Resource.pods.all(), seed: 1, as: .metadata) where Self.text(event) == "bookmark 11" { watching.open() }
        }
        await watching.wait()
        task.cancel()
        await task.value
        await gone.wait()
    }
}

internal import CRdKafka
internal import Lifecycle

/// Whether the brokers answer. For readiness; nothing is decided by it.
public enum KafkaConnection: Hashable, Sendable, CustomStringConvertible {
    case connected
    /// No broker answered the last question; the reason is the last thing librdkafka complained about.
    case disconnected(reason: String)

    public var description: String {
        switch self {
        case .connected: "connected"
        case .disconnected(let reason): "disconnected: \(reason)"
        }
    }
}

/// Asks the brokers for metadata every few seconds, on a thread of its own, because librdkafka tells of connections that
/// broke but not of those that came back.
final class ConnectionWatch: Sendable {
    private struct State {
        var connection = KafkaConnection.disconnected(reason: "not connected yet")
        var complaint: String?
        var stopping = false
        var running = false
        var watchers: [(up: Bool, latch: Latch)] = []
    }
    private let state = Locked(State())
    private let wake = ThreadGate()
    private let ended = ThreadGate()
    private static let answerWithin = Duration.seconds(1)
    private static let askEvery = Duration.seconds(5)
    private static let askEveryWhileDown = Duration.milliseconds(500)

    var connection: KafkaConnection { state.withLock { $0.connection } }

    /// What librdkafka said last about a broken connection, while none works.
    var complaint: String? { state.withLock { $0.complaint } }

    /// An error of librdkafka that is not about one message.
    func noticed(_ code: rd_kafka_resp_err_t, _ words: String) {
        // "All brokers are down" names no cause and follows the complaint that does.
        let vague = code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN
        let askNow = state.withLock { s in
            if !vague || s.complaint == nil { s.complaint = words }
            return s.connection == .connected
        }
        if askNow { wake.signal() }
    }

    /// Returns when the brokers answer, or when they no longer do.
    func wait(untilUp up: Bool) async {
        let latch = Latch()
        let passes = state.withLock { s in
            if (s.connection == .connected) == up { return true }
            s.watchers.append((up, latch))
            return false
        }
        if !passes { await latch.wait() }
    }

    func start(_ handle: ClientHandle) {
        state.withLock { $0.running = true }
        spawnThread(name: "kafka-probe") { [self] in
            while !state.withLock({ $0.stopping }) {
                let up = ask(handle.rk)
                wake.wait(atMost: up ? Self.askEvery : Self.askEveryWhileDown)
            }
            ended.signal()
        }
    }

    /// Blocks until the thread no longer uses the client: at most `answerWithin`.
    func stop() {
        let running = state.withLock { s in
            s.stopping = true
            return s.running
        }
        guard running else { return }
        wake.signal()
        while !ended.wait(atMost: .seconds(1)) {}
    }

    private func ask(_ rk: OpaquePointer) -> Bool {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(rk, 0, nil, &metadata, Int32(Self.answerWithin.milliseconds))
        if let metadata { rd_kafka_metadata_destroy(metadata) }
        let up = code == RD_KAFKA_RESP_ERR_NO_ERROR
        let told = state.withLock { s in
            defer { s.watchers.removeAll { $0.up == up } }
            if up {
                s.connection = .connected
                s.complaint = nil
            } else {
                s.connection = .disconnected(reason: s.complaint ?? String(cString: rd_kafka_err2str(code)))
            }
            return s.watchers.filter { $0.up == up }.map(\.latch)
        }
        for latch in told { latch.open() }
        return up
    }
}

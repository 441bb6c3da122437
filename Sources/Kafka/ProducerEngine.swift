internal import CRdKafka
internal import Lifecycle

/// The working half of `KafkaProducer`: one thread takes librdkafka's delivery reports and, at the end, destroys the client.
final class ProducerEngine: Sendable {
    private typealias Bookkeeping = ProducerQueue<CheckedContinuation<KafkaDelivery, any Error>>
    private let handle: ClientHandle
    private let events: QueueHandle
    /// The same queue while it may be woken; nil once it is about to be destroyed.
    private let wakeable: Locked<QueueHandle?>
    private let queue: Locked<Bookkeeping>
    private let idle = Locked<[Latch]>([])
    private let closed = Latch()
    private static let pollWithin: Int32 = 1000
    private static let pollWithinWhileClosing: Int32 = 20

    init(_ settings: KafkaSettings, _ limits: KafkaProducer.Limits) throws(KafkaError) {
        // Why each: exact order needs an infinite message timeout (a finite one lets successors overtake a message that
        // timed out, whatever enable.gapless.guarantee says); linger 0 because every message is awaited.
        let own = [
            ("enable.idempotence", "true"), ("acks", "all"), ("max.in.flight.requests.per.connection", "5"), ("linger.ms", "0"),
            ("message.timeout.ms", "0"), ("request.timeout.ms", "10000"), ("socket.timeout.ms", "30000"), ("retry.backoff.ms", "50"),
            ("queue.buffering.max.messages", "100000"), ("queue.buffering.max.kbytes", "65536"), ("partitioner", "murmur2_random"),
            ("message.max.bytes", "1048576"), ("enable.gapless.guarantee", "true"),
        ]
        precondition(limits.inFlightMessagesMax > 0 && limits.inFlightMessagesMax <= 50_000, "more would fill librdkafka's own queue")
        precondition(limits.inFlightBytesMax > 0 && limits.inFlightBytesMax <= 48 << 20, "more would fill librdkafka's own queue")
        handle = try ClientHandle(RD_KAFKA_PRODUCER, settings.pairs(own, more: settings.producerExtra), log: settings.log) { conf in
            rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR)
        }
        events = QueueHandle(pointer: rd_kafka_queue_get_main(handle.rk))
        wakeable = Locked(events)
        queue = Locked(Bookkeeping(limits: limits))
    }

    var connection: KafkaConnection { closed.isOpen ? .disconnected(reason: "closed") : handle.connection.connection }
    var watch: ConnectionWatch { handle.connection }
    var unacknowledged: Int { queue.withLock { $0.count } }

    func start() {
        handle.connection.start(handle)
        spawnThread(name: "kafka-produce") { [self] in run() }
    }

    // MARK: sending

    func send(_ message: KafkaOutgoing) async throws -> KafkaDelivery {
        let id = queue.withLock { $0.newID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                // A cancellation before this line found nothing to abandon; it is seen here instead.
                let admission: Bookkeeping.Admission? = queue.withLock { Task.isCancelled ? nil : $0.admit(id, message, waiter) }
                switch admission {
                case .produce(let turn):
                    if !produce(turn) { proceed() }
                case .wait: break
                case .refuse(let error): waiter.resume(throwing: error)
                case nil: waiter.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            queue.withLock { $0.abandon(id) }?.resume(throwing: CancellationError())
        }
    }

    func flush() async {
        let latch = Latch()
        idle.withLock { $0.append(latch) }
        tellIdle()
        await latch.wait()
    }

    /// Hands a message to librdkafka. False when it was refused at once, and its sender told.
    private func produce(_ turn: Bookkeeping.Turn) -> Bool {
        let message = turn.message
        let headers = message.headers.isEmpty ? nil : makeHeaders(message.headers)
        let code = withBytes(message.key) { key, keyLength in
            withBytes(message.value) { value, valueLength in
                ck_producev(
                    handle.rk, message.topic, message.partition, key, keyLength, value, valueLength, headers,
                    UnsafeMutableRawPointer(bitPattern: turn.id))
            }
        }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return true }
        if let headers { rd_kafka_headers_destroy(headers) }  // ownership passes only on success
        let error = fatality(of: handle.rk, "publish") ?? KafkaError(code, "publish to \(message.topic)[\(message.partition)]")
        queue.withLock { $0.finish(turn.id) }?.resume(throwing: error)
        return false
    }

    private func makeHeaders(_ pairs: [(name: String, value: [UInt8])]) -> OpaquePointer {
        let headers = rd_kafka_headers_new(pairs.count)!
        for (name, value) in pairs {
            let code = rd_kafka_header_add(headers, name, -1, value, value.count)  // copies both
            precondition(code == RD_KAFKA_RESP_ERR_NO_ERROR, "rd_kafka_header_add on fresh headers")
        }
        return headers
    }

    // MARK: the thread

    private func run() {
        while true {
            let deadline: Duration? = queue.withLock { if case .closing(let deadline) = $0.phase { deadline } else { nil } }
            if let deadline {
                guard queue.withLock({ $0.hasInFlight }) else { break }
                if sinceBoot() >= deadline { rd_kafka_purge(handle.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT) }
            }
            let wait = deadline == nil ? Self.pollWithin : Self.pollWithinWhileClosing
            if let event = rd_kafka_queue_poll(events.pointer, wait) {
                take(event)
                rd_kafka_event_destroy(event)
            }
        }
        // Nothing is in flight and nothing is admitted any more: nobody else uses the client.
        handle.connection.stop()
        wakeable.withLock { $0 = nil }
        rd_kafka_queue_destroy(events.pointer)
        handle.destroy()
        closed.open()
        tellIdle()
    }

    private func take(_ event: OpaquePointer) {
        let type = rd_kafka_event_type(event)
        if type == RD_KAFKA_EVENT_DR {
            deliver(event)
        } else if type == RD_KAFKA_EVENT_ERROR {
            let code = rd_kafka_event_error(event)
            if let fatal = fatality(of: handle.rk, "publish") {
                for waiter in queue.withLock({ $0.breakDown(fatal) }) { waiter.resume(throwing: fatal) }
            } else {
                handle.connection.noticed(code, String(cString: rd_kafka_event_error_string(event)))
            }
        }
    }

    private func deliver(_ reports: OpaquePointer) {
        let closing = queue.withLock { if case .closing = $0.phase { true } else { false } }
        while let report = rd_kafka_event_message_next(reports) {
            let message = report.pointee
            let waiter = queue.withLock { $0.finish(UInt(bitPattern: message._private)) }
            guard message.err != RD_KAFKA_RESP_ERR_NO_ERROR else {
                waiter?.resume(returning: KafkaDelivery(partition: message.partition, offset: message.offset))
                continue
            }
            waiter?.resume(throwing: failure(of: report, closing: closing))
        }
        proceed()
    }

    private func failure(of report: UnsafePointer<rd_kafka_message_t>, closing: Bool) -> KafkaError {
        if let fatal = fatality(of: handle.rk, "publish") { return fatal }
        let message = report.pointee
        let maybe = rd_kafka_message_status(report) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED
        let purged = message.err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message.err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT
        if closing, purged {
            return KafkaError(
                code: message.err.rawValue, "publish: the producer was closed before the brokers acknowledged", .closed, mayBePersisted: maybe)
        }
        let topic = message.rkt.map { String(cString: rd_kafka_topic_name($0)) } ?? "?"
        return KafkaError(message.err, "publish to \(topic)[\(message.partition)]", mayBePersisted: maybe)
    }

    /// Room was made: the next ones in line go, and whoever waits for silence is told.
    private func proceed() {
        while let turn = queue.withLock({ $0.nextTurn() }) { _ = produce(turn) }
        tellIdle()
    }

    private func tellIdle() {
        guard queue.withLock({ $0.count == 0 }) else { return }
        let latches = idle.withLock { latches in
            defer { latches = [] }
            return latches
        }
        for latch in latches { latch.open() }
    }

    // MARK: the end

    func requestClose(within limit: Duration) {
        let waiters = queue.withLock { $0.close(deadline: sinceBoot() + limit) }
        for waiter in waiters { waiter.resume(throwing: KafkaError.closed("publish")) }
        // Under the lock, so that the thread does not destroy the queue in between; the call only sets a flag.
        wakeable.withLock { queue in
            if let queue { rd_kafka_queue_yield(queue.pointer) }
        }
    }

    func close(within limit: Duration) async {
        requestClose(within: limit)
        await closed.wait()
    }
}

/// Bytes for C: nil is NULL, empty is a pointer to nothing, which Kafka tells apart.
private func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> R) -> R {
    guard let bytes else { return body(nil, 0) }
    return bytes.withUnsafeBytes { buffer in
        if let base = buffer.baseAddress { return body(base, buffer.count) }
        return withUnsafeBytes(of: UInt8(0)) { body($0.baseAddress, 0) }
    }
}

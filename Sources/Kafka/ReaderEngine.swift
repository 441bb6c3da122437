internal import CRdKafka
internal import Lifecycle

/// The working half of `KafkaReader`: one thread that polls when somebody asks for more.
final class ReaderEngine: Sendable {
    typealias Waiter = CheckedContinuation<Result<[KafkaMessage]?, KafkaError>, Never>
    private struct State {
        var waiter: Waiter?
        var closing = false
        var ended = false
    }
    private let handle: ClientHandle
    private let topic: String
    private let ranges: KafkaReader.Ranges
    private let state = Locked(State())
    private let asked = ThreadGate()
    private static let batchMax = 500
    private static let pollWithin: Int32 = 100

    init(_ settings: KafkaSettings, _ topic: String, _ ranges: KafkaReader.Ranges) throws(KafkaError) {
        self.topic = topic
        self.ranges = ranges.filter { !$0.value.isEmpty }
        handle = try Self.connect(settings)
        rd_kafka_poll_set_consumer(handle.rk)
        let list = makeList(topic, self.ranges.mapValues { KafkaPosition(offset: $0.lowerBound) })
        let code = rd_kafka_assign(handle.rk, list)
        rd_kafka_topic_partition_list_destroy(list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            handle.destroy()
            throw KafkaError(code, "read \(topic)")
        }
    }

    private static func connect(_ settings: KafkaSettings) throws(KafkaError) -> ClientHandle {
        // librdkafka wants a group for every consumer; nothing is ever committed to this one.
        let own = [
            ("group.id", "\(settings.clientID).reader"), ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "earliest"), ("isolation.level", "read_committed"), ("enable.partition.eof", "true"),
            ("queued.max.messages.kbytes", "16384"), ("check.crcs", "true"), ("allow.auto.create.topics", "false"),
        ]
        return try ClientHandle(
            RD_KAFKA_CONSUMER, settings.pairs(own, more: settings.consumerExtra), log: settings.log, configure: ClientContext.reportErrors)
    }

    func start() { spawnThread(name: "kafka-reader") { [self] in run() } }

    func next() async throws(KafkaError) -> [KafkaMessage]? {
        let result: Result<[KafkaMessage]?, KafkaError> = await withCheckedContinuation { waiter in
            let ended = state.withLock { s in
                if s.ended || s.closing { return true }
                precondition(s.waiter == nil, "one caller at a time")
                s.waiter = waiter
                return false
            }
            if ended { waiter.resume(returning: .success(nil)) } else { asked.signal() }
        }
        return try result.get()
    }

    func close() {
        state.withLock { $0.closing = true }
        asked.signal()
    }

    // MARK: the thread

    private func run() {
        var open = ranges
        while !state.withLock({ $0.closing }), !open.isEmpty {
            guard state.withLock({ $0.waiter != nil }) else {
                asked.wait(atMost: .seconds(60))
                continue
            }
            let result = Result { () throws(KafkaError) in try batch(&open) }
            if case .success(let messages) = result, messages.isEmpty { continue }
            state.withLock { s in
                defer { s.waiter = nil }
                return s.waiter
            }?.resume(returning: result.map(Optional.some))
        }
        rd_kafka_consumer_close(handle.rk)
        handle.destroy()
        let waiter = state.withLock { s in
            s.ended = true
            defer { s.waiter = nil }
            return s.waiter
        }
        waiter?.resume(returning: .success(nil))
    }

    /// What is there, waiting a moment for the first. Empty when nothing came yet.
    private func batch(_ open: inout KafkaReader.Ranges) throws(KafkaError) -> [KafkaMessage] {
        var messages: [KafkaMessage] = []
        while messages.count < Self.batchMax, !open.isEmpty {
            guard let pointer = rd_kafka_consumer_poll(handle.rk, messages.isEmpty ? Self.pollWithin : 0) else { break }
            defer { rd_kafka_message_destroy(pointer) }
            let message = pointer.pointee
            if message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF {
                // The last offsets of a range can be holes: then only the end of the partition tells.
                if let range = open[message.partition], message.offset >= range.upperBound { open[message.partition] = nil }
                continue
            }
            guard message.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                let error = KafkaError(message.err, "read \(topic)[\(message.partition)]")
                if error.disposition == .retry { continue }
                if messages.isEmpty { throw error }
                break
            }
            guard let range = open[message.partition] else { continue }
            if message.offset < range.upperBound { messages.append(KafkaMessage(pointer)) }
            if message.offset >= range.upperBound - 1 { open[message.partition] = nil }
        }
        return messages
    }

    // MARK: ranges, blocking

    static func ranges(_ settings: KafkaSettings, _ topic: String, _ sinceMs: Int64?, _ limit: Duration) throws(KafkaError) -> KafkaReader.Ranges {
        let found = try AdminClient.once(settings, limit) { (client) throws(KafkaError) in try client.topics().first { $0.name == topic } }
        guard let found else { throw KafkaError("read \(topic): there is no such topic", .refused) }
        let handle = try connect(settings)
        defer { handle.destroy() }
        var ranges: KafkaReader.Ranges = [:]
        for partition in 0..<Int32(found.partitions) {
            var low: Int64 = 0
            var high: Int64 = 0
            let code = rd_kafka_query_watermark_offsets(handle.rk, topic, partition, &low, &high, Int32(limit.milliseconds))
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "ask for the ends of \(topic)[\(partition)]") }
            if low < high { ranges[partition] = low..<high }
        }
        guard let sinceMs, !ranges.isEmpty else { return ranges }
        let list = makeList(topic, ranges.mapValues { _ in KafkaPosition(offset: sinceMs) })  // the times go in where the offsets come out
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let code = rd_kafka_offsets_for_times(handle.rk, list, Int32(limit.milliseconds))
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "ask for the offsets of \(topic) since \(sinceMs)") }
        for n in 0..<Int(list.pointee.cnt) {
            let entry = list.pointee.elems[n]
            guard entry.err == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(entry.err, "ask for the offset of \(topic)[\(entry.partition)]") }
            guard let range = ranges[entry.partition] else { continue }
            // RD_KAFKA_OFFSET_END: nothing so young
            let start = entry.offset < 0 ? range.upperBound : max(entry.offset, range.lowerBound)
            ranges[entry.partition] = start < range.upperBound ? start..<range.upperBound : nil
        }
        return ranges
    }
}

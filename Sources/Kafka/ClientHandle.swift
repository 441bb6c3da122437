internal import CRdKafka
internal import Lifecycle

/// Makes and destroys one `rd_kafka_t`, and carries what its callbacks need. Owned by exactly one engine, whose thread calls
/// `destroy()` as the last thing; librdkafka's handles are thread-safe by contract, hence unchecked.
final class ClientHandle: @unchecked Sendable {
    let rk: OpaquePointer
    let connection: ConnectionWatch
    private let context: ClientContext

    /// - Parameter configure: sets callbacks and events on the configuration before the client is made.
    /// - Throws: `settings`, with librdkafka's words.
    init(
        _ type: rd_kafka_type_t, _ pairs: [(String, String)], log: @escaping @Sendable (KafkaLogLine) -> Void,
        configure: (OpaquePointer) -> Void = { _ in }
    ) throws(KafkaError) {
        connection = ConnectionWatch()
        context = ClientContext(log: log, connection: connection)
        let conf = rd_kafka_conf_new()!
        for (key, value) in pairs {
            let (result, words) = withErrorText { rd_kafka_conf_set(conf, key, value, $0, $1) }
            guard result == RD_KAFKA_CONF_OK else {
                rd_kafka_conf_destroy(conf)
                throw KafkaError("kafka setting \(key): \(words)", .settings)
            }
        }
        // The handle holds the context and outlives rk, so the callbacks may use it unretained.
        rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(context).toOpaque())
        rd_kafka_conf_set_log_cb(conf) { rk, level, facility, text in
            guard let opaque = rd_kafka_opaque(rk) else { return }
            let context = Unmanaged<ClientContext>.fromOpaque(opaque).takeUnretainedValue()
            context.log(KafkaLogLine(level: Int(level), facility: facility.map { String(cString: $0) } ?? "", text: text.map { String(cString: $0) } ?? ""))
        }
        configure(conf)
        let (made, words) = withErrorText { rd_kafka_new(type, conf, $0, $1) }
        guard let made else {
            rd_kafka_conf_destroy(conf)  // rd_kafka_new took it over only on success
            throw KafkaError("kafka client: \(words)", .settings)
        }
        rk = made
    }

    /// What the rebalance callback runs. Set and used on the thread that polls, cleared before `destroy`.
    var rebalance: ((rd_kafka_resp_err_t, [Int32]) -> Void)? {
        get { context.rebalance }
        set { context.rebalance = newValue }
    }

    /// Blocks; on the owner's own thread, when nobody uses `rk` any more.
    func destroy(flags: Int32 = 0) { rd_kafka_destroy_flags(rk, flags) }
}

/// What C callbacks find behind librdkafka's opaque pointer.
final class ClientContext: @unchecked Sendable {
    let log: @Sendable (KafkaLogLine) -> Void
    let connection: ConnectionWatch
    var rebalance: ((rd_kafka_resp_err_t, [Int32]) -> Void)?  // only the polling thread touches it

    init(log: @escaping @Sendable (KafkaLogLine) -> Void, connection: ConnectionWatch) {
        self.log = log
        self.connection = connection
    }

    static func reportErrors(_ conf: OpaquePointer) {
        rd_kafka_conf_set_error_cb(conf) { _, code, text, opaque in
            let context = Unmanaged<ClientContext>.fromOpaque(opaque!).takeUnretainedValue()
            context.connection.noticed(rd_kafka_resp_err_t(rawValue: code), text.map { String(cString: $0) } ?? "")
        }
    }
    static func reportRebalances(_ conf: OpaquePointer) {
        rd_kafka_conf_set_rebalance_cb(conf) { _, code, list, opaque in
            let context = Unmanaged<ClientContext>.fromOpaque(opaque!).takeUnretainedValue()
            let partitions = list.map { list in (0..<Int(list.pointee.cnt)).map { list.pointee.elems[$0].partition } }
            context.rebalance?(code, partitions ?? [])
        }
    }
}

/// A queue of librdkafka; thread-safe by contract, hence unchecked. Whoever made it destroys it.
struct QueueHandle: @unchecked Sendable { let pointer: OpaquePointer }

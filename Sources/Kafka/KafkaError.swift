internal import CRdKafka

/// What went wrong at Kafka, and what the owner of the client does about it.
public struct KafkaError: Error, Hashable, CustomStringConvertible {
    /// The closed list of answers. Every code of librdkafka is sorted into one; unknown ones are `unexpected`.
    public enum Disposition: String, Sendable, CaseIterable {
        /// The brokers could not be reached, or asked for patience. The same call may pass later.
        case retry
        /// This message, topic or right is refused, and will be again until somebody changes it.
        case refused
        /// The member's generation is over: what it did since belongs to somebody else. Expect `.revoking(lost: true)`.
        case staleMember
        /// The client is finished: close it and make a new one. Unacknowledged messages are to be sent again.
        case fatal
        /// A setting is wrong. The message holds librdkafka's words.
        case settings
        /// The client was closed by its owner.
        case closed
        /// A code this program has no rule for. Treat as `retry`, with a limit, and report it.
        case unexpected
    }

    /// librdkafka's code (negative: local, positive: from a broker); 0 where none applies.
    public let code: Int32
    /// One sentence: what was tried, what the answer was.
    public let message: String
    public let disposition: Disposition
    /// The message may be in the log although its acknowledgement never came. Only for a failed `send`.
    public let mayBePersisted: Bool

    public var description: String { message }

    init(code: Int32 = 0, _ message: String, _ disposition: Disposition, mayBePersisted: Bool = false) {
        self.code = code
        self.message = message
        self.disposition = disposition
        self.mayBePersisted = mayBePersisted
    }

    /// - Parameter what: what was tried, e.g. `commit offsets of eip.events.v1`
    init(_ code: rd_kafka_resp_err_t, _ what: String, detail: String? = nil, mayBePersisted: Bool = false) {
        let words = detail ?? String(cString: rd_kafka_err2str(code))
        self.init(
            code: code.rawValue, "\(what): \(words) (\(String(cString: rd_kafka_err2name(code))))", Self.sort(code), mayBePersisted: mayBePersisted)
    }

    static func closed(_ what: String) -> KafkaError { KafkaError("\(what): the client is closed", .closed) }

    /// Sources: comments of `rd_kafka_resp_err_t` in rdkafka.h 2.0.2, and kafka.apache.org/protocol#protocol_error_codes ("Retriable").
    private static func sort(_ code: rd_kafka_resp_err_t) -> Disposition {
        if retry.contains(code.rawValue) { return .retry }
        if refused.contains(code.rawValue) { return .refused }
        if stale.contains(code.rawValue) { return .staleMember }
        if fatal.contains(code.rawValue) { return .fatal }
        if settings.contains(code.rawValue) { return .settings }
        return .unexpected
    }

    private static let retry = codes([
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__TIMED_OUT,
        RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__ISR_INSUFF,
        RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__IN_PROGRESS, RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, RD_KAFKA_RESP_ERR__WAIT_CACHE,
        RD_KAFKA_RESP_ERR__RETRY, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, RD_KAFKA_RESP_ERR__AUTHENTICATION,
        RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
        RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
    ])
    private static let refused = codes([
        RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE,
        RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
        RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
        RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
        RD_KAFKA_RESP_ERR_INVALID_REPLICA_ASSIGNMENT, RD_KAFKA_RESP_ERR_INVALID_CONFIG, RD_KAFKA_RESP_ERR_INVALID_REQUEST,
        RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
        RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
    ])
    private static let stale = codes([
        RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
        RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
    ])
    private static let fatal = codes([
        RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE,
        RD_KAFKA_RESP_ERR__INCONSISTENT, RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE,
    ])
    private static let settings = codes([
        RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR__NOT_CONFIGURED, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
        RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM,
        RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_SECURITY_DISABLED, RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS,
    ])
    private static func codes(_ list: [rd_kafka_resp_err_t]) -> Set<Int32> { Set(list.map(\.rawValue)) }
}

/// The error of a client that librdkafka has declared finished, or nil while it is not.
func fatality(of rk: OpaquePointer, _ what: String) -> KafkaError? {
    let (code, words) = withErrorText { rd_kafka_fatal_error(rk, $0, $1) }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    return KafkaError(
        code: code.rawValue, "\(what): \(words) (\(String(cString: rd_kafka_err2name(code)))); the client must be made anew", .fatal, mayBePersisted: true)
}

/// Calls a C function that writes its words into a buffer, and returns both.
func withErrorText<R>(_ body: (UnsafeMutablePointer<CChar>, Int) -> R) -> (R, String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        buffer.initialize(repeating: 0)
        let result = body(buffer.baseAddress!, buffer.count)
        return (result, String(cString: buffer.baseAddress!))
    }
}

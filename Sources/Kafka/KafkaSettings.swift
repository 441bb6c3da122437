/// How to reach and trust a Kafka cluster. Read once, at the edge.
public struct KafkaSettings: Sendable {
    public enum SecurityProtocol: String, Sendable, CaseIterable {
        case plaintext = "PLAINTEXT"
        case ssl = "SSL"
        case saslPlaintext = "SASL_PLAINTEXT"
        case saslSSL = "SASL_SSL"
    }
    /// User name and password. Prints without the password.
    public struct SASL: Sendable, CustomStringConvertible, CustomReflectable {
        /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`. SCRAM fails between librdkafka before 2.6.1 and Kafka 4
        /// (github.com/confluentinc/librdkafka/issues/4895): with Debian 12's librdkafka use PLAIN over TLS.
        public var mechanism: String
        public var username: String
        public var password: String
        public init(mechanism: String = "PLAIN", username: String, password: String) {
            self.mechanism = mechanism
            self.username = username
            self.password = password
        }
        public var description: String { "\(mechanism) \(username) (password not shown)" }
        public var customMirror: Mirror { Mirror(self, children: ["mechanism": mechanism, "username": username]) }
    }

    /// `host:port` each.
    public var brokers: [String]
    public var securityProtocol = SecurityProtocol.plaintext
    public var sasl: SASL?
    /// Path of a PEM file with the certificates to trust; nil = the system's.
    public var caFile: String?
    /// Paths of PEM files for mutual TLS; both or none.
    public var certificateFile: String?
    public var keyFile: String?
    /// Seen in the brokers' logs and quotas.
    public var clientID = "eip-controller"
    /// Settings of librdkafka by its own names, for every client. They win over this program's choices, but for those
    /// that its promises rest on (`KafkaSettings.reserved`), which are refused.
    public var extra: [String: String] = [:]
    /// As `extra`, for producers only.
    public var producerExtra: [String: String] = [:]
    /// As `extra`, for consumers only.
    public var consumerExtra: [String: String] = [:]
    /// Where librdkafka's own log lines go (threads of librdkafka call it). It must not block.
    public var log: @Sendable (KafkaLogLine) -> Void = { _ in }

    public init(brokers: [String]) { self.brokers = brokers }

    /// Settings that `extra` may not touch: acknowledged, ordered, committed by hand, one assignor in the whole group.
    public static let reserved: Set<String> = [
        "acks", "request.required.acks", "enable.idempotence", "message.timeout.ms", "delivery.timeout.ms", "enable.auto.commit",
        "enable.auto.offset.store", "partition.assignment.strategy", "group.id", "group.instance.id", "bootstrap.servers",
        "metadata.broker.list", "auto.offset.reset", "max.poll.interval.ms", "transactional.id",
    ]

    /// Pairs for `rd_kafka_conf_set`, in the order to be set: ours, then the operator's.
    func pairs(_ own: [(String, String)], more: [String: String]) throws(KafkaError) -> [(String, String)] {
        guard !brokers.isEmpty else { throw KafkaError("kafka settings: no broker given; write host:port", .settings) }
        var pairs = [
            ("bootstrap.servers", brokers.joined(separator: ",")), ("client.id", clientID), ("security.protocol", securityProtocol.rawValue),
            ("socket.nagle.disable", "true"), ("socket.keepalive.enable", "true"), ("log_level", "5"),
            ("socket.connection.setup.timeout.ms", "10000"), ("reconnect.backoff.ms", "50"), ("reconnect.backoff.max.ms", "1000"),
        ]
        if let sasl {
            pairs += [("sasl.mechanism", sasl.mechanism), ("sasl.username", sasl.username), ("sasl.password", sasl.password)]
        }
        if let caFile { pairs.append(("ssl.ca.location", caFile)) }
        if let certificateFile { pairs.append(("ssl.certificate.location", certificateFile)) }
        if let keyFile { pairs.append(("ssl.key.location", keyFile)) }
        pairs += own
        for (key, value) in extra.merging(more, uniquingKeysWith: { _, special in special }).sorted(by: { $0.key < $1.key }) {
            guard !Self.reserved.contains(key) else {
                throw KafkaError("kafka settings: \(key) is fixed by this program and cannot be set; leave it out", .settings)
            }
            pairs.append((key, value))
        }
        return pairs
    }
}

/// One line of librdkafka's log.
public struct KafkaLogLine: Sendable {
    /// syslog's levels: 0 emergency … 3 error, 4 warning, 6 info, 7 debug
    public let level: Int
    /// e.g. `FAIL`, `GETPID`
    public let facility: String
    public let text: String
}

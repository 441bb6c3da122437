internal import CRdKafka
internal import Glibc
internal import Lifecycle

/// FOR THE SANDBOX AND TESTS ONLY: librdkafka's own mock brokers inside this process, on loopback ports of their choice.
///
/// Other processes can connect. It keeps at most 5 MiB per partition and nothing on disk; it knows no administration (its host
/// creates the topics), no static membership, no times of offsets; it accepts no commits during a rebalance, and each rebalance
/// takes the session timeout. Members with different assignors abort the process.
public final class KafkaMockCluster: @unchecked Sendable {
    /// Requests whose answers can be made to fail (api keys: kafka.apache.org/protocol#protocol_api_keys).
    public enum Request: Int16, Sendable {
        case produce = 0
        case fetch = 1
        case offsetCommit = 8
        case heartbeat = 12
        case initProducerID = 22
    }
    private let rk: OpaquePointer
    private let cluster: OpaquePointer
    /// `host:port`, separated by commas.
    public let bootstrap: String

    /// - Throws: `settings`, when librdkafka cannot make it
    public init(brokers: Int = 1, topics: [String: Int] = [:]) throws(KafkaError) {
        let conf = rd_kafka_conf_new()!
        rd_kafka_conf_set_log_cb(conf, nil)
        let (made, words) = withErrorText { rd_kafka_new(RD_KAFKA_PRODUCER, conf, $0, $1) }
        guard let made else {
            rd_kafka_conf_destroy(conf)
            throw KafkaError("mock cluster: \(words)", .settings)
        }
        guard let cluster = rd_kafka_mock_cluster_new(made, Int32(brokers)) else {
            rd_kafka_destroy(made)
            throw KafkaError("mock cluster: no sockets for \(brokers) brokers", .settings)
        }
        rk = made
        self.cluster = cluster
        bootstrap = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
        for (topic, partitions) in topics.sorted(by: { $0.key < $1.key }) { try createTopic(topic, partitions: partitions) }
    }
    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(rk)
    }

    /// Settings for clients of this cluster. It holds an empty fetch for its whole time whatever arrives, and takes an error
    /// answer for a later batch as acknowledged when several are under way.
    public var settings: KafkaSettings {
        var settings = KafkaSettings(brokers: bootstrap.split(separator: ",").map(String.init))
        settings.producerExtra = ["max.in.flight.requests.per.connection": "1"]
        settings.consumerExtra = ["fetch.wait.max.ms": "10"]
        return settings
    }
    /// The shortest session timeout with which its groups form.
    public static let sessionTimeout = Duration.seconds(6)

    public func createTopic(_ name: String, partitions: Int) throws(KafkaError) {
        let code = rd_kafka_mock_topic_create(cluster, name, Int32(partitions), 1)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "mock cluster: create topic \(name)") }
    }
    /// The next answers to a kind of request are these error codes of the protocol; -195 drops the connection.
    public func fail(next request: Request, with codes: [Int32]) {
        let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
        rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, errors.count, errors)
    }
    /// All brokers refuse connections.
    public func goDown() { rd_kafka_mock_broker_set_down(cluster, -1) }
    public func comeUp() { rd_kafka_mock_broker_set_up(cluster, -1) }
    /// Every answer takes this long.
    public func setRoundTrip(_ time: Duration) { rd_kafka_mock_broker_set_rtt(cluster, -1, Int32(time.milliseconds)) }
}

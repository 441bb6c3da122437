internal import Kafka
internal import Observe
internal import Options

/// The keys about Kafka, for every command that speaks to it.
struct KafkaOptions: Sendable {
    var brokers: [Broker] = []
    var topicPrefix = "eip"
    var securityProtocol = KafkaSettings.SecurityProtocol.plaintext
    var mechanism = Configuration.Kafka.Mechanism.plain
    var username: String?
    var password: Secret?
    var caFile: String?
    var settings: [KeyValue] = []
    var replication = -1
    var sessionTimeout = Duration.seconds(30)

    static let table: [Option<KafkaOptions>] = [
        .list(\.brokers, "kafka-brokers", as: "HOST:PORT,…", "Some brokers of the Kafka cluster, the others are learnt from them; required with kafka"),
        .value(\.topicPrefix, "kafka-topic-prefix", as: "NAME", accepting: .topicPrefix, "Topics are NAME.events.v1 and NAME.ledger.v1"),
        .value(\.securityProtocol, "kafka-security-protocol", "How to speak to the brokers"),
        .value(\.mechanism, "kafka-sasl-mechanism", "How the password is shown, with SASL_PLAINTEXT and SASL_SSL"),
        .value(\.username, "kafka-sasl-username", as: "NAME", accepting: Accepting("a name") { !$0.isEmpty }, "Required with SASL_PLAINTEXT and SASL_SSL"),
        .value(
            \.password, "kafka-sasl-password", as: "PASSWORD",
            "Required with SASL_PLAINTEXT and SASL_SSL; best from the environment, as other processes see flags"),
        .value(
            \.caFile, "kafka-ca-file", as: "FILE", accepting: Accepting("a path") { !$0.isEmpty },
            "PEM file of the authorities to trust with SSL and SASL_SSL; default: the system's"),
        .list(\.settings, "kafka-setting", as: "KEY=VALUE,…", "More settings of librdkafka by its own names; those that this program rests on are refused"),
        .value(
            \.replication, "kafka-replication", accepting: Accepting("-1 (the brokers' default) or 1 to 100") { $0 == -1 || 1...100 ~= $0 },
            "Replicas of topics that are created"),
    ]
    static let sessionTimeout = Option<KafkaOptions>.value(
        \.sessionTimeout, "kafka-session-timeout", accepting: Accepting(.seconds(6) ... .seconds(1800)),
        "A worker that is silent for so long has lost its partitions")

    /// Names of librdkafka that have an option here.
    private static let own = [
        "security.protocol": "kafka-security-protocol", "sasl.mechanism": "kafka-sasl-mechanism", "sasl.mechanisms": "kafka-sasl-mechanism",
        "sasl.username": "kafka-sasl-username", "sasl.password": "kafka-sasl-password", "ssl.ca.location": "kafka-ca-file",
        "bootstrap.servers": "kafka-brokers", "metadata.broker.list": "kafka-brokers", "session.timeout.ms": "kafka-session-timeout",
        "group.instance.id": "instance-id",
    ]

    /// - Parameter problems: gets what is wrong with the values together.
    func checked(_ problems: inout [String]) -> Configuration.Kafka {
        if brokers.isEmpty { problems.append("--kafka-brokers is required with kafka: write --kafka-brokers HOST:PORT,HOST:PORT") }
        let login = login(&problems)
        if caFile != nil, securityProtocol != .ssl, securityProtocol != .saslSSL {
            problems.append("--kafka-ca-file is of no use with \(securityProtocol.rawValue): write --kafka-security-protocol SSL or SASL_SSL, or leave it out")
        }
        var settings: [String: Secret] = [:]
        for pair in self.settings {
            if let own = Self.own[pair.key] {
                problems.append("--kafka-setting \(pair.key) has an option of its own: write --\(own)")
            } else if KafkaSettings.reserved.contains(pair.key) {
                problems.append("--kafka-setting \(pair.key) is fixed by this program: leave it out")
            } else if settings.updateValue(Secret(pair.value), forKey: pair.key) != nil {
                problems.append("--kafka-setting \(pair.key) is given twice: write it once")
            }
        }
        return Configuration.Kafka(
            brokers: brokers.map(\.optionText), topicPrefix: topicPrefix, securityProtocol: securityProtocol, login: login, caFile: caFile,
            settings: settings, replication: replication, sessionTimeout: sessionTimeout)
    }

    private func login(_ problems: inout [String]) -> Configuration.Kafka.Login? {
        switch securityProtocol {
        case .plaintext, .ssl:
            if username != nil || password != nil {
                problems.append(
                    "--kafka-sasl-username and --kafka-sasl-password are of no use with \(securityProtocol.rawValue): "
                        + "write --kafka-security-protocol SASL_SSL or SASL_PLAINTEXT, or leave them out")
            }
            return nil
        case .saslPlaintext, .saslSSL:
            if username == nil { problems.append("--kafka-sasl-username is required with \(securityProtocol.rawValue)") }
            if password == nil {
                problems.append("--kafka-sasl-password is required with \(securityProtocol.rawValue): set EIP_KAFKA_SASL_PASSWORD in the environment")
            }
            guard let username, let password else { return nil }
            return Configuration.Kafka.Login(mechanism: mechanism, username: username, password: password)
        }
    }
}

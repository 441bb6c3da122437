public import Kafka
public import Observe

extension Configuration {
    /// The log and the way to it.
    public struct Kafka: Sendable, Equatable {
        /// How the password is shown to the brokers (SASL). SCRAM fails between librdkafka before 2.6.1 and Kafka 4
        /// (github.com/confluentinc/librdkafka/issues/4895).
        public enum Mechanism: String, Sendable, CaseIterable {
            case plain = "PLAIN"
            case scramSHA256 = "SCRAM-SHA-256"
            case scramSHA512 = "SCRAM-SHA-512"
        }
        public struct Login: Sendable, Equatable {
            public var mechanism: Mechanism
            public var username: String
            public var password: Secret
        }

        /// `host:port` each.
        public var brokers: [String]
        /// Topics are `<prefix>.events.v1` and `<prefix>.ledger.v1`.
        public var topicPrefix: String
        public var securityProtocol: KafkaSettings.SecurityProtocol
        public var login: Login?
        /// Path of a PEM file; nil: the system's authorities.
        public var caFile: String?
        /// librdkafka's own names. Secret, because some of them are passwords.
        public var settings: [String: Secret]
        /// Of topics that are created; -1 is the brokers' default.
        public var replication: Int
        /// A worker that is silent for so long has lost its partitions.
        public var sessionTimeout: Duration

        /// For the clients. It holds the secrets in the clear: not to be kept or printed.
        public var clientSettings: KafkaSettings {
            var settings = KafkaSettings(brokers: brokers)
            settings.securityProtocol = securityProtocol
            settings.sasl = login.map { .init(mechanism: $0.mechanism.rawValue, username: $0.username, password: $0.password.reveal()) }
            settings.caFile = caFile
            settings.extra = self.settings.mapValues { $0.reveal() }
            return settings
        }
    }
}

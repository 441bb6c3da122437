internal import CRdKafka
internal import Lifecycle

/// A topic as the brokers describe it.
public struct KafkaTopic: Hashable, Sendable {
    public let name: String
    public let partitions: Int
    /// Replicas of partition 0.
    public let replication: Int
}

/// A topic as it should be.
public struct KafkaTopicSpec: Hashable, Sendable {
    public var name: String
    public var partitions: Int
    /// -1 = the brokers' default
    public var replication: Int
    /// e.g. `cleanup.policy`: `compact`; used at creation only
    public var configs: [String: String]
    public init(name: String, partitions: Int, replication: Int = -1, configs: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replication = replication
        self.configs = configs
    }
}

public enum KafkaTopicOutcome: Hashable, Sendable {
    case created
    case alreadyRight
    /// The topic exists with another number of partitions and was left alone: keys would move between partitions.
    case wrongPartitions(Int)
}

/// Topics. Each call opens a connection, works on a thread of its own and closes: for start-up and commands, not for loops.
public struct KafkaAdmin: Sendable {
    private let settings: KafkaSettings
    /// How long one call may take.
    private let limit: Duration

    public init(_ settings: KafkaSettings, within limit: Duration = .seconds(15)) {
        self.settings = settings
        self.limit = limit
    }

    /// All topics that this client may see, by name.
    public func topics() async throws(KafkaError) -> [KafkaTopic] {
        try await blocking { (client) throws(KafkaError) in try client.topics() }
    }

    /// nil when there is no such topic.
    public func topic(_ name: String) async throws(KafkaError) -> KafkaTopic? { try await topics().first { $0.name == name } }

    /// The effective settings of a topic, by Kafka's names. Not on the mock cluster.
    public func configs(of topic: String) async throws(KafkaError) -> [String: String] {
        try await blocking { (client) throws(KafkaError) in try client.configs(of: topic) }
    }

    /// Creates a topic. Not on the mock cluster.
    /// - Throws: `refused` with the broker's words, also when it exists
    public func create(_ spec: KafkaTopicSpec) async throws(KafkaError) {
        try await blocking { (client) throws(KafkaError) in
            if let error = try client.create(spec) { throw error }
        }
    }

    /// Creates what is missing and changes nothing that exists. Two replicas may do it at the same time.
    public func ensureTopics(_ specs: [KafkaTopicSpec]) async throws(KafkaError) -> [String: KafkaTopicOutcome] {
        try await blocking { (client) throws(KafkaError) in
            var outcomes: [String: KafkaTopicOutcome] = [:]
            for spec in specs { outcomes[spec.name] = try client.ensure(spec) }
            return outcomes
        }
    }

    private func blocking<R: Sendable>(_ body: @escaping @Sendable (AdminClient) throws(KafkaError) -> R) async throws(KafkaError) -> R {
        let result: Result<R, KafkaError> = await withCheckedContinuation { waiter in
            spawnThread(name: "kafka-admin") { [settings, limit] in
                waiter.resume(
                    returning: Result { () throws(KafkaError) in
                        let client = try AdminClient(settings, limit)
                        defer { client.close() }
                        return try body(client)
                    })
            }
        }
        return try result.get()
    }
}

internal import Core
internal import Kafka

/// The two topics and the group of one installation.
struct Topics: Sendable {
    let events: String
    let ledger: String
    let group: String

    init(prefix: String) {
        events = "\(prefix).events.v1"
        ledger = "\(prefix).ledger.v1"
        group = "\(prefix).workers.v1"
    }

    /// How long events can be replayed.
    static let eventsRetention = Duration.seconds(7 * 86_400)
    /// How long the ledger keeps every record of an address before only the last of each key is kept.
    static let ledgerLag = Duration.seconds(90 * 86_400)

    func specs(replication: Int) -> [KafkaTopicSpec] {
        [
            KafkaTopicSpec(
                name: events, partitions: ShardMap.partitionsOfTopic, replication: replication,
                configs: ["cleanup.policy": "delete", "retention.ms": "\(Self.eventsRetention.milliseconds)"]),
            KafkaTopicSpec(
                name: ledger, partitions: ShardMap.partitionsOfTopic, replication: replication,
                configs: ["cleanup.policy": "compact", "min.compaction.lag.ms": "\(Self.ledgerLag.milliseconds)"]),
        ]
    }

    /// Creates what is missing. Lines for people, and whether all is as it must be.
    func ensure(_ settings: KafkaSettings, replication: Int) async throws(KafkaError) -> (lines: [String], ok: Bool) {
        let outcomes = try await KafkaAdmin(settings).ensureTopics(specs(replication: replication))
        var lines: [String] = []
        var ok = true
        for (name, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            switch outcome {
            case .created: lines.append("\(name): created with \(ShardMap.partitionsOfTopic) partitions")
            case .alreadyRight: lines.append("\(name): \(ShardMap.partitionsOfTopic) partitions, as it should be")
            case .wrongPartitions(let count):
                ok = false
                lines.append(
                    "\(name): has \(count) partitions and needs \(ShardMap.partitionsOfTopic). Partitions are not added, because keys would move: "
                        + "drain the workers and use another --kafka-topic-prefix, or delete the topic if it is not yours")
            }
        }
        return (lines, ok)
    }
}

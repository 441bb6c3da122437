internal import Core
internal import Kafka
public import Lifecycle

/// `eip-sandbox kafka`: librdkafka's mock broker, with the controller's topics made, until `stopped` opens.
///
/// The mock picks its port itself, and other processes can use it. What it lacks: `KafkaMockCluster`.
///
/// - Parameter announce: gets `host:port`.
/// - Throws: `KafkaError` when librdkafka cannot make it.
public func runKafka(stopped: Latch, announce: @Sendable (String) -> Void) async throws {
    let cluster = try KafkaMockCluster(topics: sandboxTopics)
    announce(cluster.bootstrap)
    await stopped.wait()
    // it lives as long as this reference does
    withExtendedLifetime(cluster) {}
}

/// Those that `eip-controller topics ensure` would make; the mock cluster cannot be asked to.
let sandboxTopics = ["eip.events.v1": ShardMap.partitionsOfTopic, "eip.ledger.v1": ShardMap.partitionsOfTopic]

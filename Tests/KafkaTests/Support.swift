import Glibc
import Testing

@testable import Kafka

/// `host:port` of a real broker, or nil: those tests are then left out.
let realBroker: String? = getenv("EIP_TEST_KAFKA").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }

/// A cluster to run a scenario on.
struct TestCluster {
    let settings: KafkaSettings
    let mock: KafkaMockCluster?

    static func mock(_ topics: [String: Int]) throws -> TestCluster {
        let cluster = try KafkaMockCluster(topics: topics)
        return TestCluster(settings: cluster.settings, mock: cluster)
    }
    static func real(_ topics: [String: Int]) async throws -> TestCluster {
        let settings = KafkaSettings(brokers: [try #require(realBroker)])
        for (name, partitions) in topics { try await KafkaAdmin(settings).create(KafkaTopicSpec(name: name, partitions: partitions)) }
        return TestCluster(settings: settings, mock: nil)
    }
}

/// A name that no other run used.
func fresh(_ name: String) -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return "test.\(name).\(getpid()).\(now.tv_sec).\(now.tv_nsec)"
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension KafkaMembership {
    static func test(_ topic: String, instance: String? = nil) -> KafkaMembership {
        var membership = KafkaMembership(groupID: "\(topic).group", topic: topic, instanceID: instance)
        membership.sessionTimeout = KafkaMockCluster.sessionTimeout
        membership.rebalanceMax = .seconds(10)
        return membership
    }
}

/// Reads a member's events one after the other and fails on one that is not expected.
struct Member {
    let group: KafkaConsumerGroup
    private var events: KafkaConsumerGroup.Events.AsyncIterator
    private(set) var generation = 0

    init(_ settings: KafkaSettings, _ membership: KafkaMembership) throws {
        group = try KafkaConsumerGroup(settings, membership)
        events = group.events.makeAsyncIterator()
    }

    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    mutating func next() async throws -> KafkaGroupEvent {
        guard let event = await events.next() else { throw Unexpected(description: "the events ended") }
        if case .assigned(_, let generation) = event { self.generation = generation }
        return event
    }
    mutating func expectEnd() async {
        while let event = await events.next() { Issue.record("after the end: \(event)") }
    }
    mutating func expectAssigned() async throws -> [Int32: KafkaPosition] {
        while true {
            switch try await next() {
            case .assigned(let positions, _): return positions
            case .failed(let error) where error.disposition == .retry: continue
            case let other: throw Unexpected(description: "wanted assigned, got \(other)")
            }
        }
    }
    mutating func expectMessages(_ count: Int) async throws -> [KafkaMessage] {
        var messages: [KafkaMessage] = []
        while messages.count < count {
            guard case .message(let message) = try await next() else { throw Unexpected(description: "wanted a message") }
            messages.append(message)
        }
        return messages
    }
    /// Skips messages until the partitions are to be given up.
    mutating func expectRevoking() async throws -> KafkaRevocation {
        while true {
            switch try await next() {
            case .revoking(let revocation): return revocation
            case .message: continue
            case .failed(let error) where error.disposition != .fatal: continue
            case let other: throw Unexpected(description: "wanted revoking, got \(other)")
            }
        }
    }
    /// Closes while finishing what is revoked.
    mutating func close() async {
        let group = group
        async let closed: Void = group.close()
        while let event = await events.next() { if case .revoking(let revocation) = event { revocation.finish() } }
        await closed
    }
}

/// Publishes `count` messages `m0`, `m1`, … to one partition, in order.
func publish(_ count: Int, to topic: String, partition: Int32 = 0, _ settings: KafkaSettings) async throws {
    let producer = try KafkaProducer(settings)
    for n in 0..<count { _ = try await producer.send(topic: topic, partition: partition, key: bytes("k\(n)"), value: bytes("m\(n)")) }
    await producer.close()
}

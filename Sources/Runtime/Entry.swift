internal import Kafka
internal import Lifecycle
internal import Observe

/// `eip-controller run`.
public func runController(_ configuration: Configuration, signals: AsyncStream<Int32>) async -> Int32 {
    await Controller(configuration, log: Log(level: configuration.logLevel, format: configuration.logFormat)).run(signals: signals)
}

/// `eip-controller topics ensure`: one line for each topic; 1 when one is not as it has to be.
public func ensureTopics(_ kafka: Configuration.Kafka) async -> Int32 {
    do throws(KafkaError) {
        let (lines, ok) = try await Topics(prefix: kafka.topicPrefix).ensure(kafka.clientSettings, replication: kafka.replication)
        for line in lines { standardOutput(line + "\n") }
        return ok ? 0 : 1
    } catch {
        standardOutput("cannot reach the brokers \(kafka.brokers.joined(separator: ",")): \(error.message)\n")
        return 1
    }
}

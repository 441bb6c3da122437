internal import CRdKafka
internal import Lifecycle

/// One connection for administration, on one thread. All calls block.
final class AdminClient {
    private let handle: ClientHandle
    private let queue: OpaquePointer
    private let deadline: Duration

    init(_ settings: KafkaSettings, _ limit: Duration) throws(KafkaError) {
        handle = try ClientHandle(RD_KAFKA_PRODUCER, settings.pairs([], more: [:]), log: settings.log, configure: ClientContext.reportErrors)
        queue = rd_kafka_queue_new(handle.rk)
        deadline = sinceBoot() + limit
    }
    /// Connects, works, closes.
    static func once<R>(_ settings: KafkaSettings, _ limit: Duration, _ body: (AdminClient) throws(KafkaError) -> R) throws(KafkaError) -> R {
        let client = try AdminClient(settings, limit)
        defer { client.close() }
        return try body(client)
    }

    /// The last call.
    func close() {
        rd_kafka_queue_destroy(queue)
        handle.destroy()
    }

    private var left: Int32 { Int32(max(1, (deadline - sinceBoot()).milliseconds)) }

    func topics() throws(KafkaError) -> [KafkaTopic] {
        var pointer: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(handle.rk, 1, nil, &pointer, left)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let pointer else { throw unreachable(code, "list topics") }
        defer { rd_kafka_metadata_destroy(pointer) }
        return (0..<Int(pointer.pointee.topic_cnt)).compactMap { n in
            let topic = pointer.pointee.topics[n]
            guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
            let replicas = topic.partition_cnt > 0 ? Int(topic.partitions[0].replica_cnt) : 0
            return KafkaTopic(name: String(cString: topic.topic), partitions: Int(topic.partition_cnt), replication: replicas)
        }.sorted { $0.name < $1.name }
    }

    func ensure(_ spec: KafkaTopicSpec) throws(KafkaError) -> KafkaTopicOutcome {
        if let found = try topics().first(where: { $0.name == spec.name }) { return outcome(found, spec) }
        guard let error = try create(spec) else { return .created }
        // Somebody else was quicker; or it exists and was not listed.
        guard error.code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS.rawValue else { throw error }
        return outcome(try listed(spec.name, "create topic \(spec.name)"), spec)
    }

    private func outcome(_ found: KafkaTopic, _ spec: KafkaTopicSpec) -> KafkaTopicOutcome {
        found.partitions == spec.partitions ? .alreadyRight : .wrongPartitions(found.partitions)
    }

    /// - Returns: the broker's refusal
    func create(_ spec: KafkaTopicSpec) throws(KafkaError) -> KafkaError? {
        let what = "create topic \(spec.name)"
        let (made, words) = withErrorText { rd_kafka_NewTopic_new(spec.name, Int32(spec.partitions), Int32(spec.replication), $0, $1) }
        guard let made else { throw KafkaError("\(what): \(words)", .refused) }
        defer { rd_kafka_NewTopic_destroy(made) }
        for (key, value) in spec.configs.sorted(by: { $0.key < $1.key }) {
            let code = rd_kafka_NewTopic_set_config(made, key, value)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "\(what), setting \(key)") }
        }
        var list: [OpaquePointer?] = [made]
        let event = try answer(RD_KAFKA_ADMIN_OP_CREATETOPICS, what) { options in rd_kafka_CreateTopics(handle.rk, &list, 1, options, queue) }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        guard let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count), count == 1 else {
            throw KafkaError("\(what): an answer without results", .unexpected)
        }
        let code = rd_kafka_topic_result_error(results[0])
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else {
            _ = try listed(spec.name, what)
            return nil
        }
        return KafkaError(code, what, detail: rd_kafka_topic_result_error_string(results[0]).map { String(cString: $0) })
    }

    /// The controller has created it; clients that ask a broker at once may still be told that it does not exist.
    private func listed(_ name: String, _ what: String) throws(KafkaError) -> KafkaTopic {
        let pause = ThreadGate()
        while true {
            if let topic = try topics().first(where: { $0.name == name && $0.partitions > 0 }) { return topic }
            guard sinceBoot() < deadline else { throw KafkaError("\(what): it exists, but the brokers do not list it yet", .retry) }
            pause.wait(atMost: .milliseconds(50))
        }
    }

    func configs(of topic: String) throws(KafkaError) -> [String: String] {
        let what = "describe topic \(topic)"
        guard let resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic) else { throw KafkaError("\(what): no such name", .refused) }
        defer { rd_kafka_ConfigResource_destroy(resource) }
        var list: [OpaquePointer?] = [resource]
        let event = try answer(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, what) { options in rd_kafka_DescribeConfigs(handle.rk, &list, 1, options, queue) }
        defer { rd_kafka_event_destroy(event) }
        var count = 0
        let results = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count)
        guard let results, count == 1 else { throw KafkaError("\(what): an answer without results", .unexpected) }
        let code = rd_kafka_ConfigResource_error(results[0])
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, what) }
        let entries = rd_kafka_ConfigResource_configs(results[0], &count)
        var configs: [String: String] = [:]
        for n in 0..<count {
            guard let entry = entries?[n], let value = rd_kafka_ConfigEntry_value(entry) else { continue }  // no value: not to be read
            configs[String(cString: rd_kafka_ConfigEntry_name(entry))] = String(cString: value)
        }
        return configs
    }

    /// Sends a request and waits for the event that answers it; the caller destroys the event.
    private func answer(_ operation: rd_kafka_admin_op_t, _ what: String, _ ask: (OpaquePointer) -> Void) throws(KafkaError) -> OpaquePointer {
        let options = rd_kafka_AdminOptions_new(handle.rk, operation)!
        defer { rd_kafka_AdminOptions_destroy(options) }
        let milliseconds = left
        _ = withErrorText { rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, $0, $1) }
        if operation == RD_KAFKA_ADMIN_OP_CREATETOPICS {
            _ = withErrorText { rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, $0, $1) }
        }
        ask(options)
        // librdkafka answers within the request's time; the second more is for it to notice.
        guard let event = rd_kafka_queue_poll(queue, milliseconds + 1000) else { throw unreachable(RD_KAFKA_RESP_ERR__TIMED_OUT, what) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let words = String(cString: rd_kafka_event_error_string(event))
            rd_kafka_event_destroy(event)
            throw KafkaError(code, what, detail: words)
        }
        return event
    }

    /// The error, with what librdkafka complained about meanwhile (a refused connection, a wrong password).
    private func unreachable(_ code: rd_kafka_resp_err_t, _ what: String) -> KafkaError {
        while rd_kafka_poll(handle.rk, 0) > 0 {}
        return KafkaError(code, what, detail: handle.connection.complaint)
    }
}

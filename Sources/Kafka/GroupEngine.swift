internal import CRdKafka
internal import Lifecycle

/// The working half of `KafkaConsumerGroup`: what its owner's calls do. The polling thread is `GroupPoller`; a second thread
/// takes the answers to commits, so that they come through while a revocation holds up the first.
final class GroupEngine: Sendable {
    let handle: ClientHandle
    let membership: KafkaMembership
    let state = Locked(GroupState())
    let drained = ThreadGate()
    /// The queue of messages and rebalances, woken to make the poller look at commands.
    let messages: QueueHandle
    private let answers: QueueHandle
    /// The same two, as long as they exist.
    private let wakeable: Locked<(messages: QueueHandle, answers: QueueHandle)?>
    private let answersEnded = ThreadGate()
    private let answersStop = Locked(false)
    private let closed = Latch()

    init(_ settings: KafkaSettings, _ membership: KafkaMembership) throws(KafkaError) {
        self.membership = membership
        guard membership.drainMax < membership.rebalanceMax, membership.bufferedMessagesMax > 0 else {
            throw KafkaError("kafka group \(membership.groupID): drainMax must be below rebalanceMax, and bufferedMessagesMax above 0", .settings)
        }
        handle = try ClientHandle(RD_KAFKA_CONSUMER, settings.pairs(Self.own(membership), more: settings.consumerExtra), log: settings.log) { conf in
            ClientContext.reportErrors(conf)
            ClientContext.reportRebalances(conf)
        }
        rd_kafka_poll_set_consumer(handle.rk)
        messages = QueueHandle(pointer: rd_kafka_queue_get_consumer(handle.rk))
        answers = QueueHandle(pointer: rd_kafka_queue_new(handle.rk))
        wakeable = Locked((messages, answers))
        let topics = rd_kafka_topic_partition_list_new(1)!
        rd_kafka_topic_partition_list_add(topics, membership.topic, RD_KAFKA_PARTITION_UA)
        let code = rd_kafka_subscribe(handle.rk, topics)
        rd_kafka_topic_partition_list_destroy(topics)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            rd_kafka_queue_destroy(messages.pointer)
            rd_kafka_queue_destroy(answers.pointer)
            handle.destroy()
            throw KafkaError(code, "subscribe to \(membership.topic)")
        }
    }

    private static func own(_ membership: KafkaMembership) -> [(String, String)] {
        let session = membership.sessionTimeout.milliseconds
        var own = [
            ("group.id", membership.groupID), ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "earliest"), ("isolation.level", "read_committed"), ("partition.assignment.strategy", "range"),
            ("session.timeout.ms", "\(session)"), ("heartbeat.interval.ms", "\(min(3000, session / 5))"),
            ("max.poll.interval.ms", "\(membership.rebalanceMax.milliseconds)"),
            // The defaults (100000 messages, 64 MB a partition) are fetched in vain at every pause.
            ("queued.min.messages", "500"), ("queued.max.messages.kbytes", "4096"), ("fetch.wait.max.ms", "500"),
            ("fetch.error.backoff.ms", "100"), ("check.crcs", "true"), ("socket.timeout.ms", "10000"),
            ("topic.metadata.refresh.interval.ms", "30000"), ("allow.auto.create.topics", "false"),
        ]
        if let instance = membership.instanceID { own.append(("group.instance.id", instance)) }
        return own
    }

    var connection: KafkaConnection { closed.isOpen ? .disconnected(reason: "closed") : handle.connection.connection }

    func start() {
        handle.connection.start(handle)
        spawnThread(name: "kafka-answers") { [self] in takeAnswers() }
        spawnThread(name: "kafka-group") { [self] in
            GroupPoller(self).run()
            end()
        }
    }

    // MARK: the owner's calls

    func nextEvent() async -> KafkaGroupEvent? {
        let event = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let take: GroupState.Take = state.withLock { Task.isCancelled ? .now(nil) : $0.take(waiter) }
                switch take {
                case .now(let event): waiter.resume(returning: event)
                case .wait: break
                }
            }
        } onCancel: {
            state.withLock { $0.stopTaking() }?.resume(returning: nil)
        }
        // The poller may have paused everything for want of room.
        if case .message = event, state.withLock({ $0.bufferedMessages == membership.bufferedMessagesMax / 2 }) { wake() }
        return event
    }

    func command(_ command: GroupState.Command) {
        state.withLock { $0.commands.append(command) }
        wake()
    }

    func commit(_ positions: [Int32: KafkaPosition], generation: Int) async throws(KafkaError) -> KafkaCommit {
        let what = "commit offsets of \(membership.topic)"
        let list = makeList(membership.topic, positions)
        defer { rd_kafka_topic_partition_list_destroy(list) }  // librdkafka takes a copy
        let result: Result<KafkaCommit, KafkaError> = await withCheckedContinuation { waiter in
            // Asked and handed over under the lock that ends a generation: else a commit could slip behind the end of its
            // generation, be sent with the next one's number, and set back what the new owner of a partition has committed.
            let refusal: KafkaError? = state.withLock { s in
                guard s.mayCommit, s.generation == generation else {
                    return KafkaError("\(what): the assignment is over (generation \(generation), now \(s.generation))", .staleMember)
                }
                let id = s.startCommit(waiter, sentAt: sinceBoot())
                let code = rd_kafka_commit_queue(
                    handle.rk, list, answers.pointer, nil, UnsafeMutableRawPointer(bitPattern: id))
                guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                    _ = s.answerCommit(id)
                    return KafkaError(code, what)
                }
                return nil
            }
            if let refusal { waiter.resume(returning: .failure(refusal)) }
        }
        return try result.get()
    }

    func requestStop(_ ending: GroupState.Ending) {
        state.withLock { if $0.ending == nil { $0.ending = ending } }
        if ending == .abandon { drained.signal() }
        wake()
    }

    func stop(_ ending: GroupState.Ending) async {
        requestStop(ending)
        await closed.wait()
    }

    /// Under the lock, so that the queues are not destroyed in between; the call only sets a flag.
    private func wake() {
        wakeable.withLock { queues in
            if let queues { rd_kafka_queue_yield(queues.messages.pointer) }
        }
    }

    func put(_ event: KafkaGroupEvent) { state.withLock { $0.put(event) }?.resume(returning: event) }

    // MARK: answers to commits

    private func takeAnswers() {
        while !answersStop.withLock({ $0 }) {
            guard let event = rd_kafka_queue_poll(answers.pointer, 1000) else { continue }
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT { answer(event) }
            rd_kafka_event_destroy(event)
        }
        answersEnded.signal()
    }

    private func answer(_ event: OpaquePointer) {
        let id = UInt(bitPattern: rd_kafka_event_opaque(event))
        guard let (sentAt, waiter) = state.withLock({ $0.answerCommit(id) }) else { return }
        var code = rd_kafka_event_error(event)
        if let list = rd_kafka_event_topic_partition_list(event), code == RD_KAFKA_RESP_ERR_NO_ERROR {
            for n in 0..<Int(list.pointee.cnt) where list.pointee.elems[n].err != RD_KAFKA_RESP_ERR_NO_ERROR { code = list.pointee.elems[n].err }
        }
        if code == RD_KAFKA_RESP_ERR_NO_ERROR {
            waiter.resume(returning: .success(KafkaCommit(sentAt: sentAt)))
        } else {
            waiter.resume(returning: .failure(KafkaError(code, "commit offsets of \(membership.topic)")))
        }
    }

    // MARK: the end, on the polling thread

    private func end() {
        let ending: GroupState.Ending? = state.withLock { s in
            s.finishRevoking()
            return s.ending
        }
        handle.connection.stop()
        answersStop.withLock { $0 = true }
        wakeable.withLock { queues in
            if let queues { rd_kafka_queue_yield(queues.answers.pointer) }
            queues = nil
        }
        while !answersEnded.wait(atMost: .seconds(1)) {}
        for waiter in state.withLock({ $0.takeCommits() }) { waiter.resume(returning: .failure(.closed("commit"))) }
        state.withLock { $0.finish() }?.resume(returning: nil)
        rd_kafka_queue_destroy(answers.pointer)
        rd_kafka_queue_destroy(messages.pointer)
        handle.destroy(flags: ending == .abandon ? RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE : 0)
        closed.open()
    }
}

internal import CRdKafka
internal import Lifecycle

/// The polling thread of a group member. It never stops polling (a member that does not poll loses its partitions), so a slow
/// receiver is met by pausing, and it is the only one that assigns, pauses and resumes. Not shared: it lives on its thread.
final class GroupPoller {
    private let engine: GroupEngine
    private let rk: OpaquePointer
    private let topic: String
    /// Partitions given by the group whose committed offsets are still to be read.
    private var pending: [Int32]?
    private var assigned: Set<Int32> = []
    private var pausedByOwner: Set<Int32> = []
    private var pausedForRoom = false
    private var toldFatal = false
    private static let pollWithin: Int32 = 500
    private static let pollWithinWhilePending: Int32 = 50
    private static let committedWithin: Int32 = 2000

    init(_ engine: GroupEngine) {
        self.engine = engine
        rk = engine.handle.rk
        topic = engine.membership.topic
    }

    /// Returns when the member is to end; it has left the group then, unless it is abandoned.
    func run() {
        engine.handle.rebalance = { [unowned self] code, partitions in rebalance(code, partitions) }
        while engine.state.withLock({ $0.ending == nil }) {
            perform()
            assignPending()
            makeRoom()
            poll(pending == nil ? Self.pollWithin : Self.pollWithinWhilePending)
        }
        let leaves = engine.state.withLock { $0.ending == .leave }
        if leaves {
            if pending != nil {
                pending = nil
                rd_kafka_assign(rk, nil)
            }
            let code = rd_kafka_consumer_close(rk)  // runs the revocation
            if code != RD_KAFKA_RESP_ERR_NO_ERROR { engine.put(.failed(KafkaError(code, "leave the group of \(topic)"))) }
        }
        engine.handle.rebalance = nil
    }

    private func poll(_ milliseconds: Int32) {
        guard let pointer = rd_kafka_consumer_poll(rk, milliseconds) else { return }
        defer { rd_kafka_message_destroy(pointer) }
        let message = pointer.pointee
        guard message.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return fail(message.err, pointer) }
        guard assigned.contains(message.partition) else { return }  // read ahead of a revocation
        engine.put(.message(KafkaMessage(pointer)))
    }

    private func fail(_ code: rd_kafka_resp_err_t, _ message: UnsafeMutablePointer<rd_kafka_message_t>) {
        if let fatal = fatality(of: rk, "read \(topic)") {
            if !toldFatal { engine.put(.failed(fatal)) }
            toldFatal = true
            return
        }
        engine.put(.failed(KafkaError(code, "read \(topic)", detail: rd_kafka_message_errstr(message).map { String(cString: $0) })))
    }

    // MARK: rebalances

    private func rebalance(_ code: rd_kafka_resp_err_t, _ partitions: [Int32]) {
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            pending = partitions  // assigned by the loop: reading the offsets can fail and is tried again
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            revoke(partitions)
        default:
            rd_kafka_assign(rk, nil)
            engine.put(.failed(KafkaError(code, "rebalance of \(topic)")))
        }
    }

    private func assignPending() {
        guard let partitions = pending else { return }
        let list = makeList(topic, partitions)
        defer { rd_kafka_topic_partition_list_destroy(list) }
        if !partitions.isEmpty {
            let code = rd_kafka_committed(rk, list, Self.committedWithin)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                // Without offsets there is nothing safe to start from.
                let error = KafkaError(code, "read committed offsets of \(topic)")
                if error.disposition != .retry { engine.put(.failed(error)) }
                return
            }
        }
        guard let positions = readPositions(list) else { return }
        for n in 0..<Int(list.pointee.cnt) { list.pointee.elems[n].offset = positions[list.pointee.elems[n].partition]!.offset }
        pending = nil
        let code = rd_kafka_assign(rk, list)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return engine.put(.failed(KafkaError(code, "assign partitions of \(topic)"))) }
        rd_kafka_resume_partitions(rk, list)  // a pause survives revoke and assign in librdkafka
        assigned = Set(partitions)
        pausedByOwner = []
        pausedForRoom = false
        let generation = engine.state.withLock { $0.assign() }
        engine.put(.assigned(positions, generation: generation))
    }

    /// Tells the owner and waits for it, then lets the partitions go.
    private func revoke(_ partitions: [Int32]) {
        defer { rd_kafka_assign(rk, nil) }
        guard pending == nil else {
            pending = nil  // the owner never knew of them
            return
        }
        guard !assigned.isEmpty else {
            engine.state.withLock { $0.finishRevoking() }
            return
        }
        let lost = rd_kafka_assignment_lost(rk) != 0
        engine.drained.wait(atMost: .zero)  // a late finish() of an earlier revocation
        let generation = engine.state.withLock { s in
            s.startRevoking(lost: lost)
            return s.generation
        }
        let revocation = KafkaRevocation(partitions: assigned.sorted(), lost: lost, generation: generation, gate: engine.drained)
        engine.put(.revoking(revocation))
        if !lost { engine.drained.wait(atMost: engine.membership.drainMax) }
        engine.state.withLock { $0.finishRevoking() }
        assigned = []
        pausedByOwner = []
        pausedForRoom = false
    }

    // MARK: pausing

    private func perform() {
        let (commands, generation) = engine.state.withLock { s in
            defer { s.commands = [] }
            return (s.commands, s.generation)
        }
        for command in commands {
            switch command {
            case .pause(let partitions, generation: generation): change(assigned.intersection(partitions).subtracting(pausedByOwner), pause: true)
            case .resume(let partitions, generation: generation): change(pausedByOwner.intersection(partitions), pause: false)
            case .pause, .resume: break  // about an assignment that is over
            }
        }
    }

    private func change(_ partitions: Set<Int32>, pause: Bool) {
        if pause { pausedByOwner.formUnion(partitions) } else { pausedByOwner.subtract(partitions) }
        if !pausedForRoom { set(partitions, paused: pause) }
    }

    private func makeRoom() {
        let buffered = engine.state.withLock { $0.bufferedMessages }
        let max = engine.membership.bufferedMessagesMax
        if !pausedForRoom, buffered >= max {
            pausedForRoom = true
            set(assigned.subtracting(pausedByOwner), paused: true)
        } else if pausedForRoom, buffered <= max / 2 {
            pausedForRoom = false
            set(assigned.subtracting(pausedByOwner), paused: false)
        }
    }

    private func set(_ partitions: Set<Int32>, paused: Bool) {
        guard !partitions.isEmpty else { return }
        let list = makeList(topic, partitions.sorted())
        defer { rd_kafka_topic_partition_list_destroy(list) }
        let code = paused ? rd_kafka_pause_partitions(rk, list) : rd_kafka_resume_partitions(rk, list)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { engine.put(.failed(KafkaError(code, "\(paused ? "pause" : "resume") partitions of \(topic)"))) }
    }
}

extension KafkaMessage {
    /// Copies a message of librdkafka; the caller still destroys it.
    init(_ pointer: UnsafeMutablePointer<rd_kafka_message_t>) {
        let message = pointer.pointee
        partition = message.partition
        offset = message.offset
        timestampMs = rd_kafka_message_timestamp(pointer, nil)
        key = message.key.map { Array(UnsafeRawBufferPointer(start: $0, count: message.key_len)) }
        value = message.payload.map { Array(UnsafeRawBufferPointer(start: $0, count: message.len)) }
        headers = Self.headers(pointer)
    }

    private static func headers(_ pointer: UnsafeMutablePointer<rd_kafka_message_t>) -> [(name: String, value: [UInt8])] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(pointer, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }  // the message owns it
        var result: [(name: String, value: [UInt8])] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(list, result.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            let bytes = value.map { Array(UnsafeRawBufferPointer(start: $0, count: size)) }
            result.append((name.map { String(cString: $0) } ?? "", bytes ?? []))
        }
        return result
    }
}

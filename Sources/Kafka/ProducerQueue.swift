/// Which messages are with librdkafka, which wait their turn, and whom to tell: the bookkeeping of a producer, no calls.
/// `Waiter` is whom to tell about one message.
struct ProducerQueue<Waiter> {
    enum Phase {
        case open
        /// librdkafka gave up; every send fails with this until the owner closes.
        case broken(KafkaError)
        /// No new messages; what is in flight may still be acknowledged, until the deadline (since boot).
        case closing(deadline: Duration)
    }
    private struct InFlight {
        let bytes: Int
        /// nil once the sender stopped waiting
        var waiter: Waiter?
    }
    private struct Waiting {
        let message: KafkaOutgoing
        let waiter: Waiter
    }
    /// A message to be handed to librdkafka now.
    struct Turn {
        let id: UInt
        let message: KafkaOutgoing
    }
    enum Admission {
        case produce(Turn)
        case wait
        case refuse(KafkaError)
    }

    let limits: KafkaProducer.Limits
    private(set) var phase = Phase.open
    private var nextID: UInt = 1
    private var bytes = 0
    private var inFlight: [UInt: InFlight] = [:]
    private var waiting: [UInt: Waiting] = [:]
    /// ids of `waiting` in order; those cancelled meanwhile are skipped
    private var order = Fifo<UInt>()

    init(limits: KafkaProducer.Limits) { self.limits = limits }

    var count: Int { inFlight.count + waiting.count }
    var hasInFlight: Bool { !inFlight.isEmpty }

    mutating func newID() -> UInt {
        defer { nextID += 1 }
        return nextID
    }

    mutating func admit(_ id: UInt, _ message: KafkaOutgoing, _ waiter: Waiter) -> Admission {
        switch phase {
        case .broken(let error): return .refuse(error)
        case .closing: return .refuse(.closed("publish to \(message.topic)"))
        case .open: break
        }
        guard waiting.isEmpty, hasRoom(for: message.bytes) else {
            waiting[id] = Waiting(message: message, waiter: waiter)
            order.append(id)
            return .wait
        }
        take(id, message, waiter)
        return .produce(Turn(id: id, message: message))
    }

    /// The next one waiting, if there is room for it.
    mutating func nextTurn() -> Turn? {
        while let id = order.first {
            guard let next = waiting[id] else {
                order.removeFirst()
                continue
            }
            guard hasRoom(for: next.message.bytes) else { return nil }
            order.removeFirst()
            waiting[id] = nil
            take(id, next.message, next.waiter)
            return Turn(id: id, message: next.message)
        }
        return nil
    }

    /// librdkafka is done with a message, whatever the outcome.
    mutating func finish(_ id: UInt) -> Waiter? {
        guard let done = inFlight.removeValue(forKey: id) else { return nil }
        bytes -= done.bytes
        return done.waiter
    }

    /// The sender stopped waiting. A message in flight stays there.
    mutating func abandon(_ id: UInt) -> Waiter? {
        if let waiter = waiting.removeValue(forKey: id)?.waiter { return waiter }
        defer { inFlight[id]?.waiter = nil }
        return inFlight[id]?.waiter
    }

    /// librdkafka is broken: those waiting are to be told. Those in flight get their delivery reports.
    mutating func breakDown(_ error: KafkaError) -> [Waiter] {
        if case .open = phase { phase = .broken(error) }
        return takeWaiting()
    }

    /// The first deadline counts. Those waiting for their turn are to be told at once.
    mutating func close(deadline: Duration) -> [Waiter] {
        if case .closing = phase { return [] }
        phase = .closing(deadline: deadline)
        return takeWaiting()
    }

    private mutating func takeWaiting() -> [Waiter] {
        defer { waiting = [:] }
        return waiting.sorted { $0.key < $1.key }.map(\.value.waiter)
    }
    private func hasRoom(for size: Int) -> Bool {
        inFlight.isEmpty || (inFlight.count < limits.inFlightMessagesMax && bytes + size <= limits.inFlightBytesMax)
    }
    private mutating func take(_ id: UInt, _ message: KafkaOutgoing, _ waiter: Waiter) {
        inFlight[id] = InFlight(bytes: message.bytes, waiter: waiter)
        bytes += message.bytes
    }
}

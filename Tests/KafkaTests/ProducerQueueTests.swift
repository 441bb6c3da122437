import Testing

@testable import Kafka

@Suite struct ProducerQueueTests {
    private func queue(messages: Int = 2, bytes: Int = 100) -> ProducerQueue<String> {
        var limits = KafkaProducer.Limits()
        limits.inFlightMessagesMax = messages
        limits.inFlightBytesMax = bytes
        return ProducerQueue(limits: limits)
    }
    private func message(_ size: Int) -> KafkaOutgoing { KafkaOutgoing(topic: "t", partition: 0, key: nil, value: [UInt8](repeating: 0, count: size)) }
    private func kind(_ admission: ProducerQueue<String>.Admission) -> String {
        switch admission {
        case .produce(let turn): "produce \(turn.id)"
        case .wait: "wait"
        case .refuse(let error): error.disposition.rawValue
        }
    }

    @Test func `the limit of messages makes later ones wait, first come first served`() {
        var queue = queue(messages: 2)
        #expect((1...4).map { kind(queue.admit(queue.newID(), message(1), "s\($0)")) } == ["produce 1", "produce 2", "wait", "wait"])
        #expect(queue.nextTurn()?.id == nil)
        #expect(queue.finish(2) == "s2")
        #expect(queue.nextTurn()?.id == 3)
        #expect(queue.nextTurn()?.id == nil)
        #expect(queue.finish(1) == "s1")
        #expect(queue.nextTurn()?.id == 4)
        #expect(queue.count == 2)
    }

    @Test func `the limit of bytes holds, and a larger message passes alone`() {
        var queue = queue(messages: 9, bytes: 100)
        #expect(kind(queue.admit(queue.newID(), message(500), "large")) == "produce 1")
        #expect(kind(queue.admit(queue.newID(), message(60), "a")) == "wait")
        #expect(kind(queue.admit(queue.newID(), message(60), "b")) == "wait")
        _ = queue.finish(1)
        #expect(queue.nextTurn()?.id == 2)
        #expect(queue.nextTurn()?.id == nil)
        _ = queue.finish(2)
        #expect(queue.nextTurn()?.id == 3)
    }

    @Test func `a small message does not overtake a waiting one`() {
        var queue = queue(messages: 9, bytes: 100)
        #expect(kind(queue.admit(queue.newID(), message(90), "a")) == "produce 1")
        #expect(kind(queue.admit(queue.newID(), message(90), "b")) == "wait")
        #expect(kind(queue.admit(queue.newID(), message(1), "c")) == "wait")
    }

    @Test func `a sender that stops waiting is told once; its message in flight still counts`() {
        var queue = queue(messages: 1)
        _ = queue.admit(queue.newID(), message(1), "a")
        _ = queue.admit(queue.newID(), message(1), "b")
        #expect(queue.abandon(2) == "b")
        #expect(queue.abandon(2) == nil)
        #expect(queue.abandon(1) == "a")
        #expect(queue.hasInFlight)
        #expect(queue.finish(1) == nil)
        #expect(!queue.hasInFlight)
        #expect(queue.nextTurn()?.id == nil)
    }

    @Test func `a broken producer refuses, and tells those waiting in order`() {
        var queue = queue(messages: 1)
        for n in 1...3 { _ = queue.admit(queue.newID(), message(1), "s\(n)") }
        #expect(queue.breakDown(KafkaError("broken", .fatal)) == ["s2", "s3"])
        #expect(kind(queue.admit(queue.newID(), message(1), "late")) == "fatal")
        #expect(queue.close(deadline: .seconds(1)) == [])
        #expect(kind(queue.admit(queue.newID(), message(1), "later")) == "closed")
        #expect(queue.finish(1) == "s1")
    }

    @Test func `first in, first out, over many rounds`() {
        var fifo = Fifo<Int>()
        var out: [Int] = []
        for n in 0..<500 {
            fifo.append(n)
            if n % 3 != 0 { out.append(fifo.removeFirst()!) }
        }
        fifo.removeAll { $0 % 2 == 1 }
        let rest = fifo.count
        while let next = fifo.removeFirst() { out.append(next) }
        #expect(fifo.isEmpty && out.count == 333 + rest)
        #expect(out.prefix(333).elementsEqual(0..<333) && out.dropFirst(333).elementsEqual(stride(from: 334, to: 500, by: 2)))
    }
}

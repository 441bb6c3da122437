import Testing

@testable import Core

@Suite struct `Collections` {
    @Test(arguments: 1...10 as ClosedRange<UInt64>) func `a deque behaves as an array`(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var deque = Deque<Int>()
        var model: [Int] = []
        for step in 0..<2000 {
            switch chance.next(below: 4) {
            case 0:
                deque.append(step)
                model.append(step)
            case 1:
                deque.prepend(step)
                model.insert(step, at: 0)
            case 2: #expect(deque.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            default: #expect(deque.popLast() == model.popLast())
            }
            if step % 97 == 0 { #expect(Array(deque) == model) }
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>) func `a heap gives the least first`(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var heap = Heap<Int>()
        var model: [Int] = []
        for _ in 0..<2000 {
            if chance.next(below: 5) < 3 {
                let value = chance.next(below: 500)
                heap.insert(value)
                model.append(value)
            } else {
                model.sort(by: >)
                #expect(heap.popMin() == model.popLast())
            }
            #expect(heap.min == model.min() && heap.count == model.count)
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>) func `an ordered dictionary keeps the order of insertion`(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var ordered = OrderedDictionary<Int, Int>()
        var model: [(key: Int, value: Int)] = []
        for step in 0..<3000 {
            let key = chance.next(below: 60)
            switch chance.next(below: 3) {
            case 0:
                ordered[key] = step
                if let at = model.firstIndex(where: { $0.key == key }) { model[at].value = step } else { model.append((key, step)) }
            case 1:
                let removed = ordered.remove(key)
                let at = model.firstIndex { $0.key == key }
                #expect(removed == at.map { model.remove(at: $0).value })
            default: #expect(ordered.removeFirst()?.key == (model.isEmpty ? nil : model.removeFirst().key))
            }
            #expect(ordered.first?.key == model.first?.key && ordered.count == model.count)
            if step % 97 == 0 { #expect(ordered.keys == model.map(\.key) && ordered.map(\.value) == model.map(\.value)) }
        }
    }

    @Test func `a fair queue takes turns between clusters, then between namespaces`() {
        var queue = FairQueue<String>()
        for number in 1...4 { queue.push("a/big/\(number)", cluster: "a", namespace: "big") }
        queue.push("a/small/1", cluster: "a", namespace: "small")
        queue.push("b/only/1", cluster: "b", namespace: "only")
        var order: [String] = []
        while let element = queue.popFirst() { order.append(element) }
        #expect(order == ["a/big/1", "b/only/1", "a/small/1", "a/big/2", "a/big/3", "a/big/4"])
        #expect(queue.isEmpty)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>) func `a fair queue loses nothing and gives nothing twice`(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var queue = FairQueue<Int>()
        var inside: Set<Int> = []
        func place(_ element: Int) -> (String, String) { ("\(element % 3)", "\(element % 7)") }
        for _ in 0..<3000 {
            let element = chance.next(below: 40)
            let (cluster, namespace) = place(element)
            switch chance.next(below: 3) {
            case 0:
                queue.push(element, cluster: cluster, namespace: namespace)
                inside.insert(element)
            case 1: #expect(queue.remove(element, cluster: cluster, namespace: namespace) == (inside.remove(element) != nil))
            default:
                let popped = queue.popFirst()
                #expect((popped == nil) == inside.isEmpty)
                if let popped { #expect(inside.remove(popped) != nil) }
            }
            #expect(queue.count == inside.count)
        }
    }

    @Test func `a lower lane gets a turn when it waited too long, but never two in a row`() {
        var lanes = Lanes<Int>(count: 2, ageMax: .seconds(1))
        for number in 0..<10 { lanes.push(number, lane: 0, cluster: "c", namespace: "n", now: .ms(0)) }
        for number in 100..<103 { lanes.push(number, lane: 1, cluster: "c", namespace: "n", now: .ms(0)) }
        #expect(lanes.popFirst(now: .ms(10)) == 0)
        #expect(lanes.popFirst(now: .ms(1000)) == 100)
        #expect(lanes.popFirst(now: .ms(2500)) == 1)
        #expect(lanes.popFirst(now: .ms(2500)) == 101)
        #expect(lanes.popFirst(now: .ms(2600)) == 2)
        #expect(lanes.popFirst(now: .ms(2700)) == 3)
    }

    @Test func `an alarm is asked for only when it has to ring earlier`() {
        var alarm = Alarm()
        #expect(alarm.set(for: .ms(100), now: .ms(0)) == .ms(100))
        #expect(alarm.set(for: .ms(100), now: .ms(10)) == nil)
        #expect(alarm.set(for: .ms(200), now: .ms(10)) == nil)
        #expect(alarm.set(for: .ms(50), now: .ms(20)) == .ms(50))
        #expect(alarm.set(for: nil, now: .ms(30)) == nil)
        #expect(alarm.set(for: .ms(200), now: .ms(50)) == .ms(200))
    }

    @Test func `the same seed gives the same numbers, and jitter never shortens`() {
        var a = SeededGenerator(seed: 7)
        var b = SeededGenerator(seed: 7)
        for _ in 0..<100 {
            let wait = a.jittered(.seconds(10))
            #expect(wait == b.jittered(.seconds(10)))
            #expect(wait >= .seconds(10) && wait <= .seconds(12))
        }
    }
}

/// A queue with two ends over a ring. Amortised O(1) at both ends, O(1) access. Order is by position: safe to iterate in decisions.
package struct Deque<Element>: RandomAccessCollection, MutableCollection, ExpressibleByArrayLiteral {
    private var ring: [Element?] = []
    private var head = 0
    package private(set) var count = 0

    package init() {}
    package init(arrayLiteral elements: Element...) { self.init(elements) }
    package init(_ elements: some Sequence<Element>) { for element in elements { append(element) } }

    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(position: Int) -> Element {
        get {
            precondition(0 <= position && position < count, "index out of range")
            return ring[slot(position)]!
        }
        set {
            precondition(0 <= position && position < count, "index out of range")
            ring[slot(position)] = newValue
        }
    }

    package mutating func append(_ element: Element) {
        grow()
        ring[slot(count)] = element
        count += 1
    }

    package mutating func prepend(_ element: Element) {
        grow()
        head = (head - 1) & (ring.count - 1)
        ring[head] = element
        count += 1
    }

    package mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = ring[head]
        ring[head] = nil
        head = slot(1)
        count -= 1
        return element
    }

    package mutating func popLast() -> Element? {
        guard count > 0 else { return nil }
        let last = slot(count - 1)
        let element = ring[last]
        ring[last] = nil
        count -= 1
        return element
    }

    /// The capacity is a power of two, so that the ring closes with a mask.
    private func slot(_ position: Int) -> Int { (head + position) & (ring.count - 1) }

    private mutating func grow() {
        guard count == ring.count else { return }
        var bigger = [Element?](repeating: nil, count: Swift.max(8, ring.count * 2))
        for position in 0..<count { bigger[position] = ring[slot(position)] }
        ring = bigger
        head = 0
    }
}

extension Deque: Equatable where Element: Equatable {
    package static func == (a: Self, b: Self) -> Bool { a.elementsEqual(b) }
}
extension Deque: Sendable where Element: Sendable {}

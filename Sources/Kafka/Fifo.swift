/// First in, first out; both ends in constant time on average.
struct Fifo<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : items[head] }

    mutating func append(_ element: Element) { items.append(element) }

    @discardableResult mutating func removeFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer {
            items[head] = nil
            head += 1
            if head > 32, head * 2 > items.count {
                items.removeFirst(head)
                head = 0
            }
        }
        return items[head]
    }

    mutating func removeAll(where matches: (Element) -> Bool) {
        items = items[head...].filter { element in element.map { !matches($0) } ?? false }
        head = 0
    }
}

/// A dictionary that iterates in the order of insertion, and is a queue by it. Removing leaves a hole; holes are closed when
/// they are half of the slots, so every operation is amortised O(1).
struct OrderedDictionary<Key: Hashable, Value>: Sequence {
    private var slots: [(key: Key, value: Value)?] = []
    private var index: [Key: Int] = [:]
    /// slots before this one are holes
    private var head = 0

    init() {}

    var count: Int { index.count }
    var isEmpty: Bool { index.isEmpty }
    var keys: [Key] { slots.compactMap { $0?.key } }
    /// The oldest pair.
    var first: (key: Key, value: Value)? { index.isEmpty ? nil : slots[head] }

    /// A new value for a known key keeps its place.
    subscript(key: Key) -> Value? {
        get { index[key].flatMap { slots[$0]?.value } }
        set {
            guard let newValue else {
                _ = remove(key)
                return
            }
            if let slot = index[key] {
                slots[slot] = (key, newValue)
            } else {
                index[key] = slots.count
                slots.append((key, newValue))
            }
        }
    }

    mutating func remove(_ key: Key) -> Value? {
        guard let slot = index.removeValue(forKey: key) else { return nil }
        let value = slots[slot]?.value
        slots[slot] = nil
        while head < slots.count, slots[head] == nil { head += 1 }
        if slots.count > 16, index.count * 2 < slots.count { close() }
        return value
    }

    mutating func removeFirst() -> (key: Key, value: Value)? {
        guard let oldest = first else { return nil }
        _ = remove(oldest.key)
        return oldest
    }

    func makeIterator() -> some IteratorProtocol<(key: Key, value: Value)> { slots.lazy.compactMap { $0 }.makeIterator() }

    private mutating func close() {
        slots.removeAll { $0 == nil }
        head = 0
        for (position, slot) in slots.enumerated() {
            if let slot { index[slot.key] = position }
        }
    }
}

extension OrderedDictionary: Sendable where Key: Sendable, Value: Sendable {}

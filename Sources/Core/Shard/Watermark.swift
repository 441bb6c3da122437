/// How far one partition is done: offsets are taken in order and settled in any order; what may be committed is the first one
/// that is not settled. Holes (compaction, transaction markers) count as settled. It belongs to one assignment of the partition:
/// a new assignment takes a new one.
struct Watermark: Hashable, Sendable {
    /// the offset after the last one taken
    private(set) var next: Int64
    private var open: Set<Int64> = []
    private var order: [Int64] = []
    /// entries of `order` before this one are settled
    private var head = 0

    init(start: Int64) { next = start }

    /// Where somebody else would have to begin.
    var position: Int64 { head < order.count ? order[head] : next }
    var openCount: Int { open.count }

    /// Whether it is new. One that was taken before (delivered twice) is no promise any more: it must not be settled again.
    mutating func take(_ offset: Int64) -> Bool {
        guard offset >= next else { return false }
        next = offset + 1
        open.insert(offset)
        order.append(offset)
        return true
    }

    mutating func settle(_ offset: Int64) {
        let wasOpen = open.remove(offset) != nil
        precondition(wasOpen, "an offset is settled once, after it was taken")
        while head < order.count, !open.contains(order[head]) { head += 1 }
        if head == order.count {
            order.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 256, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
    }
}

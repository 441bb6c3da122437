/// How far one partition is done: offsets are taken in order and settled in any order; what may be committed is the first one
/// that is not settled. Holes (compaction, transaction markers) count as settled. It belongs to one assignment of the partition:
/// a new assignment takes a new one.
struct Watermark: Hashable, Sendable {
    /// the offset after the last one taken
    private(set) var next: Int64
    /// how often each still has to be settled
    private var open: [Int64: Int] = [:]
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
        open[offset] = 1
        order.append(offset)
        return true
    }

    /// One more settles it before it is.
    mutating func hold(_ offset: Int64) {
        precondition(open[offset] != nil, "only what is open can be held")
        open[offset]! += 1
    }

    mutating func settle(_ offset: Int64) {
        guard let count = open[offset] else { preconditionFailure("an offset is settled once, after it was taken, and once more for each hold") }
        open[offset] = count > 1 ? count - 1 : nil
        while head < order.count, open[order[head]] == nil { head += 1 }
        if head == order.count {
            order.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 256, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
    }
}

import Testing

@testable import Core

@Suite struct `Watermark of a partition` {
    /// All orders in which five offsets with holes can be settled.
    @Test func `the position is the first offset that is not settled, in every order`() {
        let offsets: [Int64] = [3, 4, 7, 8, 20]
        func visit(_ mark: Watermark, _ left: [Int64]) {
            #expect(mark.position == left.min() ?? 21)
            #expect(mark.openCount == left.count)
            for offset in left {
                var next = mark
                next.settle(offset)
                visit(next, left.filter { $0 != offset })
            }
        }
        var mark = Watermark(start: 3)
        for offset in offsets {
            let isNew = mark.take(offset)
            #expect(isNew)
        }
        visit(mark, offsets)
    }

    @Test func `an offset is taken once`() {
        var mark = Watermark(start: 5)
        let before = mark.take(4)
        let first = mark.take(5)
        let again = mark.take(5)
        #expect(!before && first && !again)
        mark.settle(5)
        let late = mark.take(5)
        #expect(!late && mark.position == 6)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func `it never passes an open offset, and ends behind the last`(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var mark = Watermark(start: 0)
        var open: Set<Int64> = []
        var next: Int64 = 0
        var last = mark.position
        for _ in 0..<5000 {
            if chance.next(below: 2) == 0 {
                next += Int64(chance.next(below: 3))
                let isNew = mark.take(next)
                #expect(isNew)
                open.insert(next)
                next += 1
            } else if let offset = open.sorted().dropFirst(chance.next(below: max(1, open.count))).first {
                mark.settle(offset)
                open.remove(offset)
            }
            #expect(mark.position == open.min() ?? next)
            #expect(mark.position >= last)
            last = mark.position
        }
    }
}

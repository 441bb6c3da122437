internal import Core

/// Lets at most so many works run at once, the others in the order in which they came.
struct Turns<Work> {
    private let max: Int
    private var running = 0
    private var waiting = Deque<Work>()

    init(max: Int) { self.max = max }

    /// The work, if it may start now; kept until its turn otherwise.
    mutating func ask(_ work: Work) -> Work? {
        guard running < max else {
            waiting.append(work)
            return nil
        }
        running += 1
        return work
    }

    /// One that had started is over: the one to start now.
    mutating func end() -> Work? {
        let next = waiting.popFirst()
        if next == nil { running -= 1 }
        return next
    }
}

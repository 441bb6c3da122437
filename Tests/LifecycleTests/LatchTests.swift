import Lifecycle
import Testing

@Suite struct `A latch` {
    @Test func `lets all waiters through once it opens, and later ones at once`() async {
        let latch = Latch()
        #expect(!latch.isOpen)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { await latch.wait() } }
            group.addTask { latch.open() }
        }
        #expect(latch.isOpen)
        await latch.wait()
        latch.open()
    }
    @Test func `lets a cancelled waiter go, whenever the cancellation comes`() async {
        for _ in 0..<200 {
            let waiter = Task { await Latch().wait() }
            waiter.cancel()
            await waiter.value
        }
    }
    @Test func `any waits for the first of two`() async {
        let open = Latch()
        open.open()
        await Latch.any(open, Latch())
        await Latch.any(Latch(), open)
    }
}

@Suite struct `The lock and the threads` {
    @Test func `lose no increment between them`() async {
        let count = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for n in 0..<4 {
                group.addTask {
                    await withCheckedContinuation { c in
                        spawnThread(name: "counter-\(n)") {
                            for _ in 0..<5000 { count.withLock { $0 += 1 } }
                            c.resume()
                        }
                    }
                }
            }
        }
        #expect(count.withLock { $0 } == 20_000)
    }
    @Test func `the lock is let go when its body throws`() {
        struct Boom: Error {}
        let lock = Locked(1)
        #expect(throws: Boom.self) { try lock.withLock { (_: inout Int) throws(Boom) -> Void in throw Boom() } }
        #expect(lock.withLock { $0 } == 1)
    }
}

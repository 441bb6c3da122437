import Glibc
import Lifecycle

/// Which seeds run at this moment. A trapped precondition of the core ends the process, and then nothing else says which it was.
final class SeedsUnderWay: Sendable {
    static let shared = SeedsUnderWay()
    /// Exit code of `simulate` when it crashed.
    static let exitCode: Int32 = 5
    private static let slotsMax = 64
    /// 0: nothing runs there. Written under the lock; the handler of a crash, where nothing may wait, reads it without.
    private nonisolated(unsafe) static let slots: UnsafeMutablePointer<UInt64> = {
        let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: slotsMax)
        slots.initialize(repeating: 0, count: slotsMax)
        return slots
    }()
    /// what stands behind the seed in the command, and its length
    private nonisolated(unsafe) static var rest: (bytes: UnsafeMutablePointer<UInt8>, count: Int)?
    private let lock = Locked(())

    /// Called once, before anything runs.
    ///
    /// - Parameter rest: the options behind the seed.
    func watch(rest: String) {
        _ = Self.slots
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rest.utf8.count)
        _ = bytes.initialize(from: rest.utf8)
        if let base = bytes.baseAddress { Self.rest = (base, bytes.count) }
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] { signal(number) { _ in SeedsUnderWay.tell() } }
    }

    func began(_ seed: UInt64) { replace(0, with: seed) }
    func ended(_ seed: UInt64) { replace(seed, with: 0) }

    private func replace(_ old: UInt64, with new: UInt64) {
        lock.withLock { _ in
            if let slot = (0..<Self.slotsMax).first(where: { Self.slots[$0] == old }) { Self.slots[slot] = new }
        }
    }

    /// In the handler: no memory is asked for, and no lock is taken.
    private static func tell() {
        say("simulate: crashed; the words of the precondition are above. Again, one of:\n")
        for slot in 0..<slotsMax where slots[slot] != 0 {
            say("  eip-sandbox simulate --seed ")
            say(slots[slot])
            if let rest { _ = write(2, rest.bytes, rest.count) }
            say("\n")
        }
        _exit(exitCode)
    }
    private static func say(_ words: StaticString) { _ = write(2, words.utf8Start, words.utf8CodeUnitCount) }
    private static func say(_ number: UInt64) {
        if number >= 10 { say(number / 10) }
        var digit = UInt8(ascii: "0") + UInt8(number % 10)
        _ = write(2, &digit, 1)
    }
}

internal import Glibc
internal import Lifecycle
internal import Synchronization

/// Structured log: a constant message and key/values, one line per call, written whole. Cheap to copy; `with` adds context.
///
/// Not promised: that a line is written without blocking. `standardError` blocks while its reader is stalled, so the container's
/// runtime needs a log driver that does not stall.
public struct Log: Sendable {
    public enum Level: String, Sendable, Comparable, CaseIterable {
        /// For developers: steps that operators need not see.
        case debug
        /// A step taken, or a state reached.
        case info
        /// Something is wrong and is being retried or refused; nobody has to act now.
        case warning
        /// Somebody has to act.
        case error

        var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }
        public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
    }
    public enum Format: String, Sendable, CaseIterable {
        /// `2026-11-01T08:00:00.007Z INFO claim bound key=value`
        case text
        /// `{"time":…,"level":…,"msg":…,"key":value}`
        case json
    }
    /// Takes one line with its line feed; called by many threads at once.
    public typealias Sink = @Sendable ([UInt8]) -> Void
    /// Since the epoch, in UTC.
    public typealias Clock = @Sendable () -> (seconds: Int, milliseconds: Int)

    private let destination: Destination
    private var context: [Field] = []

    /// - Parameter textBytesMax: longer texts are cut and end with `…`.
    public init(
        level: Level = .info, format: Format = .text, textBytesMax: Int = 4096, sink: @escaping Sink = Log.standardError,
        now: @escaping Clock = Log.wallClock
    ) {
        destination = Destination(level: level, format: format, textBytesMax: textBytesMax, sink: sink, now: now)
    }

    /// A log whose lines all carry these fields too.
    public func with(_ fields: Field...) -> Log {
        var copy = self
        copy.context += fields
        return copy
    }
    /// Changes the level at run time, for all copies.
    public func set(level: Level) { destination.level.store(level.rank, ordering: .relaxed) }

    // The fields are evaluated only if the level is on.
    public func debug(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.debug, message, fields) }
    public func info(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.info, message, fields) }
    public func warning(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.warning, message, fields) }
    public func error(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) { write(.error, message, fields) }

    private func write(_ level: Level, _ message: StaticString, _ fields: () -> [Field]) {
        guard level.rank >= destination.level.load(ordering: .relaxed) else { return }
        var line = LogLine(format: destination.format, textBytesMax: destination.textBytesMax)
        line.begin(time: destination.stamp(), level: level, message: message)
        for field in context { line.append(field) }
        for field in fields() { line.append(field) }
        line.end()
        destination.sink(line.bytes)
    }
}

extension Log {
    /// Writes to descriptor 2; a line that cannot be written is lost, there is nobody left to tell.
    public static let standardError: Sink = { line in
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            rest = rest.dropFirst(count)
        }
    }
    /// CLOCK_REALTIME.
    public static let wallClock: Clock = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec / 1_000_000)
    }

    /// What all copies of a log share.
    private final class Destination: Sendable {
        let level: Atomic<Int>
        let format: Format
        let textBytesMax: Int
        let sink: Sink
        private let now: Clock
        /// The text of the second last seen: formatting it costs more than the rest of a line.
        private let second = Locked<(at: Int, text: String)>((.min, ""))

        init(level: Level, format: Format, textBytesMax: Int, sink: @escaping Sink, now: @escaping Clock) {
            self.level = Atomic(level.rank)
            (self.format, self.textBytesMax, self.sink, self.now) = (format, textBytesMax, sink, now)
        }

        /// RFC 3339 with milliseconds, in UTC.
        func stamp() -> String {
            let (seconds, milliseconds) = now()
            let text = second.withLock { cached in
                if cached.at != seconds { cached = (seconds, Self.text(seconds)) }
                return cached.text
            }
            return text + "." + String(1000 + milliseconds).dropFirst() + "Z"
        }
        private static func text(_ seconds: Int) -> String {
            var parts = tm()
            var clock = time_t(seconds)
            gmtime_r(&clock, &parts)
            return String(unsafeUninitializedCapacity: 24) { buffer in
                buffer.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress!, 24, "%Y-%m-%dT%H:%M:%S", &parts) }
            }
        }
    }
}

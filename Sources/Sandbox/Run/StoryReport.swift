internal import JSON

/// What came of a story: its steps, the promises, the times.
public struct StoryReport: Sendable {
    public struct Step: Sendable {
        public enum Result: String, Sendable { case ok, failed, skipped }
        public var name: String
        public var result: Result
        public var seconds: Double
        /// What was seen, or what was missing.
        public var detail: String
    }
    public struct PromiseResult: Sendable {
        public var name: String
        /// What was seen against it; empty: it was kept.
        public var broken: [String]
    }
    public var queue: StorySettings.Queue
    public var steps: [Step]
    public var promises: [PromiseResult]
    /// Moments at which the promises were checked.
    public var looks: Int
    var waits: [Chronicle.Wait]
    /// Calls at the cloud by action.
    var calls: [String: Int]
    /// Messages in the events topic; nil with the queue in memory.
    public var events: Int?
    public var seconds: Double

    /// Every step done, no promise broken.
    public var isGood: Bool { steps.allSatisfy { $0.result == .ok } && promises.allSatisfy { $0.broken.isEmpty } }

    /// Least, middle and most; nil without any.
    static func spread(_ times: [Duration]) -> (min: Duration, median: Duration, max: Duration)? {
        let sorted = times.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        return (first, sorted[sorted.count / 2], last)
    }
}

extension StoryReport {
    /// A table for people.
    public var text: String {
        var lines = ["", "STEP".padded(62) + "RESULT".padded(9) + "SECONDS".padded(9) + "WHAT WAS SEEN"]
        for step in steps {
            lines.append(step.name.padded(62) + step.result.rawValue.padded(9) + Self.shown(step.seconds).padded(9) + step.detail)
        }
        lines += ["", "PROMISE".padded(62) + "RESULT".padded(9) + "CHECKED \(looks) TIMES"]
        for promise in promises {
            lines.append(promise.name.padded(62) + (promise.broken.isEmpty ? "kept" : "BROKEN"))
            lines += promise.broken.map { "    " + $0 }
        }
        lines.append("")
        let measured: [(name: String, of: (Chronicle.Wait) -> Duration)] = [("creation", { $0.sinceCreated }), ("Running", { $0.sinceRunning })]
        for (name, time) in measured {
            guard let (min, median, max) = Self.spread(waits.map(time)), let slowest = waits.first(where: { time($0) == max }) else { continue }
            lines.append(
                "time to bound from \(name.padded(9)) min \(min.shown)  median \(median.shown)  max \(max.shown) (\(slowest.key)), \(waits.count) pods")
        }
        lines.append("calls at the cloud: " + calls.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        lines.append("\(isGood ? "all promises kept" : "FAILED") in \(Self.shown(seconds)) s, \(events.map { "\($0) " } ?? "")events through \(queue.rawValue)")
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line of JSON for machines.
    public var json: String {
        func times(_ durations: [Duration]) -> JSONValue {
            guard let (min, median, max) = Self.spread(durations) else { return .null }
            return ["min": Self.seconds(min), "median": Self.seconds(median), "max": Self.seconds(max), "pods": .int(durations.count)]
        }
        let steps = self.steps.map { step -> JSONValue in
            ["name": .string(step.name), "result": .string(step.result.rawValue), "seconds": .double(step.seconds), "detail": .string(step.detail)]
        }
        let promises = self.promises.map { promise -> JSONValue in
            ["name": .string(promise.name), "kept": .bool(promise.broken.isEmpty), "broken": .array(promise.broken.map { .string($0) })]
        }
        var calls: JSONValue = [:]
        for (action, count) in self.calls.sorted(by: { $0.key < $1.key }) { calls[action] = .int(count) }
        let report: JSONValue = [
            "ok": .bool(isGood), "queue": .string(queue.rawValue), "seconds": .double(seconds), "steps": .array(steps), "promises": .array(promises),
            "checks": .int(looks), "timeToBound": ["fromCreation": times(waits.map(\.sinceCreated)), "fromRunning": times(waits.map(\.sinceRunning))],
            "cloudCalls": calls, "eventsInKafka": events.map { .int($0) } ?? .null,
        ]
        return report.text() + "\n"
    }

    private static func seconds(_ duration: Duration) -> JSONValue { .double((duration / .seconds(1) * 1000).rounded() / 1000) }
    private static func shown(_ seconds: Double) -> String { String(Duration.milliseconds(Int64(seconds * 1000)).shown.dropLast()) }
}

import JSON

/// When each pod was first seen, had its private IP, and had its EIP, as fast as a test can look.
struct BoundTimes {
    private struct Pod {
        var name: String
        var seen: ContinuousClock.Instant
        var running: ContinuousClock.Instant?
        var bound: ContinuousClock.Instant?
    }
    private var pods: [String: Pod] = [:]
    private var event: (name: String, at: ContinuousClock.Instant)?

    /// UIDs of pods that have their EIP
    var bound: [String] { pods.filter { $0.value.bound != nil }.map(\.key) }

    mutating func look(_ seen: [JSONValue], _ claims: [JSONValue]) {
        let now = ContinuousClock.now
        for pod in seen {
            var entry = pods[pod.uid] ?? Pod(name: pod.name, seen: now)
            if entry.running == nil, pod["status"]["podIP"].string != nil { entry.running = now }
            let claim = claims.first { $0.name == pod.name && $0["status"]["binding"]["podUID"].string == pod.uid && $0.phase == "Bound" }
            if entry.bound == nil, claim != nil, pod.annotation("eip-public-ip") != nil { entry.bound = now }
            pods[pod.uid] = entry
        }
    }
    mutating func mark(_ name: String) { event = (name, .now) }

    /// Seconds from when the pod was seen.
    func table(title: String) -> String {
        let rows = pods.values.sorted { $0.name < $1.name }.map { pod in
            "  \(pod.name)   \(Self.seconds(pod.seen, pod.running))   \(Self.seconds(pod.seen, pod.bound))   \(Self.seconds(pod.running, pod.bound))"
        }
        var lines = ["", title, "  pod     to IP   to EIP  IP to EIP"] + rows
        if let event, let first = pods.values.map(\.seen).min() { lines.append("  (\(event.name) after \(Self.seconds(first, event.at)) s)") }
        return lines.joined(separator: "\n") + "\n"
    }
    private static func seconds(_ from: ContinuousClock.Instant?, _ to: ContinuousClock.Instant?) -> String {
        guard let from, let to else { return "    -" }
        let tenths = (to - from).components.seconds * 10 + (to - from).components.attoseconds / 100_000_000_000_000_000
        let text = "\(tenths / 10).\(tenths % 10)"
        return String(repeating: " ", count: max(0, 5 - text.count)) + text
    }
}

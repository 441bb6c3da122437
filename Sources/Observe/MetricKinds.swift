internal import Lifecycle

/// One time series, or the few of a histogram.
public protocol MetricChild: Sendable {
    /// Appends its lines in the exposition format. `labels` come without braces.
    func write(_ name: String, _ labels: String, to text: inout String)
}

public final class Counter: MetricChild {
    private let value = Locked(0.0)
    /// - Precondition: not negative.
    public func add(_ amount: Double = 1) {
        precondition(amount >= 0, "a counter only rises")
        value.withLock { $0 += amount }
    }
    public func write(_ name: String, _ labels: String, to text: inout String) { sample(name, labels, value.withLock { $0 }, &text) }
}

public final class Gauge: MetricChild {
    private let value = Locked(0.0)
    public func set(_ now: Double) { value.withLock { $0 = now } }
    /// May be negative.
    public func add(_ amount: Double) { value.withLock { $0 += amount } }
    public func write(_ name: String, _ labels: String, to text: inout String) { sample(name, labels, value.withLock { $0 }, &text) }
}

public final class Histogram: MetricChild {
    private let bounds: [Double]
    private let state: Locked<(counts: [UInt64], sum: Double)>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Locked((Array(repeating: 0, count: bounds.count + 1), 0))
    }
    public func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }
    /// In seconds.
    public func observe(_ duration: Duration) { observe(duration.inSeconds) }
    public func write(_ name: String, _ labels: String, to text: inout String) {
        let (counts, sum) = state.withLock { $0 }
        var running: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            running += count
            let bound = bucket < bounds.count ? number(bounds[bucket]) : "+Inf"
            sample(name + "_bucket", labels + (labels.isEmpty ? "" : ",") + "le=\"\(bound)\"", Double(running), &text)
        }
        sample(name + "_sum", labels, sum, &text)
        sample(name + "_count", labels, Double(running), &text)
    }
}

/// Read at every scrape.
final class Reading: MetricChild {
    private let read: @Sendable () -> Double
    init(_ read: @escaping @Sendable () -> Double) { self.read = read }
    func write(_ name: String, _ labels: String, to text: inout String) { sample(name, labels, read(), &text) }
}

private func sample(_ name: String, _ labels: String, _ value: Double, _ text: inout String) {
    text += name + (labels.isEmpty ? "" : "{" + labels + "}") + " " + number(value) + "\n"
}
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
}

internal import Lifecycle

/// Counters, gauges and histograms in Prometheus' text format 0.0.4
/// (prometheus.io/docs/instrumenting/exposition_formats). Names and labels are checked when a family is declared: a bug traps.
public final class Metrics: Sendable {
    /// The content type of `exposition`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// Seconds, as Prometheus' own client libraries have them.
    public static let secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let families = Locked<[String: any MetricFamily]>([:])
    private let childrenMax: Int

    /// - Parameter childrenMax: label sets of one family; what comes after is counted under the label value `other`.
    public init(childrenMax: Int = 2000) { self.childrenMax = childrenMax }

    /// - Parameter name: ends in `_total`.
    public func counter(_ name: String, _ help: String, labels: [String] = []) -> Labelled<Counter> {
        precondition(name.hasSuffix("_total"), "a counter's name ends in _total: \(name)")
        return add(Labelled(name, help, "counter", labels, childrenMax) { Counter() })
    }
    public func gauge(_ name: String, _ help: String, labels: [String] = []) -> Labelled<Gauge> {
        add(Labelled(name, help, "gauge", labels, childrenMax) { Gauge() })
    }
    /// A gauge that is read at every scrape.
    public func gauge(_ name: String, _ help: String, read: @escaping @Sendable () -> Double) {
        _ = add(Labelled(name, help, "gauge", [], childrenMax) { Reading(read) })
    }
    /// A counter that is read at every scrape.
    public func counter(_ name: String, _ help: String, read: @escaping @Sendable () -> Double) {
        _ = add(Labelled(name, help, "counter", [], childrenMax) { Reading(read) })
    }
    /// - Parameter buckets: upper bounds, rising; `+Inf` is added.
    public func histogram(
        _ name: String, _ help: String, labels: [String] = [], buckets: [Double] = Metrics.secondsBuckets
    ) -> Labelled<Histogram> {
        precondition(!labels.contains("le") && !buckets.isEmpty && zip(buckets, buckets.dropFirst()).allSatisfy(<), "\(name): bad buckets or labels")
        return add(Labelled(name, help, "histogram", labels, childrenMax) { Histogram(buckets) })
    }

    /// All families by name, each child by its labels.
    public func exposition() -> String {
        var text = ""
        for family in families.withLock({ Array($0.values) }).sorted(by: { $0.name < $1.name }) { family.write(to: &text) }
        return text
    }

    private func add<Child>(_ family: Labelled<Child>) -> Labelled<Child> {
        families.withLock { all in
            precondition(all[family.name] == nil, "metric \(family.name) is declared twice")
            all[family.name] = family
        }
        return family
    }
}

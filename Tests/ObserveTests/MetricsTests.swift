import Observe
import Testing

@Suite struct `Metrics` {
    @Test func `are exposed as Prometheus reads them`() {
        let metrics = Observe.Metrics(childrenMax: 3)
        let reconciles = metrics.counter("eip_reconciles_total", "Reconciles by \\ outcome\nand resource.", labels: ["resource", "outcome"])
        reconciles.declare([["eipclaim.bind", "settled"]])
        reconciles["eipclaim.bind", "re\"t\\ry\n"].add(2)
        metrics.gauge("eip_depth", "Depth.")[].set(1.5)
        metrics.gauge("eip_read", "Read at the scrape.") { .infinity }
        let seconds = metrics.histogram("eip_seconds", "Time.", buckets: [0.1, 1])[]
        seconds.observe(0.05)
        seconds.observe(.milliseconds(100))
        seconds.observe(5)
        reconciles["a", "b"].add()
        reconciles["a", "c"].add()
        reconciles["a", "d"].add()  // over the limit: one child takes them
        #expect(
            metrics.exposition() == """
                # HELP eip_depth Depth.
                # TYPE eip_depth gauge
                eip_depth 1.5
                # HELP eip_read Read at the scrape.
                # TYPE eip_read gauge
                eip_read +Inf
                # HELP eip_reconciles_total Reconciles by \\\\ outcome\\nand resource.
                # TYPE eip_reconciles_total counter
                eip_reconciles_total{resource="a",outcome="b"} 1
                eip_reconciles_total{resource="eipclaim.bind",outcome="re\\"t\\\\ry\\n"} 2
                eip_reconciles_total{resource="eipclaim.bind",outcome="settled"} 0
                eip_reconciles_total{resource="other",outcome="other"} 2
                # HELP eip_seconds Time.
                # TYPE eip_seconds histogram
                eip_seconds_bucket{le="0.1"} 2
                eip_seconds_bucket{le="1"} 2
                eip_seconds_bucket{le="+Inf"} 3
                eip_seconds_sum 5.15
                eip_seconds_count 3

                """)
    }
    @Test func `lose nothing when many tasks count at once`() async {
        let metrics = Observe.Metrics()
        let counter = metrics.counter("x_total", "x", labels: ["a"])
        let histogram = metrics.histogram("h", "h")[]
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for k in 0..<500 {
                        counter["\(k % 5)"].add()
                        histogram.observe(0.1)
                        if k % 50 == 0 { _ = metrics.exposition() }
                    }
                }
            }
        }
        let text = metrics.exposition()
        #expect(text.contains("h_count 4000\n") && text.contains(#"x_total{a="4"} 800"#))
    }
    @Test func `of the process are those of this process`() {
        let metrics = Observe.Metrics()
        metrics.addProcess()
        let values = Dictionary(
            uniqueKeysWithValues: metrics.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
                let parts = line.split(separator: " ")
                return (String(parts[0]), Double(parts[1]) ?? -1)
            })
        #expect(values["process_resident_memory_bytes"] ?? 0 > 1_000_000)
        #expect(values["process_virtual_memory_bytes"] ?? 0 > values["process_resident_memory_bytes"] ?? 0)
        #expect(values["process_open_fds"] ?? 0 >= 3)
        #expect(values["process_start_time_seconds"] ?? 0 > 1_600_000_000)
        #expect(values["process_cpu_seconds_total"] ?? -1 >= 0)
    }
}

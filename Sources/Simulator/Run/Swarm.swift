/// Many seeds, one after the other or several at once.
public struct SwarmSettings: Sendable {
    public var seeds: ClosedRange<UInt64>
    /// events with faults, for each seed
    public var steps = 20_000
    public var jobs = 1
    /// kinds of faults that are left out
    public var without: [FaultKind] = []
    /// the last lines of a failing run that are told
    public var linesMax = 120
    public init(seeds: ClosedRange<UInt64>) { self.seeds = seeds }
}

/// What came of all of them.
public struct SwarmReport: Sendable {
    public var seeds = 0
    public var steps = 0
    public var virtual = Duration.zero
    public var healedMost = Duration.zero
    public var counts = Report.Counts()
    /// the first that failed, by seed; the others are not looked for
    public var failed: Report?
    /// of one seed, its hash
    public var hash = ""
    public init() {}
    public init(_ report: Report) { add(report) }

    public static let safetyExit: Int32 = 3
    public static let livenessExit: Int32 = 4
    /// 0: every promise kept; 3: one was broken; 4: something did not come to rest
    public var exitCode: Int32 {
        switch failed?.violation?.phase {
        case nil: 0
        case .safety: SwarmReport.safetyExit
        case .liveness: SwarmReport.livenessExit
        }
    }

    mutating func add(_ report: Report) {
        seeds += 1
        steps += report.steps
        virtual += report.virtual
        healedMost = max(healedMost, report.healed ?? .zero)
        counts += report.counts
        hash = report.hash
        if report.violation != nil, failed.map({ report.seed < $0.seed }) ?? true { failed = report }
    }
}

/// Runs them; stops at the first that fails.
///
/// - Parameters:
///   - progress: told about twice a second, with the time gone by.
///   - isStopped: asked between seeds.
///   - began: told of each seed, in the task that runs it.
///   - ended: told of it again, when it is over.
public func runSwarm(
    _ settings: SwarmSettings, progress: @escaping @Sendable (SwarmReport, Duration) -> Void, isStopped: @escaping @Sendable () -> Bool,
    began: @escaping @Sendable (UInt64) -> Void = { _ in }, ended: @escaping @Sendable (UInt64) -> Void = { _ in }
) async -> SwarmReport {
    let clock = ContinuousClock()
    let begin = clock.now
    var told = begin
    var total = SwarmReport()
    await withTaskGroup(of: Report.self) { group in
        var next = settings.seeds.lowerBound
        var isOver = false
        func start() {
            guard !isOver, next <= settings.seeds.upperBound, !isStopped() else { return }
            let seed = next
            if next == settings.seeds.upperBound { isOver = true } else { next += 1 }
            group.addTask {
                began(seed)
                defer { ended(seed) }
                return Simulation(seed: seed, without: settings.without).run(steps: settings.steps)
            }
        }
        for _ in 0..<max(1, settings.jobs) { start() }
        for await report in group {
            total.add(report)
            if total.failed != nil { isOver = true }
            if clock.now - told > .milliseconds(500) {
                told = clock.now
                progress(total, clock.now - begin)
            }
            start()
        }
    }
    progress(total, clock.now - begin)
    return total
}

/// A shorter way to the same fault: without the kinds of faults that are not needed, and with fewer events.
public func shrink(_ failed: Report, _ settings: SwarmSettings) -> (report: Report, settings: SwarmSettings) {
    var best = failed
    var smaller = settings
    smaller.seeds = failed.seed...failed.seed
    func fails(_ candidate: SwarmSettings) -> Report? {
        let report = Simulation(seed: failed.seed, without: candidate.without).run(steps: candidate.steps)
        return report.violation?.rule == failed.violation?.rule ? report : nil
    }
    for kind in FaultKind.allCases where !smaller.without.contains(kind) {
        var candidate = smaller
        candidate.without.append(kind)
        if let report = fails(candidate) { (best, smaller) = (report, candidate) }
    }
    var steps = smaller.steps / 2
    while steps >= 50 {
        var candidate = smaller
        candidate.steps = steps
        if let report = fails(candidate) { (best, smaller) = (report, candidate) }
        steps = smaller.steps == candidate.steps ? steps / 2 : steps + (smaller.steps - steps) / 2
        if smaller.steps - steps < smaller.steps / 20 + 5 { break }
    }
    if best.violation?.phase == .safety { smaller.steps = min(smaller.steps, best.steps) }
    return (best, smaller)
}

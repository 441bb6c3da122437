import JSON
import Lifecycle
import Options
import Sandbox
import Simulator

private struct SimulateOptions: Sendable {
    var seed: Int?
    var seeds: String?
    var steps = 20_000
    var jobs = 1
    var without: String?
    var traces = false
    var keeps = false
    var output = StorySettings.Output.text
}

/// `eip-sandbox simulate`: the decision machines over the models, in virtual time, from seeds.
func simulateCommand(_ stopped: Latch) -> Command {
    let kinds = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
    return Command(
        "simulate", "Runs the controller's decisions in virtual time and tries to break the promises.",
        discussion: "Several replicas, clusters, a log and a cloud, all drawn from a seed, and with them what goes wrong. "
            + "Exit code 0: every promise kept, 3: one was broken, 4: something did not come to rest after everything was healed, "
            + "5: it crashed, 130: it was stopped before the last seed. "
            + "A failure is told with the one command that repeats it.",
        defaults: SimulateOptions(),
        options: [
            .value(\.seed, "seed", as: "N", "One seed"),
            .value(\.seeds, "seeds", as: "A..B", "From the first to the last of these; without this and --seed 1..100"),
            .value(\.steps, "steps", as: "M", accepting: Accepting("1 or more") { $0 >= 1 }, "Events with faults, for each seed; then everything heals"),
            .value(\.jobs, "jobs", as: "J", accepting: Accepting("1 to 64") { 1...64 ~= $0 }, "Seeds at once"),
            .value(\.without, "without", as: "KIND,...", "Kinds of faults to leave out: \(kinds)"),
            .flag(\.traces, "trace", "Tells everything that happens; with --seed"),
            .flag(\.keeps, "no-shrink", "Does not look for a shorter run of a seed that failed"),
            .value(\.output, "output", short: "o", "Form of the result; with json only that is on the standard output"),
        ],
        validate: { options, _ in problems(options) },
        run: { options, _ in try await simulate(options, settings(options), stopped) })
}

/// As a shell has it for a command that was interrupted.
private let stoppedExit: Int32 = 130
/// As many as one run can take.
private let seedMax: UInt64 = 1 << 62

private func range(_ options: SimulateOptions) throws(UsageError) -> ClosedRange<UInt64> {
    if let seed = options.seed {
        guard seed >= 1 else { throw UsageError(problems: ["--seed \(seed): seeds begin with 1"]) }
        guard options.seeds == nil else { throw UsageError(problems: ["--seed and --seeds together: give one of them"]) }
        return UInt64(seed)...UInt64(seed)
    }
    guard let text = options.seeds else { return 1...100 }
    let ends = text.replacing("..", with: " ").split(separator: " ", omittingEmptySubsequences: false).map { UInt64($0) ?? 0 }
    guard ends.count == 2, ends[0] >= 1, ends[0] <= ends[1], ends[1] <= seedMax else {
        throw UsageError(problems: ["--seeds \(text): write the first and the last, from 1 on, such as 1..500"])
    }
    return ends[0]...ends[1]
}

/// What is to be run, or why that makes no sense.
private func settings(_ options: SimulateOptions) throws(UsageError) -> SwarmSettings {
    var settings = SwarmSettings(seeds: try range(options))
    settings.steps = options.steps
    settings.jobs = options.jobs
    for name in (options.without ?? "").split(separator: ",") {
        guard let kind = FaultKind(rawValue: String(name)) else {
            throw UsageError(problems: ["--without \(name): no such kind; there are \(FaultKind.allCases.map(\.rawValue).joined(separator: ", "))"])
        }
        settings.without.append(kind)
    }
    if options.traces, settings.seeds.count > 1 { throw UsageError(problems: ["--trace is for one seed: give it with --seed"]) }
    return settings
}

private func problems(_ options: SimulateOptions) -> [String] {
    do {
        _ = try settings(options)
        return []
    } catch {
        return error.problems
    }
}

private func simulate(_ options: SimulateOptions, _ settings: SwarmSettings, _ stopped: Latch) async throws -> Int32 {
    SeedsUnderWay.shared.watch(rest: rest(settings))
    if options.traces { return trace(settings) }
    let report = await runSwarm(
        settings, progress: { total, elapsed in write(progress(total, elapsed, settings) + "\n", to: 2) }, isStopped: { stopped.isOpen },
        began: SeedsUnderWay.shared.began, ended: SeedsUnderWay.shared.ended)
    guard let failed = report.failed else {
        let isWhole = report.seeds == settings.seeds.count
        write(options.output == .json ? json(report, settings) + "\n" : summary(report, settings, isWhole: isWhole), to: 1)
        return isWhole ? 0 : stoppedExit
    }
    write("seed \(failed.seed) failed: \(failed.violation.map { "\($0.rule): \($0.words)" } ?? "")\n", to: 2)
    SeedsUnderWay.shared.began(failed.seed)  // once more, in ways that differ
    var last = (report: failed, settings: settings)
    if !options.keeps {
        write("looking for a shorter run\n", to: 2)
        last = shrink(failed, settings)
    }
    last.settings.seeds = failed.seed...failed.seed
    if options.output == .json {
        write(json(report, last.settings) + "\n", to: 1)
    } else {
        tell(last.report, last.settings)
    }
    return report.exitCode
}

private func command(_ settings: SwarmSettings) -> String {
    "eip-sandbox simulate --seed \(settings.seeds.lowerBound)\(rest(settings))"
}
/// The options behind the seed.
private func rest(_ settings: SwarmSettings) -> String {
    let without = settings.without.map(\.rawValue).joined(separator: ",")
    return " --steps \(settings.steps)" + (without.isEmpty ? "" : " --without \(without)")
}

private func trace(_ settings: SwarmSettings) -> Int32 {
    SeedsUnderWay.shared.began(settings.seeds.lowerBound)
    let simulation = Simulation(seed: settings.seeds.lowerBound, without: settings.without) { write($0 + "\n", to: 1) }
    let report = simulation.run(steps: settings.steps)
    write("hash \(report.hash)\n", to: 1)
    return SwarmReport(report).exitCode
}

/// The end of the transcript, what was broken, and how to see it again.
private func tell(_ report: Report, _ settings: SwarmSettings) {
    let simulation = Simulation(seed: report.seed, without: settings.without, traces: true)
    _ = simulation.run(steps: settings.steps)
    // first what was drawn
    let lines = simulation.transcript.prefix(1) + simulation.transcript.dropFirst().suffix(settings.linesMax)
    write(lines.joined(separator: "\n") + "\n", to: 1)
    let violation = report.violation
    write(
        "\n\(violation?.phase.rawValue ?? "") violation of \(violation?.rule ?? ""): \(violation?.words ?? "")\nafter \(report.steps) events; again with\n  "
            + "\(command(settings))\n", to: 1)
}

private func seconds(_ duration: Duration) -> Double { Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18 }

private func progress(_ total: SwarmReport, _ elapsed: Duration, _ settings: SwarmSettings) -> String {
    let rate = Int(Double(total.steps) / max(0.001, seconds(elapsed)))
    return "\(total.seeds) of \(settings.seeds.count) seeds, \(total.steps) events, \(rate) a second, \(total.counts.crashes) crashes, "
        + "\(total.counts.pauses) pauses, \(total.failed == nil ? "no violation" : "1 violation")"
}

private func summary(_ report: SwarmReport, _ settings: SwarmSettings, isWhole: Bool) -> String {
    let counts = report.counts
    let words = isWhole ? "all promises kept: \(report.seeds)" : "stopped, and no promise broken so far: \(report.seeds) of \(settings.seeds.count)"
    return """
        \(words) seeds (\(settings.seeds.lowerBound)..\(settings.seeds.upperBound)), \(report.steps) events, \
        \(Int(seconds(report.virtual))) s of virtual time
        \(counts.calls) calls to the cloud, \(counts.allocations) allocations, \(counts.confirmations) bindings confirmed, \(counts.releases) releases, \
        \(counts.expirations) expirations
        \(counts.crashes) crashes, \(counts.pauses) pauses, \(counts.rebalances) assignments
        faults that never came: \(never(report, settings))
        at rest \(Int(seconds(report.healedMost))) s after healing at most\
        \(settings.seeds.count == 1 ? "\nhash \(report.hash)" : "")

        """
}

/// Kinds that were not left out, and did not happen.
private func never(_ report: SwarmReport, _ settings: SwarmSettings) -> String {
    let kinds = FaultKind.allCases.filter { !settings.without.contains($0) && report.counts.faults[$0, default: 0] == 0 }
    return kinds.isEmpty ? "none" : kinds.map(\.rawValue).joined(separator: ", ")
}

private func json(_ report: SwarmReport, _ settings: SwarmSettings) -> String {
    var value: JSONValue = [
        "seeds": .int(report.seeds), "events": .int(report.steps), "virtualSeconds": .int(Int(seconds(report.virtual))),
        "healedSecondsMost": .int(Int(seconds(report.healedMost))), "confirmations": .int(report.counts.confirmations),
        "allocations": .int(report.counts.allocations), "releases": .int(report.counts.releases), "crashes": .int(report.counts.crashes),
        "pauses": .int(report.counts.pauses), "ok": .bool(report.failed == nil), "stopped": .bool(report.failed == nil && report.seeds < settings.seeds.count),
    ]
    for kind in FaultKind.allCases { value["faults"][kind.rawValue] = .int(report.counts.faults[kind, default: 0]) }
    if let failed = report.failed, let violation = failed.violation {
        value["failed"] = [
            "seed": .int(Int(failed.seed)), "phase": .string(violation.phase.rawValue), "rule": .string(violation.rule), "message": .string(violation.words),
            "command": .string(command(settings)),
        ]
    }
    if report.seeds == 1 { value["hash"] = .string(report.hash) }
    return value.text()
}

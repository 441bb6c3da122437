import Simulator
import Testing

@Suite struct SimulationTests {
    @Test(arguments: 1...UInt64(6)) func `a seed keeps every promise, and comes to rest after healing`(seed: UInt64) {
        let report = Simulation(seed: seed).run(steps: 2000)
        #expect(report.violation == nil)
        #expect(report.healed != nil)
    }

    @Test func `the same seed gives the same run, and another one another`() {
        let first = Simulation(seed: 7).run(steps: 3000)
        let second = Simulation(seed: 7, traces: true).run(steps: 3000)
        #expect(first.hash == second.hash && first.steps == second.steps)
        #expect(Simulation(seed: 8).run(steps: 3000).hash != first.hash)
    }

    @Test func `what the seeds draw happens`() async {
        var settings = SwarmSettings(seeds: 1...8)
        settings.steps = 3000
        let report = await runSwarm(settings, progress: { _, _ in }, isStopped: { false })
        #expect(report.counts.crashes > 5 && report.counts.pauses > 5 && report.counts.rebalances > 5)
        #expect(report.counts.allocations > 20 && report.counts.releases > 5 && report.counts.confirmations > 20)
    }

    @Test func `a kind of fault that is left out does not happen`() {
        let report = Simulation(seed: 1, without: FaultKind.allCases).run(steps: 3000)
        #expect(report.counts.crashes == 0 && report.counts.pauses == 0)
    }
}

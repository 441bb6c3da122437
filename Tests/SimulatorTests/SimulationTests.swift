import Simulator
import Testing

@Suite struct SimulationTests {
    @Test(arguments: 1...UInt64(8)) func `a seed keeps every promise`(seed: UInt64) {
        let report = Simulation(seed: seed).run(steps: 4000)
        #expect(report.violation == nil)
    }
}

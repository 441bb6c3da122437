import Core
import Testing

@Suite struct `Limits of Core` {
    @Test func `the defaults agree with each other`() { #expect(Limits().check() == []) }

    @Test func `what does not agree is named`() {
        var limits = Limits()
        limits.mirror.batchIDsMax = 101
        limits.shard.sessionMargin = .seconds(20)
        limits.leadership.renewDeadline = .seconds(15)
        limits.pacing.factorMin = 0
        let problems = limits.check()
        #expect(problems.count == 4)
        for name in ["mirror.batchIDsMax", "shard.sessionMargin", "leadership.leaseDuration", "pacing.factorMin"] {
            #expect(problems.contains { $0.hasPrefix(name) })
        }
    }
}

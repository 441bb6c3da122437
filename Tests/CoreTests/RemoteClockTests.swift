import Core
import Testing

@Suite struct RemoteClockTests {
    @Test func `its time is our wall clock's until an answer came`() {
        let now = Now(instant: Instant(milliseconds: 10_000), wall: Timestamp(milliseconds: 1_000_000))
        #expect(RemoteClock().at(Instant(milliseconds: 7000), now: now) == Timestamp(milliseconds: 997_000))
    }

    @Test func `answers narrow down its time`() {
        let now = Now(instant: Instant(milliseconds: 0), wall: Timestamp(milliseconds: 0))
        var time = RemoteClock()
        // the true offset is 500_300: at instant 1000 its clock shows 501.300 s
        time.learn(date: Timestamp(milliseconds: 501_000), sent: Instant(milliseconds: 900), received: Instant(milliseconds: 1100))
        #expect(time.offset == 499_900...501_099)
        time.learn(date: Timestamp(milliseconds: 501_000), sent: Instant(milliseconds: 1600), received: Instant(milliseconds: 1690))
        #expect(time.offset == 499_900...500_399)
        time.learn(date: Timestamp(milliseconds: 502_000), sent: Instant(milliseconds: 1750), received: Instant(milliseconds: 1800))
        #expect(time.offset == 500_200...500_399)
        #expect(time.at(Instant(milliseconds: 2000), now: now) == Timestamp(milliseconds: 502_299))
        // a slow answer tells little, and spoils nothing
        time.learn(date: Timestamp(milliseconds: 510_000), sent: Instant(milliseconds: 4000), received: Instant(milliseconds: 14_000))
        #expect(time.offset == 500_200...500_399)
    }

    @Test func `a clock that was set is believed`() {
        var time = RemoteClock()
        time.learn(date: Timestamp(milliseconds: 501_000), sent: Instant(milliseconds: 900), received: Instant(milliseconds: 1100))
        time.learn(date: Timestamp(milliseconds: 900_000), sent: Instant(milliseconds: 2000), received: Instant(milliseconds: 2100))
        #expect(time.offset == 897_900...898_999)
    }
}

import GoTime
import Testing

struct GoDurationTests {
    @Test(arguments: ["", "h", "1", "1d", "-5m", "5 m", "1h ", ".h", "9999999999h", "1h-5m", "٣h", "1e3s"])
    func `what Go does not take is nil`(text: String) { #expect(GoDuration.parse(text) == nil) }

    @Test(arguments: [
        ("0", Duration.zero), ("1h0m0s", .seconds(3600)), ("1.5h", .seconds(5400)), ("2m3.5s", .milliseconds(123_500)), ("100ms", .milliseconds(100)),
        ("+5m", .seconds(300)), (".5s", .milliseconds(500)), ("1us", .microseconds(1)), ("3ns", .nanoseconds(3)),
    ])
    func `it is read as Go reads it`(text: String, expected: Duration) { #expect(GoDuration.parse(text) == expected) }

    @Test func `written and read back it is the same duration`() {
        // every magnitude up to Go's longest, with digits in every place
        var nanoseconds: Int64 = 1
        while nanoseconds <= Int64.max / 7 {
            for n in [nanoseconds - 1, nanoseconds, nanoseconds / 3 * 2 + 1] {
                #expect(GoDuration.parse(GoDuration.format(.nanoseconds(n))) == .nanoseconds(n))
            }
            nanoseconds = nanoseconds * 3 + 1
        }
        #expect(GoDuration.format(.seconds(5400)) == "1h30m0s")
        #expect(GoDuration.format(.zero) == "0s")
        #expect(GoDuration.format(.milliseconds(61_050)) == "1m1.05s")
    }
}

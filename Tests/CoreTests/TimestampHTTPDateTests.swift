import Core
import Testing

@Suite struct TimestampHTTPDateTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14T22:13:20Z"),
        ("Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00Z"),
    ])
    func `a Date header is read`(text: String, expected: String) {
        #expect(Timestamp(httpDate: text)?.rfc3339 == expected)
    }

    @Test(arguments: [
        "", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 30 Feb 2024 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
    ])
    func `anything else is no date`(text: String) {
        #expect(Timestamp(httpDate: text) == nil)
    }
}

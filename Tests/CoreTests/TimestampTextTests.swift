import Core
import Testing

struct TimestampTextTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2024-05-06T07:08:09Z", 1_714_979_289_000),
            ("2024-05-06T15:08:09+08:00", 1_714_979_289_000),
            ("2024-05-06T06:38:09-00:30", 1_714_979_289_000),
            ("2024-05-06T07:08:09.1Z", 1_714_979_289_100),
            ("2024-05-06T07:08:09.123456789Z", 1_714_979_289_123),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ] as [(String, Int64)])
    func `RFC 3339 is read with fractions and offsets`(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: [
        "", "yesterday", "2024-05-06", "2024-05-06T07:08:09", "2024-05-06T07:08Z", "2024-5-6T07:08:09Z", "2024-13-06T07:08:09Z",
        "2024-00-06T07:08:09Z", "2023-02-29T07:08:09Z", "1900-02-29T07:08:09Z", "2024-04-31T07:08:09Z", "2024-05-06T24:08:09Z",
        "2024-05-06T07:60:09Z", "2024-05-06T07:08:09.Z", "2024-05-06T07:08:09+8", "2024-05-06T07:08:09+0800", "2024-05-06T07:08:09Z ",
        "2024-05-06T07:08:09+24:00", "-2024-05-06T07:08:09Z",
    ])
    func `what is no RFC 3339 time is nil`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(arguments: ["0000-01-01T00:00:00+00:01", "0000-01-01T23:58:59+23:59", "9999-12-31T23:59:00-00:01", "9999-12-31T23:59:60Z"])
    func `a time whose year in UTC has no four digits is nil`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `written and read back it is the same time, for a day of every week of four centuries`() {
        for week in stride(from: -5_000, to: 16_000, by: 1) {
            let time = Timestamp(milliseconds: Int64(week) * 604_800_000 + 45_296_789)
            #expect(Timestamp(rfc3339: time.rfc3339Micro) == time)
            #expect(Timestamp(rfc3339: time.rfc3339) == Timestamp(milliseconds: time.milliseconds - 789))
        }
    }

    @Test func `it is written with whole seconds or with six digits`() {
        let time = Timestamp(milliseconds: 1_714_979_289_007)
        #expect(time.rfc3339 == "2024-05-06T07:08:09Z")
        #expect(time.rfc3339Micro == "2024-05-06T07:08:09.007000Z")
        #expect(Timestamp(milliseconds: -1).rfc3339Micro == "1969-12-31T23:59:59.999000Z")
    }
}

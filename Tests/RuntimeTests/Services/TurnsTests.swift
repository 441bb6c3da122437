import Testing

@testable import Runtime

@Suite struct TurnsTests {
    @Test func `so many at once, the others in order`() {
        var turns = Turns<Int>(max: 2)
        #expect([1, 2, 3, 4].map { turns.ask($0) } == [1, 2, nil, nil])
        #expect(turns.end() == 3)
        #expect(turns.ask(5) == nil, "the place was given on")
        #expect([turns.end(), turns.end(), turns.end()] == [4, 5, nil])
        #expect(turns.ask(6) == 6)
        #expect(turns.ask(7) == nil)
        #expect([turns.end(), turns.end()] == [7, nil])
    }
}

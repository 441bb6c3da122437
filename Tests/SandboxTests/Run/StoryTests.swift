import Lifecycle
import Sandbox
import Testing

struct StoryTests {
    @Test(.timeLimit(.minutes(1)))
    func `the story ends with every step done and every promise kept`() async throws {
        let examples = try Examples(folder: Examples.folder(near: [#filePath]))
        let settings = StorySettings(queue: .memory, output: .json, examples: examples, latency: .milliseconds(50))
        let lines = Locked<[String]>([])
        let report = try await runStory(settings, stopped: Latch(), output: { _ in }, progress: { line in lines.withLock { $0.append(line) } })
        #expect(report.isGood, "\(report.text)\n\(lines.withLock { $0 }.joined())")
    }

    @Test func `examples that are nowhere are asked for with the place to start from`() {
        #expect(throws: Examples.Unusable.self) { try Examples.folder(near: ["/proc"]) }
    }
}

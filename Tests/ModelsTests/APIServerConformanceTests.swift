import Core
import Foundation
import JSON
import Models
import Testing

/// The transcript that the sandbox and real servers answer too.
let apiServerTranscript = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Transcripts/apiserver.txt")

@Test func `the model answers as the real API server does`() throws {
    let cases = try ConformanceCase.read(transcript: String(contentsOf: apiServerTranscript, encoding: .utf8))
    #expect(cases.count > 15)
    var model = APIServerModel(now: .start)
    for (number, test) in cases.enumerated() {
        let namespace = "case-\(number)"
        try model.create(["metadata": ["name": .string(namespace)]], in: .namespaces, now: .start)
        var run = ConformanceRun(test, namespace: namespace, group: "test.example.com")
        while let request = try run.next() {
            guard case .value(let code, let body, _) = model.handle(request, now: .start) else {
                Issue.record("\(test): a watch where an object was expected")
                continue
            }
            for problem in run.answer(code, body) { Issue.record("\(test): \(problem)") }
        }
    }
}

@Test func `a transcript says where it cannot be read`() {
    #expect(throws: TranscriptError.self) { try ConformanceCase.read(transcript: "# t\n-> 200") }
    #expect(throws: TranscriptError.self) { try ConformanceCase.read(transcript: "GET /x") }
    #expect(throws: TranscriptError.self) { try ConformanceCase.read(transcript: "# t\nGET /x\n-> 200 {\"a\":") }
}

@Test func `a wrong answer is told from a right one`() throws {
    let cases = try ConformanceCase.read(transcript: "# t\nGET /x\n-> 404 NotFound {\".a.b\": 1, \".c\": null}")
    var run = ConformanceRun(cases[0], namespace: "n", group: "g")
    #expect(run.answer(404, ["status": "Failure", "reason": "NotFound", "a": ["b": 1]]) == [])
    run = ConformanceRun(cases[0], namespace: "n", group: "g")
    #expect(run.answer(200, ["a": ["b": 2], "c": 1]).count == 4)
}

extension Timestamp {
    /// 2026-01-01T00:00:00Z.
    static let start = Timestamp(milliseconds: 1_767_225_600_000)
}

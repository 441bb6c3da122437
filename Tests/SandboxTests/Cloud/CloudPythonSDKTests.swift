import Foundation
import Lifecycle
import Models
import Sandbox
import Testing

/// Runs where `EIP_TEST_PYTHON` names a python that has the SDK: `ops/python-sdk-check` makes one.
@Suite struct CloudPythonSDKTests {
    static let python = ProcessInfo.processInfo.environment["EIP_TEST_PYTHON"]

    @Test(.enabled(if: python != nil)) func `the official Python SDK is content`() async throws {
        let cloud = try SandboxCloud(SandboxCloudSettings(cloud: CloudModel.Settings(latency: .init(all: .milliseconds(50)))))
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("PythonSDK/drive_cloud.py")
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(Self.python))
        process.arguments = [program.path, cloud.url]
        process.standardOutput = output
        process.standardError = output
        let ended = Latch()
        process.terminationHandler = { _ in ended.open() }
        try process.run()
        await ended.wait()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.hasSuffix("ok\n"))
        await cloud.stop()
    }
}

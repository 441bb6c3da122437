import Core
import Foundation
import Testing
import Wire

/// The schema as another program reads and writes it: Google's compiler, where it is installed (Debian: protobuf-compiler).
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc"), "protoc is not installed")) struct ProtocTests {
    private func protoc(_ mode: String, _ input: Data) throws -> Data {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/protoc")
        process.currentDirectoryURL = root
        process.arguments = [mode, "-I", "proto", "proto/eip/events/v1/events.proto"]
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: input)
        try stdin.fileHandleForWriting.close()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return output
    }

    @Test func `protoc reads what we write`() throws {
        let text = String(decoding: try protoc("--decode=eip.events.v1.KeyChanged", Data(EventCodec.encode(sampleEvent(.claimGone)))), as: UTF8.self)
        #expect(
            text == """
                key {
                  cluster: "5f1c7a52-6a3f-4c8e-8d0e-0a9b1c2d3e4f"
                  namespace: "games"
                  name: "lobby-0"
                }
                cause: CAUSE_CLAIM_GONE
                snapshot: "123456"
                term: 42
                trace_id: "00ff00ff00ff00ff"
                at_ms: 1700000000123

                """)
    }

    @Test func `we read what protoc writes`() throws {
        let text = """
            at_ms: 1700000000123 key { cluster: "c" namespace: "n" name: "p" } address_id: "eip-1" public_ip: "1.2.3.4" plan: "release eip-1"
            outcome: "ReleasedEIP" worker: "w"
            """
        let bytes = Array(try protoc("--encode=eip.events.v1.LedgerRecord", Data(text.utf8)))
        #expect(
            LedgerCodec.decode(bytes)
                == LedgerRecord(
                    at: Timestamp(milliseconds: 1_700_000_000_123), key: Key(cluster: "c", namespace: "n", name: "p"), addressID: AddressID("eip-1"),
                    publicIP: "1.2.3.4", plan: "release eip-1", outcome: "ReleasedEIP", worker: "w"))
    }
}

import Contract
import Core
import Foundation
import JSON
import Testing

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

struct ManifestTests {
    /// `EIP_RECORD=1` writes the file anew.
    @Test func `ops-manifests-crd is what the code says`() throws {
        let file = root.appending(path: "ops/manifests/crd.yaml")
        if ProcessInfo.processInfo.environment["EIP_RECORD"] == "1" {
            try Data(ClaimDefinition.yaml.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == ClaimDefinition.yaml, "run the tests with EIP_RECORD=1")
    }

    @Test func `a definition is ours by its label`() {
        #expect(ClaimDefinition.isOurs(ClaimDefinition.object))
        var foreign = ClaimDefinition.object
        foreign["metadata"].removeValue(forKey: "labels")
        #expect(!ClaimDefinition.isOurs(foreign))
        #expect(!ClaimDefinition.isOurs(.null))
    }
}

import Core
import Foundation
import Testing

@testable import Sandbox

private let kubectl = ["/usr/bin/kubectl", "/usr/local/bin/kubectl"].first { FileManager.default.isExecutableFile(atPath: $0) }

/// Stock kubectl, where there is one, against the sandbox.
@Test(.enabled(if: kubectl != nil, "no kubectl in /usr/bin or /usr/local/bin"))
func `stock kubectl applies, shows, scales and deletes`() async throws {
    let kubernetes = try SandboxKubernetes(SandboxKubernetesSettings(controllerInterval: .milliseconds(20)))
    let folder = FileManager.default.temporaryDirectory.appending(path: "sandbox-kubectl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try writeKubeconfig(kubernetes.kubeconfig(), to: folder.appending(path: "kubeconfig").path)
    let manifest = """
        apiVersion: v1
        kind: Node
        metadata: {name: n1}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: w}
        spec:
          serviceName: w
          selector: {matchLabels: {app: w}}
          template:
            metadata: {labels: {app: w}}
            spec: {containers: [{name: c, image: one}]}
        """
    try manifest.write(to: folder.appending(path: "set.yaml"), atomically: true, encoding: .utf8)

    func run(_ words: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: kubectl ?? "")
        process.arguments = words.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.environment = ["KUBECONFIG": "kubeconfig", "HOME": folder.path, "PATH": "/usr/bin:/bin"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }
    let applied = try run("apply -f set.yaml")
    #expect(applied.contains("statefulset.apps/w created"), "\(applied)")
    kubernetes.stepControllers()
    let pods = try run("get pods -o wide")
    #expect(pods.contains("READINESS GATES"), "\(pods)")
    #expect(pods.contains(#/w-0 +0/1 +Pending +0 .* n1 /#), "\(pods)")
    #expect(try run("get sts w").contains("0/1"))
    #expect(try run("scale sts w --replicas=3").contains("scaled"))
    #expect(try run("get sts w -o jsonpath={.spec.replicas}") == "3")
    #expect(try run("annotate pod w-0 x=y").contains("annotated"))
    #expect(try run("describe pod w-0").contains("Successfully assigned default/w-0 to n1"))
    try manifest.replacing("one", with: "two").write(to: folder.appending(path: "set.yaml"), atomically: true, encoding: .utf8)
    #expect(try run("apply -f set.yaml").contains("statefulset.apps/w configured"))
    #expect(try run("get sts w -o yaml").contains("image: two"))
    #expect(try run("delete sts w").contains("deleted"))
    #expect(try run("delete pod w-0 --force --grace-period=0").contains("deleted"))
    try FileManager.default.removeItem(at: folder)
    await kubernetes.stop()
}

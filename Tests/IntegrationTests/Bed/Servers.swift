import Foundation

/// The real servers these tests run against, named by the environment, and the programs they drive.
///
/// Nothing of the product is linked but its small libraries: the controller and the sandbox are the built executables, run as a
/// user runs them, and Kubernetes is spoken to with stock kubectl.
struct Servers: Sendable {
    /// `EIP_TEST_KUBECONFIG`: a control plane with scheduler and controller manager that tests may fill and empty
    let kubeconfig: String
    /// `EIP_TEST_KAFKA`: bootstrap address of a broker that tests may fill and empty
    let kafka: String
    let kubectl: String
    let controller: String
    let sandbox: String

    /// Nil, and `missing` says why, where something is not there.
    static let found: Servers? = {
        guard missing == nil, let kubeconfig = environment("EIP_TEST_KUBECONFIG"), let kafka = environment("EIP_TEST_KAFKA"), let kubectl = path(of: "kubectl")
        else { return nil }
        return Servers(kubeconfig: kubeconfig, kafka: kafka, kubectl: kubectl, controller: built("eip-controller"), sandbox: built("eip-sandbox"))
    }()

    static let missing: String? = {
        if environment("EIP_TEST_KUBECONFIG") == nil { return "EIP_TEST_KUBECONFIG names no kubeconfig" }
        if environment("EIP_TEST_KAFKA") == nil { return "EIP_TEST_KAFKA names no broker" }
        if path(of: "kubectl") == nil { return "there is no kubectl on the PATH" }
        for program in ["eip-controller", "eip-sandbox"] where !FileManager.default.isExecutableFile(atPath: built(program)) {
            return "\(built(program)) is not built"
        }
        return nil
    }()

    static func path(of program: String) -> String? {
        (environment("PATH") ?? "").split(separator: ":").map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Beside the test bundle, which is the first argument of the process.
    private static func built(_ program: String) -> String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: program).path
    }
    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The repository, for `ops/manifests` and `ops/examples`.
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
}

/// What a test waited for and did not see, or a program that did not do as asked.
struct Unmet: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

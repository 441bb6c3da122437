import Foundation
import JSON

/// A real API server, reached with kubectl and curl, for what only it can tell: whether it takes what we write.
///
/// `EIP_TEST_KUBECONFIG` names a kubeconfig with a client certificate; never a person's own.
struct RealServer {
    static var kubeconfig: String? { ProcessInfo.processInfo.environment["EIP_TEST_KUBECONFIG"] }
    static let serviceAccount = "system:serviceaccount:eip-controller:eip-controller"

    struct Answer {
        var status: Int
        var body: JSONValue
    }
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let server: String
    private let kubeconfig: String
    private let directory: URL

    init() throws {
        guard let kubeconfig = Self.kubeconfig else { throw Failure(description: "EIP_TEST_KUBECONFIG is not set") }
        self.kubeconfig = kubeconfig
        let text = try Self.run("kubectl", ["--kubeconfig", kubeconfig, "config", "view", "--raw", "--minify", "-o", "json"])
        let config = try JSONValue(parsing: text)
        let (cluster, user) = (config["clusters"][0]["cluster"], config["users"][0]["user"])
        guard let server = cluster["server"].string else { throw Failure(description: "no server in \(kubeconfig)") }
        self.server = server
        directory = FileManager.default.temporaryDirectory.appending(path: "eip-contract-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (file, data) in [
            ("ca", cluster["certificate-authority-data"]), ("cert", user["client-certificate-data"]), ("key", user["client-key-data"]),
        ] {
            guard let bytes = data.string.flatMap({ Data(base64Encoded: $0) }) else { throw Failure(description: "no \(file) in \(kubeconfig)") }
            try bytes.write(to: directory.appending(path: file))
        }
    }

    func removeFiles() throws { try FileManager.default.removeItem(at: directory) }

    @discardableResult
    func kubectl(_ arguments: String...) throws -> String { try kubectl(arguments) }

    @discardableResult
    func kubectl(_ arguments: [String]) throws -> String { try Self.run("kubectl", ["--kubeconfig", kubeconfig] + arguments) }

    /// - Parameter user: who asks; the controller's service account unless told otherwise, so that its permissions are tested too.
    func call(
        _ method: String, _ path: String, _ body: [UInt8] = [], type: String = "application/merge-patch+json", as user: String? = serviceAccount
    ) throws -> Answer {
        func file(_ name: String) -> String { directory.appending(path: name).path() }
        var arguments = ["-sS", "--cacert", file("ca"), "--cert", file("cert"), "--key", file("key"), "-X", method, "-w", "\n%{http_code}"]
        arguments += ["-H", "Content-Type: \(method == "PATCH" ? type : "application/json")"]
        if let user { arguments += ["-H", "Impersonate-User: \(user)"] }
        if !body.isEmpty {
            try Data(body).write(to: URL(filePath: file("body")))
            arguments += ["--data-binary", "@\(file("body"))"]
        }
        let output = try Self.run("curl", arguments + [server + path])
        guard let newline = output.lastIndex(of: "\n"), let status = Int(output[output.index(after: newline)...]) else {
            throw Failure(description: "curl printed \(output)")
        }
        return Answer(status: status, body: try JSONValue(parsing: String(output[..<newline])))
    }

    private static func run(_ command: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [command] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // what these commands say on stderr fits its pipe
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(command) \(arguments.first ?? "") failed: \(String(decoding: complaint, as: UTF8.self))")
        }
        return String(decoding: data, as: UTF8.self)
    }
}

import Foundation
import HTTPClient
import JSON

/// Stock kubectl with the administrator's kubeconfig; and `kubectl proxy`, through which objects are read, because waiting with
/// a process for every look would take the two cores from those that are waited for.
struct Kubectl: Sendable {
    let program: String
    let kubeconfig: String
    let folder: String
    let http: HTTPClient
    /// URL of the proxy
    let proxy: String

    /// - Returns: what it printed.
    /// - Throws: `Unmet` with its words when it failed.
    @discardableResult
    func callAsFunction(_ arguments: String..., input: String? = nil) async throws -> String { try await run(arguments, input: input) }

    @discardableResult
    func run(_ arguments: [String], input: String? = nil) async throws -> String {
        let name = "\(folder)/kubectl-\(UUID().uuidString)"
        if let input { try input.write(toFile: name + ".in", atomically: false, encoding: .utf8) }
        let child = try Child(
            program, ["--kubeconfig", kubeconfig, "--cache-dir", "\(folder)/cache"] + arguments, environment: ["HOME": folder, "PATH": "/usr/bin:/bin"],
            output: name, input: input == nil ? "/dev/null" : name + ".in")
        let end = try await child.wait(within: .seconds(60))
        let output = try child.output()
        for file in [name, name + ".in"] where FileManager.default.fileExists(atPath: file) { try FileManager.default.removeItem(atPath: file) }
        guard end == .exited(0) else { throw Unmet("kubectl \(arguments.joined(separator: " ")): \(output)") }
        return output
    }

    /// The object, or the list, at that path; nil when it is not there.
    func read(_ path: String) async throws -> JSONValue? {
        let answer = try await http.send(HTTPRequest("GET", proxy + path))
        guard answer.status != 404 else { return nil }
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.status == 200 else { throw Unmet("GET \(path) was answered \(answer.status): \(text)") }
        return try JSONValue(parsing: text)
    }
    func items(_ path: String) async throws -> [JSONValue] { try await read(path)?["items"].array ?? [] }

    static let claims = "/apis/networking.tke.cloud.tencent.com/v1"
}

extension JSONValue {
    var name: String { self["metadata"]["name"].string ?? "" }
    var namespace: String { self["metadata"]["namespace"].string ?? "" }
    var uid: String { self["metadata"]["uid"].string ?? "" }
    var isTerminating: Bool { self["metadata"].has("deletionTimestamp") }
    /// of a claim
    var phase: String? { self["status"]["phase"].string }
    var addressID: String? { self["spec"]["addressID"].string }
    func annotation(_ name: String) -> String? { self["metadata"]["annotations"]["tke.cloud.tencent.com/\(name)"].string }
}

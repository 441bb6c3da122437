import Foundation
import HTTPClient
import JSON
import Kubernetes
import Models

@testable import Sandbox

/// Sends plain requests to an API server.
struct ServerCaller {
    let access: ClusterAccess
    let http: HTTPClient

    init(_ kubernetes: SandboxKubernetes, http: HTTPClient) {
        access = ClusterAccess(server: kubernetes.url)
        self.http = http
    }
    init(kubeconfig: String, http: HTTPClient) throws {
        access = try Kubeconfig(file: kubeconfig).access()
        self.http = http
    }

    func send(_ request: APIRequest, accept: String = "application/json") async throws -> (Int, JSONValue) {
        var parts = URLComponents()
        parts.path = request.path
        parts.queryItems = request.query.isEmpty ? nil : request.query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        var call = HTTPRequest(request.method, access.server + (parts.string ?? ""), headers: ["Accept": accept])
        call.tls = access.tls
        if let body = request.body {
            call.headers["Content-Type"] = request.contentType
            call.body = body.bytes()
        }
        let response = try await http.send(call)
        // What a server does not serve (yet) it refuses in plain text: "404 page not found".
        guard response.headers["content-type"]?.hasPrefix("application/json") == true else {
            return (response.status, .string(String(decoding: response.body, as: UTF8.self)))
        }
        return (response.status, try JSONValue(parsing: response.body))
    }

    /// Runs every case of the transcript and returns what went wrong.
    func conformance() async throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Transcripts/apiserver.txt")
        var problems: [String] = []
        let run = "conf-\(UInt32.random(in: 0 ... .max))"
        let group = "\(run).example.com"
        for (number, test) in try ConformanceCase.read(transcript: String(contentsOf: file, encoding: .utf8)).enumerated() {
            let namespace = "\(run)-\(number)"
            _ = try await send(APIRequest("POST", "/api/v1/namespaces", body: ["metadata": ["name": .string(namespace)]]))
            var conversation = ConformanceRun(test, namespace: namespace, group: group)
            while let request = try conversation.next() {
                let (code, body) = try await send(request)
                problems += conversation.answer(code, body).map { "\(test): \($0)" }
                if request.path.hasSuffix("/customresourcedefinitions"), code == 201 { try await poll("/apis/\(group)/v1/foos") }
            }
            _ = try await send(APIRequest("DELETE", "/api/v1/namespaces/\(namespace)"))
        }
        _ = try await send(APIRequest("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/foos.\(group)"))
        return problems
    }
    /// A real server serves a new kind a moment after it was defined.
    private func poll(_ path: String) async throws {
        for _ in 0..<20_000 {
            if try await send(APIRequest("GET", path)).0 == 200 { return }
        }
    }
}

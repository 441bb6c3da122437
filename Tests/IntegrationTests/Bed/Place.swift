import Foundation
import JSON
import Testing

/// A namespace of one test, with the bed and the controllers around it.
struct Place: Sendable {
    let bed: Bed
    let pair: Pair
    let namespace: String
    /// where the cloud's journal was when the test began
    let journalStart: Int

    var kubectl: Kubectl { bed.kubectl }
    var cloud: CloudSide { bed.cloud }

    /// - Parameter name: of the namespace, unique among the tests.
    static func make(_ name: String) async throws -> Place {
        let bed = try #require(Bed.current)
        let pair = try #require(Pair.current)
        let namespace = "eip-\(bed.mark)-\(name)"
        try await bed.kubectl("create", "namespace", namespace)
        return Place(bed: bed, pair: pair, namespace: namespace, journalStart: try await bed.cloud.position())
    }

    @discardableResult
    func run(_ arguments: String..., input: String? = nil) async throws -> String { try await kubectl.run(["-n", namespace] + arguments, input: input) }

    func applyExample(_ file: String) async throws { try await run("apply", "-f", Servers.repository.appending(path: "ops/examples/\(file).yaml").path) }

    // MARK: objects

    func pods() async throws -> [JSONValue] { try await kubectl.items("/api/v1/namespaces/\(namespace)/pods") }
    func pod(_ name: String) async throws -> JSONValue? { try await kubectl.read("/api/v1/namespaces/\(namespace)/pods/\(name)") }
    func claims() async throws -> [JSONValue] { try await kubectl.items("\(Kubectl.claims)/namespaces/\(namespace)/eipclaims") }
    func claim(_ name: String) async throws -> JSONValue? { try await kubectl.read("\(Kubectl.claims)/namespaces/\(namespace)/eipclaims/\(name)") }

    /// Warnings of the controller about that pod or claim.
    func warnings(_ name: String, kind: String = "Pod") async throws -> [JSONValue] {
        try await kubectl.items("/api/v1/namespaces/\(namespace)/events").filter { event in
            event["type"].string == "Warning" && event["source"]["component"].string == "eip-controller" && event["involvedObject"]["name"].string == name
                && event["involvedObject"]["kind"].string == kind
        }
    }

    /// Writes at the cloud since the test began that are about these pods or addresses.
    func writes(about pods: [String], addresses: [String] = []) async throws -> [JSONValue] {
        let words = pods.map { "\(namespace)_\($0)" } + addresses
        return try await cloud.writes(since: journalStart).filter { $0.mentions(words) }
    }

    // MARK: what is to become true

    /// The pod has its EIP: in claim, annotation and cloud, and all three mean this very pod.
    func bound(_ name: String, within limit: Duration = .seconds(40)) async throws -> Bound {
        do {
            return try await eventually("\(namespace)/\(name) has its EIP", within: limit) { try await boundNow(name) }
        } catch let unmet as Unmet {
            throw Unmet("\(unmet.description)\n\(try await situation(name))")
        }
    }

    struct Bound: Hashable {
        var addressID: String
        var publicIP: String
        var podUID: String
        var podIP: String
    }

    private func boundNow(_ name: String) async throws -> Bound? {
        guard let pod = try await pod(name), !pod.isTerminating, let claim = try await claim(name), claim.phase == "Bound", let id = claim.addressID,
            let publicIP = claim["status"]["publicIP"].string, let podIP = pod["status"]["podIP"].string
        else { return nil }
        let binding = claim["status"]["binding"]
        guard binding["podUID"].string == pod.uid, binding["podIP"].string == podIP, pod.annotation("eip-public-ip") == publicIP else { return nil }
        guard let address = try await cloud.address(id), address.privateIP == podIP, ["BIND", "BIND_ENI"].contains(address.status) else { return nil }
        return Bound(addressID: id, publicIP: publicIP, podUID: pod.uid, podIP: podIP)
    }

    /// For the message of a failure.
    func situation(_ name: String) async throws -> String {
        let logs = try await pair.replicas.flatMap { replica in
            try replica.child.output().split(separator: "\n").filter { $0.contains("/\(name)\"") }.suffix(8).map { "\(replica.instance): \($0)" }
        }
        let pod = try await pod(name).map { "status \($0["status"].text()) annotations \($0["metadata"]["annotations"].text())" } ?? "none"
        return "pod: \(pod)\nclaim: \(try await claim(name)?.text() ?? "none")\n" + logs.joined(separator: "\n")
    }

    /// Nothing of it is left: no claim, and no EIP at the cloud.
    func released(_ name: String, _ addressID: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually("\(namespace)/\(name) is released", within: limit, otherwise: try await situation(name)) {
            guard try await claim(name) == nil else { return false }
            return try await cloud.address(addressID) == nil
        }
    }

    // MARK: the end

    /// Removes the namespace and all in it, and looks whether the cloud was left clean: nothing this controller allocated for
    /// the namespace may be there when its claims are gone.
    ///
    /// - Parameter podsFirst: otherwise the namespace goes with its pods running, for which Kubernetes gives them 16 s.
    func clear(podsFirst: Bool = true) async throws {
        if podsFirst {
            try await run("delete", "statefulset,pod", "--all", "--wait=false")
            try await eventually("pods of \(namespace) are gone", otherwise: try await leftovers()) { try await pods().isEmpty }
        }
        try await kubectl("delete", "namespace", namespace, "--wait=false")
        try await eventually("claims of \(namespace) are gone", within: .seconds(60), otherwise: try await leftovers()) { try await claims().isEmpty }
        // Kubernetes looks again only after a while, and after errors of its own ever later.
        try await eventually("namespace \(namespace) is gone", within: .seconds(180), otherwise: try await leftovers()) {
            try await kubectl.read("/api/v1/namespaces/\(namespace)") == nil
        }
        let mine = try await cloud.addresses().filter { $0.name.hasPrefix(namespace + "_") && !$0.isUserOwned }
        #expect(mine.isEmpty, "left at the cloud")
    }

    private func leftovers() async throws -> String {
        let claims = try await claims()
        let pods = try await pods()
        var words = "claims: \(claims.map { $0.text() }) pods: \(pods.map(\.name))"
        if let left = try await kubectl.read("/api/v1/namespaces/\(namespace)") { words += " namespace: \(left["status"].text())" }
        if let name = claims.first?.name { words += try await "\n" + situation(name) }
        return words
    }
}

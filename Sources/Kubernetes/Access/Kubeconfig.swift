internal import Crypto
internal import HTTPClient
package import JSON
internal import Observe
internal import YAML

/// A kubeconfig (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig), read when asked.
///
/// Understood: certificates inline or as files (relative to the kubeconfig's own folder), bearer token inline or as a file
/// that is read again, `insecure-skip-tls-verify`, the namespace of the context. What else would change who we are or whom
/// we trust (plugins, passwords, impersonation, proxies) is refused by name rather than ignored.
public struct Kubeconfig: Sendable {
    private let file: String
    private let root: JSONValue

    public init(file: String) throws(AccessError) {
        let text = String(decoding: try readFile(file), as: UTF8.self)
        do throws(YAMLError) {
            try self.init(file: file, root: JSONValue(yaml: text))
        } catch {
            throw AccessError(file: file, "is no YAML: \(error)")
        }
    }
    package init(file: String, root: JSONValue) { (self.file, self.root) = (file, root) }

    public var contexts: [String] { (root["contexts"].array ?? []).compactMap { $0["name"].string } }

    /// - Parameter context: nil takes `current-context`.
    public func access(context: String? = nil) throws(AccessError) -> ClusterAccess {
        guard root.object != nil, root["contexts"].array != nil else {
            throw AccessError(file: file, "is no kubeconfig: expected a map with the lists clusters, users and contexts")
        }
        let name = if let context { context } else { try currentContext() }
        let context = try entry("contexts", "context", name, wantedBy: "asked for")
        let clusterName = try text(context["cluster"], "contexts[\(name)].context.cluster", required: true)!
        let cluster = try entry("clusters", "cluster", clusterName, wantedBy: "named by context \"\(name)\"")
        var user = JSONValue.null  // a context without a user is anonymous
        let userName = try text(context["user"], "contexts[\(name)].context.user")
        if let userName, !userName.isEmpty { user = try entry("users", "user", userName, wantedBy: "named by context \"\(name)\"") }

        var access = ClusterAccess(server: try server(cluster, "clusters[\(clusterName)].cluster"))
        access.namespace = try text(context["namespace"], "contexts[\(name)].context.namespace")
        access.tls = try tls(cluster, "clusters[\(clusterName)].cluster", user, "users[\(userName ?? "")].user")
        access.credential = try credential(user, "users[\(userName ?? "")].user")
        return access
    }

    // MARK: parts

    private func currentContext() throws(AccessError) -> String {
        guard let name = try text(root["current-context"], "current-context"), !name.isEmpty else {
            throw AccessError(file: file, "has no current-context: write one of \(listed(contexts)), or name one with --context")
        }
        return name
    }

    private func entry(_ list: String, _ member: String, _ name: String, wantedBy: String) throws(AccessError) -> JSONValue {
        let entries = root[list].array ?? []
        guard let found = entries.first(where: { $0["name"].string == name }) else {
            throw AccessError(file: file, "has no entry \"\(name)\" in \(list), \(wantedBy): there is \(listed(entries.compactMap { $0["name"].string }))")
        }
        return found[member]
    }

    private func server(_ cluster: JSONValue, _ at: String) throws(AccessError) -> String {
        try refuse(["proxy-url", "tls-server-name"], of: cluster, at)
        let server = try text(cluster["server"], at + ".server", required: true)!
        guard server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw AccessError(file: file, "\(at).server is \"\(server)\": write a URL such as https://10.0.0.1:6443")
        }
        return server
    }

    private func tls(_ cluster: JSONValue, _ clusterAt: String, _ user: JSONValue, _ userAt: String) throws(AccessError) -> TLSSettings {
        var tls = TLSSettings()
        tls.insecure = cluster["insecure-skip-tls-verify"].bool ?? false
        tls.authorities = try pem(cluster, "certificate-authority", clusterAt)
        tls.certificate = try pem(user, "client-certificate", userAt)
        tls.key = try pem(user, "client-key", userAt)
        guard (tls.certificate == nil) == (tls.key == nil) else {
            throw AccessError(
                file: file, "\(userAt) has a client \(tls.key == nil ? "certificate without its key" : "key without its certificate"): write both")
        }
        return tls
    }

    private func credential(_ user: JSONValue, _ at: String) throws(AccessError) -> ClusterAccess.Credential {
        try refuse(["exec", "auth-provider", "username", "password", "as", "as-uid", "as-groups"], of: user, at)
        // kubectl's order: the file wins
        if let path = try text(user["tokenFile"], at + ".tokenFile"), !path.isEmpty { return .tokenFile(absolute(path)) }
        if let token = try text(user["token"], at + ".token"), !token.isEmpty { return .token(Secret(token)) }
        return .none
    }

    /// `NAME-data` holds base64 of PEM, `NAME` a file; the data wins, as with kubectl.
    private func pem(_ map: JSONValue, _ name: String, _ at: String) throws(AccessError) -> [UInt8]? {
        let bytes: [UInt8]
        let place: String
        if let data = try text(map[name + "-data"], "\(at).\(name)-data"), !data.isEmpty {
            place = "\(at).\(name)-data"
            guard let decoded = Base64.decode(data) else { throw AccessError(file: file, "\(place) is no base64: write the PEM file through base64 -w0") }
            bytes = decoded
        } else if let path = try text(map[name], "\(at).\(name)"), !path.isEmpty {
            place = "\(at).\(name) (\(absolute(path)))"
            bytes = try readFile(absolute(path))
        } else {
            return nil
        }
        guard bytes.firstRange(of: Array("-----BEGIN ".utf8)) != nil else {
            throw AccessError(file: file, "\(place) is no PEM: expected -----BEGIN …-----")
        }
        return bytes
    }

    // MARK: reading

    private func text(_ value: JSONValue, _ at: String, required: Bool = false) throws(AccessError) -> String? {
        if let text = value.string { return text }
        guard value.isNull else { throw AccessError(file: file, "\(at) is no text: put it in quotes") }
        if required { throw AccessError(file: file, "\(at) is missing") }
        return nil
    }
    private func refuse(_ names: [String], of map: JSONValue, _ at: String) throws(AccessError) {
        for name in names where !map[name].isNull {
            throw AccessError(file: file, "\(at).\(name) is not supported here: use a token, a tokenFile or a client certificate, and a direct server URL")
        }
    }
    private func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
    private func listed(_ names: [String]) -> String { names.isEmpty ? "none" : names.map { "\"\($0)\"" }.joined(separator: ", ") }
}

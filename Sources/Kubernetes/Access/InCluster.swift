internal import HTTPClient

extension ClusterAccess {
    /// Where kubelet puts what a pod needs to speak to its own API server
    /// (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
    public static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Whether we run in a pod that may ask its API server.
    public static var isInCluster: Bool { environment("KUBERNETES_SERVICE_HOST") != nil }

    /// The access of our own pod.
    public static func inCluster() throws(AccessError) -> ClusterAccess {
        guard let host = environment("KUBERNETES_SERVICE_HOST"), !host.isEmpty else {
            throw AccessError(file: "KUBERNETES_SERVICE_HOST", "is not set: this process runs in no pod; name a kubeconfig with --kubeconfig FILE")
        }
        return try inCluster(host: host, port: environment("KUBERNETES_SERVICE_PORT") ?? "443", folder: serviceAccountFolder)
    }

    public static func inCluster(host: String, port: String, folder: String) throws(AccessError) -> ClusterAccess {
        let tokenFile = folder + "/token"
        _ = try readFile(tokenFile)  // now, so that a pod without a token says so at its start
        let namespace = String(decoding: try readFile(folder + "/namespace"), as: UTF8.self).filter { !$0.isWhitespace }
        let authority = host.contains(":") ? "[\(host)]" : host  // IPv6
        return ClusterAccess(
            server: "https://\(authority):\(port)", tls: TLSSettings(authorities: try readFile(folder + "/ca.crt")), credential: .tokenFile(tokenFile),
            namespace: namespace)
    }
}

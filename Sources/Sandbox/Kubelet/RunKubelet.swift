internal import HTTPClient
internal import Kubernetes
public import Lifecycle
public import Observe

/// `eip-sandbox kubelet`: works until `stopped` opens.
///
/// - Parameters:
///   - kubeconfig: of the API server, whichever it is.
///   - cloud: the sandbox cloud's URL, with or without a slash at the end.
/// - Throws: `AccessError` if the kubeconfig cannot be used.
public func runKubelet(kubeconfig: String, cloud: String, log: Log, stopped: Latch) async throws {
    let access = try Kubeconfig(file: kubeconfig).access()
    let http = HTTPClient()
    await KubeletService(access, cloud: cloud.hasSuffix("/") ? String(cloud.dropLast()) : cloud, http: http, log: log).run(stopped: stopped)
    await http.shutdown()
}

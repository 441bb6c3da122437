internal import Glibc
public import Lifecycle

/// `eip-sandbox kubernetes`: serves until `stopped` opens.
///
/// - Parameters:
///   - port: 0 takes a free one.
///   - kubeconfig: a file to write, with which kubectl finds the server; nil: none.
///   - announce: gets the URL once the port is open.
/// - Throws: `HTTPServerError` if the port cannot be had, `KubeconfigNotWritten`.
public func runKubernetes(port: Int, kubeconfig: String?, stopped: Latch, announce: @Sendable (String) -> Void) async throws {
    let kubernetes = try SandboxKubernetes(port: port)
    if let kubeconfig { try writeKubeconfig(kubernetes.kubeconfig(), to: kubeconfig) }
    announce(kubernetes.url)
    await stopped.wait()
    await kubernetes.stop()
}

/// The kubeconfig could not be written.
public struct KubeconfigNotWritten: Error, CustomStringConvertible {
    public var path: String
    public var errno: Int32
    public var description: String { "cannot write the kubeconfig \(path): \(String(cString: strerror(errno)))" }
}

/// Writes the text, readable for its owner only.
public func writeKubeconfig(_ text: String, to path: String) throws(KubeconfigNotWritten) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw KubeconfigNotWritten(path: path, errno: errno) }
    defer { close(file) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw KubeconfigNotWritten(path: path, errno: errno) }
        rest = rest.dropFirst(written)
    }
}

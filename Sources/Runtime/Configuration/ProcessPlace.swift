internal import Foundation
internal import Glibc
internal import Kubernetes

/// What a process finds where it runs. Looked at once, so that tests can say what there is.
public struct ProcessPlace: Sendable {
    public var environment: [String: String]
    /// `HOSTNAME`, which is the pod's name in a pod, else what the kernel says.
    public var hostname: String
    /// Of our own pod; nil outside of a pod, or in one without a service account.
    public var podNamespace: String?
    /// Whether Kubernetes runs this process in a pod.
    public var isInCluster: Bool { environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false }

    public init(environment: [String: String], hostname: String, podNamespace: String? = nil) {
        (self.environment, self.hostname, self.podNamespace) = (environment, hostname, podNamespace)
    }

    /// Of this process.
    public static func current() -> ProcessPlace {
        let environment = ProcessInfo.processInfo.environment
        var place = ProcessPlace(environment: environment, hostname: environment["HOSTNAME"].flatMap { $0.isEmpty ? nil : $0 } ?? kernelHostname())
        if place.isInCluster { place.podNamespace = namespace() }
        return place
    }

    private static func namespace() -> String? {
        do throws(FileError) {
            return try ConfigurationFile.text(of: ClusterAccess.serviceAccountFolder + "/namespace").filter { !$0.isWhitespace }
        } catch {
            return nil  // without a service account: the cluster's access, which needs it, says so at the start
        }
    }
    private static func kernelHostname() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

internal import JSON

/// An ENI as the sandbox cloud is told of it.
struct NodeInterface: Hashable, Sendable {
    var id: String
    var vpcID: String
    var instanceID: String
    /// Of the instance.
    var cores: Int
}

/// A node's network as the kubelet stand-in knows it: the ENI whose private IPs its pods get.
///
/// From the node: `spec.providerID` (`qcloud:///<zone>/<instance>`) and these annotations, all optional:
/// `sandbox.eip-controller/eni-id`, `…/vpc-id`, `…/private-ips` (comma-separated), `…/cores`. What is left out is derived from
/// the node's name, the same each time.
struct NodePool: Hashable, Sendable {
    static let annotationPrefix = "sandbox.eip-controller/"
    /// Private IPs of a node that lists none.
    static let defaultSize = 16

    var node: String
    var interface: NodeInterface
    /// Not in use. The one given back last is the first to be given out: recycling as quick as can be, which is the hard case
    /// for whoever binds addresses to them.
    var free: [String]

    /// Nil for a node without instance.
    init?(node: JSONValue) {
        guard let provider = node["spec"]["providerID"].string, let instance = provider.split(separator: "/").last, instance.hasPrefix("ins-") else {
            return nil
        }
        let annotations = node["metadata"]["annotations"]
        func annotation(_ name: String) -> String? { annotations[Self.annotationPrefix + name].string.flatMap { $0.isEmpty ? nil : $0 } }
        self.node = node["metadata"]["name"].string ?? ""
        interface = NodeInterface(
            id: annotation("eni-id") ?? "eni-\(instance.dropFirst(4))", vpcID: annotation("vpc-id") ?? "vpc-sandbox", instanceID: String(instance),
            cores: annotation("cores").flatMap { Int($0) } ?? node["status"]["capacity"]["cpu"].string.flatMap { Int($0) } ?? 4)
        let listed = annotation("private-ips")?.split(separator: ",").map { String($0).filter { $0 != " " } }
        free = listed ?? Self.derivedIPs(of: node["metadata"]["name"].string ?? "")
    }

    private static func derivedIPs(of node: String) -> [String] {
        let hash = node.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return (0..<defaultSize).map { "10.\(hash >> 8 & 127).\(hash & 255).\(10 + $0)" }
    }
}

internal import JSON

/// One thing that the kubelet stand-in does.
enum KubeletStep: Hashable, Sendable {
    /// Tells the cloud of a node's ENI.
    case registerInterface(NodeInterface)
    /// The IP is on the ENI, a pod has it.
    case addAddress(NodeInterface, ip: String)
    /// The pod that had the IP has ended.
    case removeAddress(NodeInterface, ip: String)
    /// A merge patch of the node.
    case patchNode(name: String, JSONValue)
    /// A merge patch of the node's status.
    case patchNodeStatus(name: String, JSONValue)
    /// A merge patch of the pod's status; it carries uid and resourceVersion, so that it never meets another pod.
    case patchPodStatus(namespace: String, name: String, JSONValue)
    /// The end of a pod: deletion with grace period 0, if it still is this one.
    case removePod(namespace: String, name: String, uid: String)
}

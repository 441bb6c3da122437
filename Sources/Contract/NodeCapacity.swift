public import Core

/// How many pod EIPs a node may have.
public enum NodeCapacity {
    /// Most that an override may say; more is taken for a slip of the pen.
    public static let overrideMax = 1000

    /// Public IPs, EIPs and ordinary ones together, that a CVM bought after 2019-09-18 may have, by its cores
    /// (cloud.tencent.com/document/product/213/5733): two up to five cores, one more for every six, ten at most.
    public static func publicIPs(cores: Int) -> Int {
        guard cores > 0 else { return 0 }
        return min(10, 2 + cores / 6)
    }

    /// What to write into the node's `status.capacity`: one less than the instance may have, because TKE leaves its own public
    /// IP to the instance (product/457/64886). Nil for a node that is no CVM or whose cores are unknown: nothing is written.
    ///
    /// An override annotation wins; one that makes no sense is reported and not followed.
    public static func eips(of node: NodeRecord, names: AnnotationNames) -> (count: Int?, problem: Problem?) {
        guard node.instanceID != nil else { return (nil, nil) }
        let fromCores = node.cores.map { max(0, publicIPs(cores: $0) - 1) }
        guard let text = node.capacityAnnotation else { return (fromCores, nil) }
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let count = Int(text), count <= overrideMax else {
            return (fromCores, Problem(.invalidAnnotation, Messages.nodeCapacity(names.nodeCapacity, text, max: overrideMax)))
        }
        return (count, nil)
    }
}

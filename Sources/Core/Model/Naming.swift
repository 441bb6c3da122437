/// What things are called at the cloud. All of it is computed, so that an address can be found again by nothing but its key.
public enum Naming {
    /// Tag on every address this controller allocated. The value is constant.
    public static let creatorTag = Tag(key: "eip-controller.creator", value: "eip-controller")
    /// Tag key whose value is the UID of the cluster's `kube-system` namespace.
    public static let clusterTagKey = "eip-controller.cluster"

    /// ModifyAddressAttribute takes at most 128 characters: letters, digits, `-`, `_` (product/215/19213).
    public static let addressNameLengthMax = 128

    /// `<namespace>_<pod>`. `_` occurs in no Kubernetes name, so it is unambiguous. A name with dots (not allowed at the
    /// cloud) or too long becomes `<namespace>_<prefix>_<hash of both>`: two underscores, so it is never taken for a plain one.
    public static func addressName(_ key: Key) -> String {
        let plain = "\(key.namespace)_\(key.name)"
        if plain.utf8.count <= addressNameLengthMax, !plain.utf8.contains(UInt8(ascii: ".")) { return plain }
        let hash = StableHash.hex(of: key.namespace, key.name)
        let room = addressNameLengthMax - key.namespace.utf8.count - hash.utf8.count - 2
        let prefix = String(key.name.prefix(max(0, room)).map { $0 == "." ? "-" : $0 })
        return "\(key.namespace)_\(prefix)_\(hash)"
    }

    /// The key whose addresses have that name; nil when the name was shortened, or is none of ours.
    public static func key(ofAddressNamed name: String, cluster: String) -> Key? {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return Key(cluster: cluster, namespace: String(parts[0]), name: String(parts[1]))
    }

    /// AllocateAddresses' idempotency token: ASCII, at most 64 characters (product/215/16699). The claim's UID makes it
    /// unique, the serial makes a new one after the outcome of the last is known.
    public static func clientToken(_ key: Key, claimUID: String, serial: Int) -> String {
        let hash = StableHash.hex(of: key.cluster, key.namespace, key.name).prefix(8)
        return "\(claimUID.prefix(36))-\(hash)-\(serial)"
    }

    /// Whether the address is one this controller allocated for that key: creator, cluster and name, all three.
    public static func owns(_ address: Address, _ key: Key) -> Bool {
        isOurs(address, cluster: key.cluster) && address.name == addressName(key)
    }

    /// Whether this controller allocated the address, for any key of that cluster.
    public static func isOurs(_ address: Address, cluster: String) -> Bool {
        address.tags.contains(creatorTag) && address.tags.contains(Tag(key: clusterTagKey, value: cluster))
    }
}

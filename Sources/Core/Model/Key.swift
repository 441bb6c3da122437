/// What one pod name in one cluster is called everywhere: in the queue, at the cloud, in the ledger.
/// All that happens to a key happens in one shard, one at a time, in order.
public struct Key: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// UID of the cluster's `kube-system` namespace; never configured.
    public var cluster: String
    public var namespace: String
    /// Name of the pod, and of its claim.
    public var name: String

    public init(cluster: String, namespace: String, name: String) {
        self.cluster = cluster
        self.namespace = namespace
        self.name = name
    }

    /// `cluster/namespace/name`: the Kafka message's key. None of the parts can hold a slash.
    public var description: String { "\(cluster)/\(namespace)/\(name)" }

    /// Reads `description` back; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(cluster: String(parts[0]), namespace: String(parts[1]), name: String(parts[2]))
    }

    public static func < (a: Key, b: Key) -> Bool {
        (a.cluster, a.namespace, a.name) < (b.cluster, b.namespace, b.name)
    }

    /// The ordinal of a StatefulSet-like name: `web-12` is 12; nil without a trailing number.
    public var ordinal: Int? { Key.ordinal(ofPodNamed: name) }

    public static func ordinal(ofPodNamed name: String) -> Int? {
        guard let dash = name.lastIndex(of: "-") else { return nil }
        let digits = name[name.index(after: dash)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(digits)  // nil when it overflows: no such list exists
    }
}

/// A part of the work on one account and region. Keys never move between account-regions.
public struct AccountRegion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What the account is called in the configuration; with one account `default`.
    public var account: String
    /// Such as `ap-guangzhou`.
    public var region: String
    public init(account: String, region: String) {
        self.account = account
        self.region = region
    }
    public var description: String { "\(account)/\(region)" }
    public static func < (a: AccountRegion, b: AccountRegion) -> Bool { (a.account, a.region) < (b.account, b.region) }
}

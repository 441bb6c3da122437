/// Which partition a key belongs to: slot = hash(key) mod slots, partition = (hash(account, region) + slot × partitions/slots)
/// mod partitions. The slots of one account-region are spread evenly, so that they spread evenly over the workers.
/// The same on every machine and in every version: publishers and workers compute it apart from each other.
public struct ShardMap: Hashable, Sendable {
    /// the number of partitions of the topics; a change is a new topic
    public static let partitionsOfTopic = 32

    public let slots: Int
    public let partitions: Int

    /// Slots have to divide the partitions. In memory both are the number of slots, so partitions are 0..<slots.
    public init(slots: Int, partitions: Int = ShardMap.partitionsOfTopic) {
        precondition(ShardMap.isValid(slots: slots, partitions: partitions), "the number of slots, from 1, divides the number of partitions")
        self.slots = slots
        self.partitions = partitions
    }

    /// Whether a setting can be used; what to say otherwise is the reader's of the configuration.
    public static func isValid(slots: Int, partitions: Int = ShardMap.partitionsOfTopic) -> Bool {
        slots >= 1 && partitions >= slots && partitions % slots == 0
    }

    public func slot(of key: Key) -> Int { Int(StableHash.of(key.cluster, key.namespace, key.name) % UInt64(slots)) }

    public func partition(ofSlot slot: Int, of place: AccountRegion) -> Int {
        precondition(0 <= slot && slot < slots, "a slot is from 0 to the number of slots")
        let first = Int(StableHash.of(place.account, place.region) % UInt64(partitions))
        return (first + slot * (partitions / slots)) % partitions
    }

    public func partition(of key: Key, of place: AccountRegion) -> Int { partition(ofSlot: slot(of: key), of: place) }

    /// How many slots of that account-region someone has who has these partitions: its part of the account's limits.
    public func slotsOwned(of place: AccountRegion, in partitions: some Sequence<Int>) -> Int {
        let owned = Set(partitions)
        return (0..<slots).count { owned.contains(partition(ofSlot: $0, of: place)) }
    }
}

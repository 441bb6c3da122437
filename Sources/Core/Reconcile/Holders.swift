/// Which keys an address concerns: whose run looked at it, or called for it. Several, where pods list the same EIP of the user's.
struct Holders {
    private struct Entry {
        /// whose claims name it, as far as is known; who looked last is last
        var keys: [Key] = []
        /// who let go of it last: what was sent for that claim may still change it
        var last: Key?
    }
    private var entries: [AddressID: Entry] = [:]

    mutating func note(_ key: Key, _ id: AddressID) {
        if entries[id]?.keys.last == key { return }
        entries[id, default: Entry()].keys.removeAll { $0 == key }
        entries[id]!.keys.append(key)
    }

    /// Whose claims name it still, as far as is known.
    mutating func letGo(_ key: Key, _ id: AddressID) -> [Key] {
        entries[id, default: Entry()].keys.removeAll { $0 == key }
        entries[id]!.last = key
        return entries[id]!.keys
    }

    /// Whom a change of the address concerns.
    func keys(_ id: AddressID) -> [Key] {
        guard let entry = entries[id] else { return [] }
        return entry.keys.isEmpty ? entry.last.map { [$0] } ?? [] : entry.keys
    }

    /// Whose address it is, as far as that is known: who looked at it last, or whose name it carries where it was seen.
    func owner(of id: AddressID, seen address: Address?, cluster: String) -> Key? {
        if let key = keys(id).last { return key }
        guard let address, Naming.isOurs(address, cluster: cluster) else { return nil }
        return Naming.key(ofAddressNamed: address.name, cluster: cluster)
    }

    mutating func forget(where isForgotten: (AddressID) -> Bool) {
        for id in entries.keys where isForgotten(id) { entries[id] = nil }
    }
}

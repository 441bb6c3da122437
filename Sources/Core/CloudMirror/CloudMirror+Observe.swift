// How answers become entries.
extension CloudMirror {
    /// An address was seen, as it was at that moment or later.
    mutating func observe(_ address: Address, at seenAt: Instant, now: Instant, _ effects: inout [Effect]) {
        var address = address
        address.tags.sort()  // their order at the cloud means nothing, and must not look like a change
        let old = entries[address.id]
        if let old, old.observedAt > seenAt { return doubt(old, address, at: seenAt) }
        let isListable = address.tags.contains(Naming.creatorTag)
        let differs = put(Entry(address: address, observedAt: seenAt, missing: nil, isListable: isListable), for: address.id)
        report(address.id, differs: differs && (old != nil || isComplete), sentAt: seenAt, &effects)
        if address.status.isTransient, isListable || polling.polls[address.id] != nil { keepPolling(address.id, from: seenAt, now: now) }
        replan(address.id, sentAt: seenAt, now: now)
    }

    /// It was asked for by id by a request sent at `sentAt`, and is not there.
    mutating func observeMissing(_ id: AddressID, sentAt: Instant, now: Instant, _ effects: inout [Effect]) {
        let old = entries[id]
        if let old, old.observedAt > sentAt { return }
        var missing = old.flatMap { row(id, $0, sentAt: sentAt) } ?? Entry.Missing(since: sentAt, byIDCount: 0, listCount: 0)
        // A list that missed it long before says nothing of the time until now.
        if missing.byIDCount == 0, sentAt - missing.since > limits.missingGapMax { missing.since = sentAt }
        if missing.countedAt.map({ sentAt - $0 >= limits.missingCountGap }) ?? true {
            missing.byIDCount += 1
            missing.countedAt = sentAt
        }
        var entry = Entry(address: nil, observedAt: sentAt, missing: missing, isListable: old?.isListable ?? false)
        entry.isGone = old?.isGone ?? false
        if let old, let address = old.address {
            // Unless a list has missed it as well.
            if missing.listCount == 0 { entry.doubted = Entry.Sighting(address: address, at: old.observedAt) }
        } else {
            entry.doubted = old?.doubted
        }
        let differs = put(entry, for: id)
        report(id, differs: differs, sentAt: sentAt, &effects)
        replan(id, sentAt: sentAt, now: now)
    }

    /// The row of looks that one more would make longer. Between two that are too far apart one that is in no list may have been there;
    /// of others the lists tell.
    private func row(_ id: AddressID, _ old: Entry, sentAt: Instant) -> Entry.Missing? {
        guard old.address == nil, !old.isLost(limits), polling.polls[id]?.isTracked == true else { return old.missing }
        return sentAt - old.observedAt <= limits.missingGapMax ? old.missing : nil
    }

    /// A list has it, and a look that was later missed it.
    private mutating func doubt(_ old: Entry, _ address: Address, at seenAt: Instant) {
        guard old.address == nil, !old.isGone, old.doubted.map({ $0.at < seenAt }) ?? true else { return }
        var entry = old
        entry.doubted = Entry.Sighting(address: address, at: seenAt)
        _ = put(entry, for: address.id)
    }

    mutating func giveUp(_ id: AddressID) {
        guard var entry = entries[id], entry.address == nil else { return }
        entry.doubted = nil
        entry.isGone = true
        _ = put(entry, for: id)
    }

    /// A complete list that was begun at `listedAt` did not have it.
    mutating func observeUnlisted(_ id: AddressID, listedAt: Instant, now: Instant) {
        guard var entry = entries[id] else { return }
        // Of one that was seen only a newer list says something; one that is missing anyway is looked at all the time.
        guard entry.address == nil || entry.observedAt < listedAt - listingLag else { return }
        var missing = entry.missing ?? Entry.Missing(since: listedAt, byIDCount: 0, listCount: 0)
        missing.listCount += 1
        entry.missing = missing
        if let sighting = entry.doubted, sighting.at < listedAt - listingLag { entry.doubted = nil }
        _ = put(entry, for: id)
        if entry.address != nil { confirm(id, now: now) }
    }

    /// Entries of addresses that are gone for good are kept a while for those who ask, then dropped.
    mutating func dropGone(now: Instant) {
        let gone = entries.filter { id, entry in
            entry.known == nil && polling.polls[id] == nil && now - entry.observedAt >= limits.missingKept
        }
        for id in gone.keys { entries[id] = nil }  // nothing refers to them: an entry without an address is in no index
    }

    /// A change concerns others than those who waited as well.
    private mutating func report(_ id: AddressID, differs: Bool, sentAt: Instant, _ effects: inout [Effect]) {
        if differs { effects.append(.changed(id)) }
        if polling.satisfy(id, sentAt: sentAt) { effects.append(.observed(id)) }
    }
}

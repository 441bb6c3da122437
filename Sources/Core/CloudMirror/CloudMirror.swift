/// The worker's informer for the cloud: what the addresses of one account-region are, and when that was seen.
/// One list of everything with our tags at takeover, then slow relists for drift and fast polls by id for what is in flight.
/// It promises that an observation's time is that of the *sending* of the request that saw it, or `listingLag` before that where it was
/// a list, and that an older answer never replaces a newer one. It does not promise that the cloud's answers are consistent: whoever
/// decides asks `isLost`.
public struct CloudMirror: Sendable {
    public enum Call: Hashable, Sendable { case list, describe }

    public enum Event: Hashable, Sendable {
        case start
        case wake
        /// a page of the list of addresses with our tags; `total` is the cloud's TotalCount
        case listed([Address], total: Int, offset: Int, sentAt: Instant)
        case described(asked: [AddressID], found: [Address], sentAt: Instant)
        case failed(Call, CloudErrorClass, sentAt: Instant)
        /// somebody waits for an observation whose request was sent at or after `notBefore`
        case watch(AddressID, notBefore: Instant)
        /// somebody waits for a complete list that was begun at or after `notBefore`
        case relist(notBefore: Instant)
        /// a mutating call for it was sent or answered: it is polled often until it rests
        case acted(AddressID, at: Instant)
        /// the user's own addresses carry no tag of ours, so they are polled by id
        case track(AddressID)
        case forget(AddressID)
        /// one that is missing was given up by whoever decides: no list that is late brings it back
        case gone(AddressID)
    }

    public enum Effect: Hashable, Sendable {
        /// DescribeAddresses filtered by our tags; answered by `listed` or `failed(.list)`; one at a time
        case list(offset: Int, limit: Int)
        /// DescribeAddresses by id (with Limit: the default would cut it to 20); answered by `described` or `failed(.describe)`; one at a time
        case describe([AddressID])
        /// somebody who watched it has the observation waited for
        case observed(AddressID)
        /// it changed; who waits for it gets `observed` after that
        case changed(AddressID)
        /// a list is complete; the first one permits to allocate
        case complete(listedAt: Instant)
        case wake(at: Instant)
    }

    /// What is known of one address.
    public struct Entry: Hashable, Sendable {
        /// nil when the newest look by id did not find it
        public var address: Address?
        /// what it says was so then or later: send time of the look that saw this, or `listingLag` before that of the list
        public var observedAt: Instant
        public var missing: Missing?

        /// How often an address was not there. The list and the look by id are two sources; neither alone is believed.
        public struct Missing: Hashable, Sendable {
            /// send time of the first request of the row that did not find it; see `Limits.Mirror.missingGapMax`
            public var since: Instant
            /// looks by id without it, counted at most once per `Limits.Mirror.missingCountGap`
            public var byIDCount: Int
            /// complete lists without it
            public var listCount: Int
            var countedAt: Instant?
        }
        /// it carried our creator tag, so a list has to show it
        var isListable: Bool = false
        /// the newest look missed it, and nothing else has yet: it may be there, and is found by its name
        var doubted: Sighting?
        /// it is missing, and was given up
        var isGone: Bool = false

        struct Sighting: Hashable, Sendable {
            var address: Address
            var at: Instant
        }
        var known: Address? { address ?? doubted?.address }

        /// Missed by two sources, twice, and for so long that it does not exist any more, and in no list since. It stays so until it is seen.
        func isLost(_ limits: Limits.Mirror) -> Bool {
            guard address == nil, doubted == nil, let missing else { return false }
            return missing.byIDCount >= limits.missingCountWanted && missing.listCount >= 1 && observedAt - missing.since >= limits.lostAfter
        }
    }

    let limits: Limits.Mirror
    /// how far behind the cloud's list of everything may be; a look by id is not
    let listingLag: Duration
    var entries: [AddressID: Entry] = [:]
    private var names: [String: Set<AddressID>] = [:]
    private var spots: [Spot: Set<AddressID>] = [:]
    var listing = Listing()
    var polling = Polling()
    private var alarm = Alarm()

    private struct Spot: Hashable {
        var networkInterfaceID: String
        var privateIP: String
    }

    public init(limits: Limits.Mirror = Limits.Mirror(), listingLag: Duration = .zero) {
        self.limits = limits
        self.listingLag = listingLag
    }

    public mutating func handle(_ event: Event, now: Instant) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .start: startList(&effects)
        case .wake: break
        case .listed(let page, let total, let offset, let sentAt):
            listed(page, total: total, offset: offset, sentAt: sentAt, now: now, &effects)
        case .described(let asked, let found, let sentAt): described(asked, found, sentAt: sentAt, now: now, &effects)
        case .failed(.list, _, _): listFailed(now: now)
        case .failed(.describe, let kind, let sentAt): describeFailed(kind, sentAt: sentAt, now: now, &effects)
        case .watch(let id, let notBefore): watch(id, notBefore: notBefore, now: now, &effects)
        case .relist(let notBefore): relist(notBefore: notBefore, now: now, &effects)
        case .acted(let id, let at): acted(id, at: at, now: now)
        case .track(let id): track(id, now: now)
        case .forget(let id): forget(id)
        case .gone(let id): giveUp(id)
        }
        pumpList(now: now, &effects)
        pumpDescribe(now: now, &effects)
        let next = [listing.dueAt, describeDueAt].compactMap { $0 }.min()
        if let at = alarm.set(for: next, now: now) { effects.append(.wake(at: at)) }
        return effects
    }

    // MARK: Questions

    /// Whether one list was complete since the start: before that nothing may be allocated.
    public var isComplete: Bool { listing.listedAt != nil }
    /// Send time of the first page of the newest complete list: what existed then is known.
    public var listedAt: Instant? { listing.listedAt }
    /// nil when it was never looked for.
    public func entry(_ id: AddressID) -> Entry? { entries[id] }
    /// Whether it was looked for, or is about to be.
    public func knows(_ id: AddressID) -> Bool { entries[id] != nil || polling.polls[id] != nil }
    /// Whether it does not exist any more: one look that misses it, or many at once, are not believed.
    public func isLost(_ id: AddressID) -> Bool { entries[id]?.isLost(limits) ?? false }
    /// Addresses of that name, oldest first, then by id; last those that only a look by id has missed: that alone is not believed.
    public func named(_ name: String) -> [Address] {
        let ids = names[name]
        let doubted = ids?.compactMap { id in entries[id].flatMap { $0.address == nil ? $0.doubted?.address : nil } } ?? []
        return sorted(ids) + doubted.sorted { $0.id < $1.id }
    }
    /// Addresses that the cloud shows on that private IP of that interface; more than one only while it is inconsistent.
    public func boundTo(privateIP: String, networkInterfaceID: String) -> [Address] {
        sorted(spots[Spot(networkInterfaceID: networkInterfaceID, privateIP: privateIP)])
    }
    /// Every address known to exist, by id.
    public var addresses: [Address] { entries.values.compactMap(\.address).sorted { $0.id < $1.id } }

    private func sorted(_ ids: Set<AddressID>?) -> [Address] {
        (ids ?? []).compactMap { entries[$0]?.address }.sorted { ($0.createdAt ?? .distantFuture, $0.id) < ($1.createdAt ?? .distantFuture, $1.id) }
    }

    // MARK: The one place that writes entries

    /// Puts the new knowledge in and keeps the indexes right. Whether the address differs from what was known.
    mutating func put(_ entry: Entry, for id: AddressID) -> Bool {
        let old = entries[id]
        entries[id] = entry
        if let name = old?.known?.name, name != entry.known?.name {
            names[name]?.remove(id)
            if names[name]?.isEmpty == true { names[name] = nil }
        }
        if let name = entry.known?.name { names[name, default: []].insert(id) }
        guard old?.address != entry.address else { return false }
        if let spot = old?.address.flatMap(spot) {
            spots[spot]?.remove(id)
            if spots[spot]?.isEmpty == true { spots[spot] = nil }
        }
        if let spot = entry.address.flatMap(spot) { spots[spot, default: []].insert(id) }
        return true
    }

    private func spot(of address: Address) -> Spot? {
        guard let interface = address.networkInterfaceID, let ip = address.privateIP else { return nil }
        return Spot(networkInterfaceID: interface, privateIP: ip)
    }
}

extension Timestamp {
    fileprivate static let distantFuture = Timestamp(milliseconds: .max)
}

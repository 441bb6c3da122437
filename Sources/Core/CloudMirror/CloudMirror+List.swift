// The list of everything with our tags. Pages overlap: a page that shares no id with the one before it means that the list moved
// by more than the overlap while it was read, and something may have slipped through; then it is read again from the start.
// What was created during the list may be absent from it, and is not promised.
extension CloudMirror {
    struct Listing: Sendable {
        enum State: Sendable {
            /// before `start`
            case off
            /// a page is under way; next: paging, waiting, resting
            case paging(Pass)
            /// the last request failed; the page is asked for again then; next: paging
            case waiting(Pass, until: Instant)
            /// the list is as complete as it gets; next: paging
            case resting(until: Instant)
        }
        struct Pass: Sendable {
            var offset = 0
            /// send time and total of the first page
            var startedAt: Instant?
            var totalAtStart = 0
            var seen: Set<AddressID> = []
            var lastPage: Set<AddressID> = []
        }
        var state = State.off
        var failures = 0
        var restarts = 0
        /// all that was seen since the last complete list, over all restarts
        var round: Set<AddressID> = []
        var listedAt: Instant?
        /// a list begun at or after this is waited for
        var wantedFrom: Instant?

        var dueAt: Instant? {
            switch state {
            case .off, .paging: nil
            case .waiting(_, let until), .resting(let until): until
            }
        }
    }

    mutating func startList(_ effects: inout [Effect]) {
        switch listing.state {
        case .off: page(Listing.Pass(), &effects)
        case .paging, .waiting, .resting: break
        }
    }

    mutating func relist(notBefore: Instant, now: Instant, _ effects: inout [Effect]) {
        if let listedAt, listedAt >= notBefore {
            effects.append(.complete(listedAt: listedAt))
            return
        }
        listing.wantedFrom = max(listing.wantedFrom ?? notBefore, notBefore)
        switch listing.state {
        case .resting: listing.state = .resting(until: max(now, notBefore))
        case .off, .paging, .waiting: break
        }
    }

    mutating func pumpList(now: Instant, _ effects: inout [Effect]) {
        switch listing.state {
        case .off, .paging: break
        case .waiting(let pass, let until): if until <= now { page(pass, &effects) }
        case .resting(let until): if until <= now { page(Listing.Pass(), &effects) }
        }
    }

    mutating func listFailed(now: Instant) {
        guard case .paging(let pass) = listing.state else { return }
        listing.failures += 1
        listing.state = .waiting(pass, until: now + limits.backoff.wait(afterFailures: listing.failures))
    }

    mutating func listed(_ page: [Address], total: Int, offset: Int, sentAt: Instant, now: Instant, _ effects: inout [Effect]) {
        guard case .paging(var pass) = listing.state, pass.offset == offset else { return }  // an answer nobody waits for
        listing.failures = 0
        for address in page { observe(address, at: sentAt - listingLag, now: now, &effects) }
        let ids = Set(page.map(\.id))
        let isContiguous = offset == 0 || !pass.lastPage.isDisjoint(with: ids)
        guard isContiguous || isPatienceOver else { return restartList(now: now, &effects) }
        if pass.startedAt == nil {
            pass.startedAt = sentAt
            pass.totalAtStart = total
        }
        pass.seen.formUnion(ids)
        pass.lastPage = ids
        listing.round.formUnion(ids)
        let reached = offset + page.count
        if reached < total, !page.isEmpty {
            pass.offset = max(offset + 1, reached - limits.pageOverlap)
            return self.page(pass, &effects)
        }
        let enough = min(pass.totalAtStart, total)
        guard pass.seen.count >= enough || (isPatienceOver && listing.round.count >= enough) else { return restartList(now: now, &effects) }
        finishList(pass, now: now, &effects)
    }

    /// An order that changes all the time would never give a contiguous list: then the union of many has to do.
    private var isPatienceOver: Bool { listing.restarts >= limits.listRestartsMax }

    private mutating func restartList(now: Instant, _ effects: inout [Effect]) {
        listing.restarts += 1
        if isPatienceOver {
            listing.state = .waiting(Listing.Pass(), until: now + limits.backoff.wait(afterFailures: listing.restarts - limits.listRestartsMax + 1))
        } else {
            page(Listing.Pass(), &effects)
        }
    }

    private mutating func finishList(_ pass: Listing.Pass, now: Instant, _ effects: inout [Effect]) {
        guard let startedAt = pass.startedAt else { preconditionFailure("a list ends with its first page or after it") }
        let present = isPatienceOver ? listing.round : pass.seen
        listing.listedAt = startedAt
        listing.restarts = 0
        listing.round = []
        // Also what was never seen and is missed by its id: a worker that comes later has to learn that it is gone as well.
        for id in entries.filter({ ($0.value.isListable || $0.value.missing != nil) && !present.contains($0.key) }).keys.sorted() {
            observeUnlisted(id, listedAt: startedAt, now: now)
        }
        dropGone(now: now)
        var next = now + max(limits.relistEvery, limits.relistPerPage * (1 + pass.seen.count / limits.pageCountMax))
        if let wantedFrom = listing.wantedFrom {
            if wantedFrom <= startedAt { listing.wantedFrom = nil } else { next = max(now, wantedFrom) }
        }
        listing.state = .resting(until: next)
        effects.append(.complete(listedAt: startedAt))
    }

    private mutating func page(_ pass: Listing.Pass, _ effects: inout [Effect]) {
        listing.state = .paging(pass)
        effects.append(.list(offset: pass.offset, limit: limits.pageCountMax))
    }
}

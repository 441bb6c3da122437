public import Core

/// Reads a paged list completely, although addresses come and go between its pages. Pure.
///
/// The API pages by offset, so an address that goes moves all behind it to the front, and one of them out of sight. Pages
/// therefore overlap: as long as the first row of a page was in the pages before, nothing was skipped. Otherwise it begins
/// anew. (An address that comes pushes rows back, which only repeats some.) The order must be the same in all pages.
public struct AddressListing: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// ask for the page at this offset, 100 rows
        case page(offset: Int)
        /// in the order listed, each once; of an address seen twice the later reading
        case complete([Address])
        /// it changed too fast: ask later
        case unstable(attempts: Int)
    }
    /// Addresses that may go between two pages.
    public static let overlap = 10
    public static let attemptsMax = 5

    public private(set) var state = State.page(offset: 0)
    private var addresses: [Address] = []
    private var positions: [AddressID: Int] = [:]
    private var attempts = 1

    public init() {}

    /// Takes the page that `state` asked for.
    public mutating func take(_ page: AddressPage) {
        guard case .page(let offset) = state else { preconditionFailure("no page was asked for") }
        if offset > 0, !(page.addresses.first.map { positions[$0.id] != nil } ?? false) { return restart() }
        for address in page.addresses {
            if let position = positions[address.id] {
                addresses[position] = address
            } else {
                positions[address.id] = addresses.count
                addresses.append(address)
            }
        }
        let end = offset + page.addresses.count
        if end >= page.totalCount {
            state = .complete(addresses)
        } else if page.addresses.count <= Self.overlap {
            restart()  // a page that is short although more should follow leads nowhere
        } else {
            state = .page(offset: end - Self.overlap)
        }
    }

    private mutating func restart() {
        guard attempts < Self.attemptsMax else {
            state = .unstable(attempts: attempts)
            return
        }
        self = AddressListing(attempts: attempts + 1)
    }

    private init(attempts: Int) { self.attempts = attempts }
}

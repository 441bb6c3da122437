import Core
import Testing

@testable import Cloud

@Suite struct AddressListingTests {
    static func address(_ number: Int) -> Address { Address(id: AddressID("eip-\(number)"), name: "n", status: .unbind) }

    /// Lists `numbers`, changed by `change` before the page of that index, until it is over.
    func list(_ numbers: [Int], change: (Int, inout [Int]) -> Void = { _, _ in }) -> (state: AddressListing.State, pages: Int) {
        var numbers = numbers
        var listing = AddressListing()
        var pages = 0
        while case .page(let offset) = listing.state {
            change(pages, &numbers)
            pages += 1
            let rows = numbers.dropFirst(offset).prefix(100).map(Self.address)
            listing.take(AddressPage(addresses: rows, totalCount: numbers.count))
        }
        return (listing.state, pages)
    }

    @Test(arguments: [0, 1, 99, 100, 101, 190, 191, 250])
    func `every address is listed once`(count: Int) {
        let numbers = Array(0..<count)
        let result = list(numbers)
        #expect(result.state == .complete(numbers.map(Self.address)))
        #expect(result.pages == (count <= 100 ? 1 : count <= 190 ? 2 : 3))
    }

    /// An address that exists all the time is in the list, wherever and whenever others go or come.
    @Test func `none is skipped when others go or come between pages`() {
        for gone in stride(from: 0, through: 240, by: 8) {
            for page in 1...2 {
                for count in [1, 9, 10, 11, 40] {
                    let going = Set(gone..<(gone + count))
                    let left = list(Array(0..<250)) { if $0 == page { $1.removeAll { going.contains($0) } } }
                    expectAll((0..<250).filter { !going.contains($0) }, in: left.state)
                    let come = list(Array(0..<250)) { if $0 == page { $1.insert(contentsOf: 1000..<(1000 + count), at: gone) } }
                    expectAll(Array(0..<250), in: come.state)
                }
            }
        }
    }

    func expectAll(_ numbers: [Int], in state: AddressListing.State) {
        guard case .complete(let addresses) = state else {
            Issue.record("\(state)")
            return
        }
        let ids = addresses.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(Set(numbers.map { AddressID("eip-\($0)") }).subtracting(ids).isEmpty)
    }

    @Test func `a list that never holds still is no list`() {
        var next = 10_000
        let result = list(Array(0..<250)) { _, numbers in
            numbers.removeFirst(30)
            numbers += next..<(next + 30)
            next += 30
        }
        #expect(result.state == .unstable(attempts: 5))
    }

    @Test func `short pages lead to an end`() {
        var listing = AddressListing()
        var pages = 0
        while case .page = listing.state {
            listing.take(AddressPage(addresses: [Self.address(1)], totalCount: 7))
            pages += 1
            if pages > 100 { break }
        }
        #expect(listing.state == .unstable(attempts: 5))
    }

    @Test func `of an address seen twice the later reading counts`() {
        var listing = AddressListing()
        listing.take(AddressPage(addresses: (0..<100).map(Self.address), totalCount: 105))
        #expect(listing.state == .page(offset: 90))
        var changed = Self.address(95)
        changed.status = .bind
        listing.take(AddressPage(addresses: (90..<105).map { $0 == 95 ? changed : Self.address($0) }, totalCount: 105))
        guard case .complete(let all) = listing.state else {
            Issue.record("\(listing.state)")
            return
        }
        #expect(all.count == 105 && all[95].status == .bind)
    }
}

import Core
import Testing

@Suite struct `Shard map` {
    private static let places = (0..<50).flatMap { account in
        ["ap-guangzhou", "ap-beijing", "eu-frankfurt"].map { AccountRegion(account: "account-\(account)", region: $0) }
    }

    @Test(arguments: [1, 2, 4, 8, 16, 32]) func `slots of one account-region lie apart evenly`(slots: Int) {
        let map = ShardMap(slots: slots)
        for place in `Shard map`.places {
            let partitions = (0..<slots).map { map.partition(ofSlot: $0, of: place) }
            #expect(Set(partitions).count == slots)
            #expect(partitions.allSatisfy { (0..<32).contains($0) })
            let sorted = partitions.sorted()
            #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 == 32 / slots })
        }
    }

    @Test func `every split of the partitions over workers splits the slots exactly`() {
        let map = ShardMap(slots: 4)
        for place in `Shard map`.places {
            for workers in 1...8 {
                // as Kafka's range assignor cuts 32 partitions
                var total = 0
                for worker in 0..<workers {
                    let owned = (0..<32).filter { $0 * workers / 32 == worker }
                    total += map.slotsOwned(of: place, in: owned)
                }
                #expect(total == 4)
                if workers <= 4 {
                    let each = (0..<workers).map { worker in map.slotsOwned(of: place, in: (0..<32).filter { $0 * workers / 32 == worker }) }
                    #expect((each.max() ?? 0) - (each.min() ?? 0) <= 2)
                }
            }
        }
    }

    @Test func `a key has one slot, and all slots are used`() {
        let map = ShardMap(slots: 4)
        var counts = [0, 0, 0, 0]
        for number in 0..<4000 { counts[map.slot(of: Key(cluster: "c", namespace: "n", name: "web-\(number)"))] += 1 }
        #expect(counts.allSatisfy { $0 > 850 && $0 < 1150 })
    }

    /// Publishers and workers of different versions have to agree: these values never change.
    @Test func `the map is the same for ever`() {
        let map = ShardMap(slots: 4)
        let place = AccountRegion(account: "default", region: "ap-guangzhou")
        let key = Key(cluster: "5f3a2c1e-0000-4000-8000-000000000001", namespace: "default", name: "web-0")
        #expect(map.slot(of: key) == 0)
        #expect((0..<4).map { map.partition(ofSlot: $0, of: place) } == [12, 20, 28, 4])
    }

    @Test func `in memory the partitions are the slots`() {
        for slots in 1...8 {
            let map = ShardMap(slots: slots, partitions: slots)
            let place = AccountRegion(account: "default", region: "ap-guangzhou")
            #expect(Set((0..<slots).map { map.partition(ofSlot: $0, of: place) }) == Set(0..<slots))
        }
    }

    @Test func `a number of slots that does not divide the partitions is no setting`() {
        #expect((0...40).filter { ShardMap.isValid(slots: $0) } == [1, 2, 4, 8, 16, 32])
    }
}

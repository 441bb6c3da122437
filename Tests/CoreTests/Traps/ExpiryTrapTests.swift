import Core
import Models
import Testing

/// Trap 6 (TWY, ACK): the time to live counts from when the pod was last seen, so an outage of the controller counts as absence
/// of the pod, and what should have been kept is released at its end.
@Suite struct `Traps of expiry` {
    @Test func `the time an EIP is kept begins when its pod is seen to be gone, however long nobody looked`() throws {
        var drive = try TrapDrive()
        drive.world.createPod(annotations: World.fixed.merging(["claim-expired-duration": "10m"]) { $1 }, ip: "10.0.1.5")
        drive.settle()
        let id = drive.world.claim()?.spec.addressID
        drive.world.advance(.seconds(3 * 86_400))  // nobody looks
        drive.world.removePod()
        drive.world.advance(.seconds(3 * 86_400))
        let back = drive.world.now.wall
        drive.settle()
        let claim = try #require(drive.world.claim())
        let since = try #require(claim.status.retainedSince)
        #expect(drive.check() == [] && claim.status.phase == .retained && claim.spec.addressID == id)
        #expect(since >= back.wholeSeconds && claim.status.expiresAt == since + .seconds(600))
    }

    // Seeds 173, 7: a claim about to be bound kept an earlier absence's end.
    @Test func `a claim that is about to be bound does not expire, whoever reads it next`() throws {
        var drive = try TrapDrive()
        let expiring = World.fixed.merging(["claim-expired-duration": "10m"]) { $1 }
        drive.world.createPod(annotations: expiring, ip: "10.0.1.5")
        drive.settle()
        drive.world.removePod()
        drive.settle()
        #expect(drive.world.claim()?.status.expiresAt != nil)
        drive.world.createPod(annotations: expiring, ip: "10.0.1.6")
        drive.fate = { _, effect in effect.cloudVerb == .associate ? .crashedBefore : .performed }
        #expect(drive.run() == nil)
        let status = try #require(drive.world.claim()?.status)
        #expect(status.intent?.verb == .associate && status.expiresAt == nil && status.retainedSince == nil)
    }

    private static func claim(_ status: (inout ClaimStatus) -> Void = { _ in }) -> Claim {
        Build.claim {
            $0.spec.deletePolicy = .retain
            $0.spec.expireAfter = .seconds(600)
            $0.status.retainedSince = Now.s(0).wall
            $0.status.expiresAt = Now.s(600).wall
            status(&$0.status)
        }
    }
    private static func deleted(_ effects: [DueList.Effect]) -> Int { effects.count { if case .deleteClaim = $0 { true } else { false } } }

    /// A reaper that begins long after the claim's time was over.
    private static func restarted(pods: [Pod]?) -> DueList {
        var list = DueList()
        #expect(deleted(list.handle(.claimsListed([claim()]), now: .s(100_000))) == 0)
        if let pods { #expect(deleted(list.handle(.podsListed(pods), now: .s(100_000))) == 0) }
        return list
    }

    @Test func `a claim whose time ran out in an outage expires after complete lists and five minutes without a gap`() {
        var list = Self.restarted(pods: [])
        #expect(Self.deleted(list.handle(.wake, now: .s(150_000))) == 0, "not before both lists are followed")
        _ = list.handle(.observing, now: .s(200_000))
        #expect(Self.deleted(list.handle(.wake, now: .s(200_299))) == 0)
        #expect(Self.deleted(list.handle(.wake, now: .s(200_300))) == 1)
    }

    @Test func `a claim whose time ran out in an outage does not expire if its pod is back`() {
        for isListed in [true, false] {
            var list = Self.restarted(pods: isListed ? [Build.pod()] : [])
            _ = list.handle(.observing, now: .s(100_000))
            if !isListed { _ = list.handle(.podSeen(Build.pod()), now: .s(100_299)) }
            for second in stride(from: 100_300.0, to: 110_000, by: 100) { #expect(Self.deleted(list.handle(.wake, now: .s(second))) == 0) }
        }
    }
}

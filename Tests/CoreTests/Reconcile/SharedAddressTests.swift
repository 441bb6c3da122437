import Core
import Testing

/// Two pods list the same EIP of the user's, the one having come to the private IP of the other. Found by simulation.
@Suite struct `An EIP that several pods list` {
    private static let (first, second) = (ReconcilerDrive.key("web-0"), ReconcilerDrive.key("web-1"))
    private static let own = AddressID("eip-own")

    /// `first` was bound and its pod is gone, which nobody has been told. A pod of `second` had that private IP before, and has it again.
    private static func moved() -> ReconcilerDrive {
        var drive = ReconcilerDrive()
        drive.addresses[own] = Build.address {
            $0.id = own
            $0.name = "mine"
            $0.tags = []
        }
        drive.pods[first] = pod(first)
        drive.feed(.run(first))
        drive.pass(.seconds(5))
        drive.pods[first] = nil
        drive.pods[second] = pod(second)
        var target = drive.claims[first]!.status.binding!.target
        target.podUID = "uid-before"
        drive.claims[second] = Build.claim {
            $0.name = second.name
            $0.spec = ClaimSpec(source: .listed(own), deletePolicy: .delete, addressID: own)
            $0.status.binding = Binding(target: target, boundAt: drive.now.wall)
        }
        return drive
    }
    private static func pod(_ key: Key) -> Pod {
        Build.pod {
            $0.name = key.name
            $0.uid = "uid-\(key.name)"
            $0.want = .list([own, own])
        }
    }

    // Seed 859: an EIP that two pods list confirmed by a look from before the other claim unbound it, and its pod not told when that
    // claim went.
    @Test func `who has it is told when the other unbinds it, and when it changes after that`() {
        var drive = Self.moved()
        drive.feed(.run(Self.second))
        drive.pass(.seconds(5))
        #expect(drive.claims[Self.second]?.status.isReady == true)
        drive.feed(.run(Self.first))
        drive.pass(.seconds(5))
        #expect(drive.claims[Self.first] == nil && drive.addresses[Self.own]?.status == .unbind)
        #expect(drive.drifted.contains("web-1"))
        drive.feed(.run(Self.second))
        drive.pass(.seconds(5))
        #expect(drive.addresses[Self.own]?.status == .bind)
        let told = drive.drifted.count { $0 == "web-1" }
        drive.addresses[Self.own]!.status = .unbind
        drive.addresses[Self.own]!.privateIP = nil
        drive.pass(.seconds(70))
        #expect(drive.drifted.count { $0 == "web-1" } == told + 1, "one claim less names it, and it is still looked at")
    }

    // Seed 859: an EIP that two pods list confirmed by a look from before the other claim unbound it, and its pod not told when that
    // claim went.
    @Test func `a look that has become old while the run went on confirms nothing`() {
        var drive = Self.moved()
        drive.mute = [Self.second]
        drive.feed(.run(Self.second))
        // It has looked, and reads the pod's side once more before it says so.
        func isAboutToSaySo() -> Bool {
            guard case .readNetworkInterface? = drive.unanswered.last?.effect else { return false }
            return drive.looks.contains { $0.name == "web-1" }
        }
        for _ in 0..<40 where !isAboutToSaySo() {
            drive.answerMuted()
            drive.pass(.milliseconds(10))
        }
        #expect(isAboutToSaySo())
        #expect(drive.claims[Self.second]?.status.isReady == false)
        drive.feed(.run(Self.first))
        drive.pass(.seconds(5))
        #expect(drive.addresses[Self.own]?.status == .unbind)
        let bound = drive.times(of: .associate).count
        for _ in 0..<40 where drive.times(of: .associate).count == bound {
            drive.answerMuted()
            drive.pass(.milliseconds(300))
            #expect(drive.claims[Self.second]?.status.isReady == false || drive.addresses[Self.own]?.status == .bind)
        }
        drive.mute = []
        drive.answerMuted()
        drive.pass(.seconds(5))
        #expect(drive.addresses[Self.own]?.status == .bind && drive.claims[Self.second]?.status.isReady == true)
    }
}

import Core
import JSON
import Models
import Testing

@testable import Sandbox

/// Each promise, kept and broken: a watch that finds nothing would call every story good.
struct PromiseWatchTests {
    private static let pod = Sight.Pod(
        key: "default/a-0", uid: "uid-1", phase: "Running", isTerminating: false, ip: "10.0.0.1", node: "node-1", wantsEIP: true, publicIP: "198.18.0.1")
    private static let claim = Sight.Claim(
        key: "default/a-0", uid: "claim-1", isTerminating: false, phase: "Bound", isStatic: true, addressID: "eip-1", publicIP: "198.18.0.1",
        podUID: "uid-1", podIP: "10.0.0.1")

    private static func eip(_ id: String = "eip-1", to ip: String? = "10.0.0.1", isUserOwned: Bool = false) -> Sight.EIP {
        let address = Address(
            id: AddressID(id), name: "default_a-0", status: ip == nil ? .unbind : .bind, ip: id == "eip-1" ? "198.18.0.1" : "198.18.0.9", privateIP: ip)
        return Sight.EIP(address: address, isUserOwned: isUserOwned)
    }
    private static func sight(pods: [Sight.Pod] = [pod], claims: [Sight.Claim] = [claim], eips: [Sight.EIP] = [eip()]) -> Sight {
        Sight(pods: pods, claims: claims, eips: eips)
    }
    private static func broken(_ sights: Sight..., userOwned: [String] = []) -> [Promise: [String]] {
        var watch = PromiseWatch(userOwned: userOwned)
        for sight in sights { watch.lookAtRest(sight) }
        return watch.broken
    }

    @Test func `a bound pod breaks nothing`() {
        #expect(Self.broken(Self.sight()) == [:])
        #expect(Self.sight().bound("default/a-0") == Self.eip())
    }

    @Test func `an EIP that no claim names is leaked`() {
        #expect(Self.broken(Self.sight(eips: [Self.eip(), Self.eip("eip-2", to: nil)])).keys.map(\.self) == [.nothingLeaked])
    }

    @Test func `a user's EIP that no claim names is not leaked`() {
        #expect(Self.broken(Self.sight(eips: [Self.eip(), Self.eip("eip-2", to: nil, isUserOwned: true)])) == [:])
    }

    @Test func `a claim that says Bound while the cloud has another private IP is confirmed wrongly`() {
        var watch = PromiseWatch(userOwned: [])
        watch.look(Self.sight(eips: [Self.eip(to: "10.0.0.2")]))
        #expect(watch.broken.keys.map(\.self) == [.neverWrongPod])
    }

    @Test func `a pod that is told an IP it does not have is confirmed wrongly`() {
        var told = Self.pod
        told.publicIP = "198.18.0.7"
        #expect(Self.broken(Self.sight(pods: [told]))[.neverWrongPod] != nil)
    }

    @Test func `a claim may lag behind a pod that is stopping, but not at rest`() {
        var stopping = Self.pod
        stopping.isTerminating = true
        var watch = PromiseWatch(userOwned: [])
        watch.look(Self.sight(pods: [stopping], eips: [Self.eip(to: nil)]))
        #expect(watch.broken == [:])
        watch.lookAtRest(Self.sight(pods: []))
        #expect(watch.broken.keys.map(\.self) == [.neverWrongPod])
    }

    @Test func `a static claim with another EIP than before has lost its own, unless it was given up`() {
        var other = Self.claim
        other.addressID = "eip-2"
        let before = Self.sight(pods: [])
        let after = Self.sight(pods: [], claims: [other], eips: [Self.eip("eip-2", to: nil)])
        var watch = PromiseWatch(userOwned: [])
        watch.look(before)
        var forgetting = watch
        watch.look(after)
        #expect(watch.broken[.staticFollows] != nil)
        forgetting.forget("default/a-0")
        forgetting.look(after)
        #expect(forgetting.broken[.staticFollows] == nil)
    }

    @Test func `a user's EIP that is gone, or whose release was only tried, was not left alone`() {
        #expect(Self.broken(Self.sight(), userOwned: ["eip-9"]).keys.map(\.self) == [.userOwnedStays])
        var watch = PromiseWatch(userOwned: ["eip-9"])
        watch.look(atJournal: [
            CloudJournalEntry(
                time: Timestamp(milliseconds: 0), action: "ReleaseAddresses", parameters: ["AddressIds": ["eip-9"]], key: "AKID", outcome: "InternalError")
        ])
        #expect(watch.broken.keys.map(\.self) == [.userOwnedStays])
    }
}

struct ChronicleTests {
    @Test func `a change is told once, and the wait is measured from creation and from Running`() {
        var pod = Sight.Pod(key: "default/a", uid: "12345678-9", phase: "Pending", isTerminating: false, ip: nil, node: nil, wantsEIP: true, publicIP: nil)
        var chronicle = Chronicle()
        #expect(chronicle.note(Sight(pods: [pod], claims: [], eips: []), at: .seconds(1)).count == 1)
        #expect(chronicle.note(Sight(pods: [pod], claims: [], eips: []), at: .seconds(2)) == [])
        (pod.phase, pod.ip) = ("Running", "10.0.0.1")
        #expect(chronicle.note(Sight(pods: [pod], claims: [], eips: []), at: .seconds(3)).count == 1)
        pod.publicIP = "198.18.0.1"
        let claim = Sight.Claim(
            key: "default/a", uid: "c", isTerminating: false, phase: "Bound", isStatic: false, addressID: "eip-1", publicIP: "198.18.0.1",
            podUID: pod.uid, podIP: "10.0.0.1")
        let eip = Sight.EIP(
            address: Address(id: AddressID("eip-1"), name: "default_a", status: .bind, ip: "198.18.0.1", privateIP: "10.0.0.1"), isUserOwned: false)
        #expect(
            chronicle.note(Sight(pods: [pod], claims: [claim], eips: [eip]), at: .seconds(5)) == [
                "   5.00s  a               12345678 Running 10.0.0.1           Bound               eip-1 198.18.0.1 BIND  "
                    + "bound in 4.00s (2.00s after Running)"
            ])
        #expect(chronicle.waits == [Chronicle.Wait(key: "default/a", uid: pod.uid, sinceCreated: .seconds(4), sinceRunning: .seconds(2))])
        #expect(
            chronicle.note(Sight(pods: [], claims: [], eips: []), at: .seconds(6)) == ["   6.00s  a               no pod                              no claim"]
        )
    }
}

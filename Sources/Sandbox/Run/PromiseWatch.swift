internal import Core
internal import JSON
internal import Models

/// The promises that a story can see kept or broken, in the order of docs/architecture.md.
enum Promise: String, Sendable, CaseIterable {
    case nothingLeaked = "no EIP is leaked"
    case neverWrongPod = "no EIP is confirmed for the wrong pod"
    case userOwnedStays = "no EIP of the user is released"
    case staticFollows = "a static EIP follows its pod's name"
}

/// Checks the promises from outside: it knows the API server's objects, the cloud's addresses and the cloud's journal, and nothing of
/// the controller. No IO.
struct PromiseWatch: Sendable {
    private(set) var broken: [Promise: [String]] = [:]
    /// How often it looked.
    private(set) var looks = 0
    private let userOwned: Set<String>
    /// The EIP of each static claim, by key.
    private var kept: [String: String] = [:]

    init(userOwned: [String]) { self.userOwned = Set(userOwned) }

    /// What holds at every moment.
    mutating func look(_ sight: Sight) {
        looks += 1
        for claim in sight.claims where claim.phase == ClaimPhase.bound.rawValue && !claim.isTerminating {
            // A claim of a pod that is stopping, or gone, has yet to learn of it. One of a living pod has to be true.
            guard let pod = sight.pods.first(where: { $0.uid == claim.podUID }), pod.isAlive else { continue }
            let eip = sight.eip(claim.addressID)?.address
            if pod.key != claim.key || eip?.privateIP != pod.ip || claim.podIP != pod.ip || eip?.status.isBound != true {
                add(.neverWrongPod, "claim \(claim.key) says Bound to \(claim.podIP ?? "?"), the pod has \(pod.ip ?? "?"), \(Self.state(eip))")
            }
        }
        for pod in sight.pods where pod.isAlive {
            guard let ip = pod.publicIP else { continue }
            let eip = sight.eips.first { $0.address.ip == ip }?.address
            if eip?.privateIP != pod.ip { add(.neverWrongPod, "pod \(pod.key) (\(pod.ip ?? "?")) is told that it has \(ip); \(Self.state(eip))") }
        }
        for claim in sight.claims where claim.isStatic && !claim.isTerminating {
            guard let id = claim.addressID else { continue }
            if let before = kept[claim.key], before != id { add(.staticFollows, "\(claim.key) had \(before) and now has \(id)") }
            kept[claim.key] = id
        }
        for id in userOwned where sight.eip(id) == nil { add(.userOwnedStays, "\(id) is gone from the cloud") }
    }

    /// What holds whenever everything has come to rest.
    mutating func lookAtRest(_ sight: Sight) {
        look(sight)
        for eip in sight.eips where !eip.isUserOwned {
            let claims = sight.claims.filter { $0.addressID == eip.id }.map(\.key)
            if claims.count != 1 {
                add(.nothingLeaked, "\(eip.id) (\(eip.address.name)) is named by \(claims.isEmpty ? "no claim" : claims.joined(separator: " and "))")
            }
        }
        for pod in sight.pods where pod.isAlive && pod.wantsEIP {
            if let why = sight.whyUnbound(pod.key) { add(.neverWrongPod, "at rest, \(why)") }
        }
        for eip in sight.eips where eip.address.privateIP != nil && !sight.pods.contains(where: { $0.isAlive && $0.ip == eip.address.privateIP }) {
            add(.neverWrongPod, "at rest, \(eip.id) is bound to \(eip.address.privateIP ?? ""), which no pod has")
        }
    }

    /// No call may even try.
    mutating func look(atJournal journal: [CloudJournalEntry]) {
        for entry in journal where entry.action == CloudModel.Action.releaseAddresses.rawValue && entry.key != CloudModel.console {
            for id in (entry.parameters["AddressIds"].array ?? []).compactMap(\.string) where userOwned.contains(id) {
                add(.userOwnedStays, "ReleaseAddresses was called for \(id)")
            }
        }
    }

    /// The static EIP was given up on purpose.
    mutating func forget(_ key: String) { kept[key] = nil }

    private mutating func add(_ promise: Promise, _ what: String) {
        let seen = broken[promise, default: []]
        // the same again, at the next look, says nothing new
        if !seen.contains(what), seen.count < Self.shownMax { broken[promise] = seen + [what] }
    }
    /// Findings kept for each promise; more would only repeat them.
    private static let shownMax = 10

    private static func state(_ address: Address?) -> String {
        guard let address else { return "the cloud has no such EIP" }
        return "\(address.id) is \(address.status.rawValue) to \(address.privateIP ?? "nothing")"
    }
}

import JSON
import Testing

/// The promises, looked at from outside: the cloud's addresses and journal against the cluster's claims and pods.
///
/// Holds only when nothing is under way.
func expectPromisesKept(_ place: Place, userOwned: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let addresses = try await place.cloud.addresses()
    let claims = try await place.claims()
    let pods = try await place.pods()

    // 1. nothing leaked: each EIP that was allocated is named by exactly one claim
    for address in addresses where address.name.hasPrefix(place.namespace + "_") && !address.isUserOwned {
        let names = claims.filter { $0.addressID == address.id }.map(\.name)
        #expect(names.count == 1, "\(address.id) (\(address.name)) is named by claims \(names)", sourceLocation: sourceLocation)
    }
    // and each claim names one EIP of its own
    let named = claims.compactMap(\.addressID)
    #expect(Set(named).count == named.count, "two claims name one EIP: \(named)", sourceLocation: sourceLocation)

    // 2. nothing confirmed for the wrong pod
    for claim in claims where claim.phase == "Bound" {
        let pod = pods.first { $0.name == claim.name }
        let address = addresses.first { $0.id == claim.addressID }
        #expect(claim["status"]["binding"]["podUID"].string == pod?.uid, "\(claim.name)", sourceLocation: sourceLocation)
        #expect(address?.privateIP == pod?["status"]["podIP"].string, "\(claim.name)", sourceLocation: sourceLocation)
    }
    // no private IP has two EIPs
    let bound = addresses.compactMap(\.privateIP)
    #expect(Set(bound).count == bound.count, "two EIPs on one private IP: \(bound)", sourceLocation: sourceLocation)

    // 3. the user's own are never released
    let releases = try await place.cloud.writes(since: place.journalStart).filter { $0["action"].string == "ReleaseAddresses" && $0.mentions(userOwned) }
    #expect(releases.isEmpty, "\(releases)", sourceLocation: sourceLocation)
    for id in userOwned { #expect(addresses.contains { $0.id == id }, "\(id) is gone", sourceLocation: sourceLocation) }
}

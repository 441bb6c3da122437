/// What the ledger is told of a run.
extension Reconcile {
    /// Remembers an accepted call for the ledger, with a digest of what it was decided from.
    mutating func note(_ step: Step, _ reason: Reason, _ id: AddressID) {
        changes.append("\(step) because \(reason.rawValue)")
        var known = ""
        if case .present(let address) = facts.address.value?.reading { known = address.ip }
        let pod = facts.pod.value.flatMap { $0 }
        let claim = facts.claim.value.flatMap { $0 }
        let digest = StableHash.hex(
            of: claim?.uid ?? "", claim?.resourceVersion ?? "", pod?.uid ?? "", pod?.resourceVersion ?? "", "\(facts.address.value?.reading as Any)")
        changed = (id, known.isEmpty ? changed?.publicIP ?? "" : known, digest)
    }

    func record(_ outcome: ReconcileOutcome) -> [ReconcileEffect] {
        guard let changed else { return [] }
        let ended =
            switch outcome {
            case .settled(let reason), .again(_, let reason), .retry(let reason, _), .abandoned(let reason): reason
            }
        return [
            .record(
                LedgerRecord(
                    at: wall, key: key, addressID: changed.id, publicIP: changed.publicIP, factsDigest: changed.digest,
                    plan: changes.joined(separator: "; "), outcome: ended.rawValue, worker: policy.identity))
        ]
    }
}

internal import Core

/// Measures how long an EIP stays bound to a pod that is not there any more (or is another one, or has another IP): from the
/// first read that shows it to the moment at which the unbinding is confirmed. It only watches what runs read and write.
struct StaleBindings {
    private struct Watched {
        /// of the claim, as last read
        var target: Target?
        var absentSince: Instant?
        /// the cloud has accepted to unbind; the run's next step shows that it was read back
        var isUnbinding = false
    }
    private var keys: [Key: Watched] = [:]

    /// What a run was answered. How long the binding was stale, if this shows its end.
    mutating func saw(_ event: ReconcileEvent, _ key: Key, at now: Instant) -> Duration? {
        switch event {
        case .claimRead(let claim):
            var watched = keys[key] ?? Watched()
            watched.target = claim?.status.binding?.target ?? watched.target
            keys[key] = watched
        case .claimWritten(let claim):
            if claim.status.binding == nil, keys[key]?.isUnbinding == true { return confirmed(key, at: now) }
        case .podRead(let pod):
            guard let target = keys[key]?.target else { break }
            let isThere = pod.map { $0.uid == target.podUID && $0.podIP == target.podIP && !$0.isFinished } ?? false
            let before = keys[key]?.absentSince
            keys[key]?.absentSince = isThere ? nil : before ?? now
        case .start, .nodeRead, .networkInterfaceRead, .surroundingsRead, .observed, .listed, .claimGone, .podWritten, .granted, .closed, .allocated,
            .accepted, .refused, .failed, .stop:
            break
        }
        return nil
    }

    /// A step that was taken: after an unbinding, any other shows that it was read back.
    mutating func took(_ step: Step, _ key: Key, at now: Instant) -> Duration? {
        if case .disassociate = step {
            keys[key]?.isUnbinding = true
            return nil
        }
        return keys[key]?.isUnbinding == true ? confirmed(key, at: now) : nil
    }

    /// What is tried again goes on being measured.
    mutating func finished(_ key: Key, _ outcome: ReconcileOutcome) {
        switch outcome {
        case .settled, .abandoned: keys[key] = nil
        case .again, .retry: if keys[key]?.absentSince == nil { keys[key] = nil }
        }
    }

    mutating func forget(_ isGone: (Key) -> Bool) { keys = keys.filter { !isGone($0.key) } }

    private mutating func confirmed(_ key: Key, at now: Instant) -> Duration? {
        defer { keys[key] = nil }
        return keys[key]?.absentSince.map { now - $0 }
    }
}

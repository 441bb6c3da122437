/// Looks again and again until there is something to be seen. Real servers push nothing to a test, so it polls.
///
/// - Parameters:
///   - what: for the error.
///   - look: nil means not yet.
/// - Throws: `Unmet` after `limit`, or what `look` throws.
nonisolated(nonsending) func eventually<Seen>(
    _ what: String, within limit: Duration = .seconds(30), every interval: Duration = .milliseconds(100),
    _ look: nonisolated(nonsending) () async throws -> Seen?
) async throws -> Seen {
    let deadline = ContinuousClock.now + limit
    while true {
        if let seen = try await look() { return seen }
        guard ContinuousClock.now < deadline else { throw Unmet("not within \(limit): \(what)") }
        try await Task.sleep(for: interval)
    }
}

/// As `eventually`, for a condition. `words` may tell what is there instead.
nonisolated(nonsending) func eventually(
    _ what: String, within limit: Duration = .seconds(30), otherwise: @autoclosure () async throws -> String = "",
    holds: nonisolated(nonsending) () async throws -> Bool
) async throws {
    do {
        try await eventually(what, within: limit) { try await holds() ? () : nil }
    } catch let unmet as Unmet {
        throw Unmet("\(unmet.description) \(try await otherwise())")
    }
}

/// Looks again and again for a while; fails as soon as it does not hold.
nonisolated(nonsending) func always(_ what: String, for span: Duration, holds: nonisolated(nonsending) () async throws -> Bool) async throws {
    let end = ContinuousClock.now + span
    while ContinuousClock.now < end {
        guard try await holds() else { throw Unmet("did not last: \(what)") }
        try await Task.sleep(for: .milliseconds(100))
    }
}

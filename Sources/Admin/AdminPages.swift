/// What is asked before a request is answered. The closures are called by many requests at once.
public struct AdminSources: Sendable {
    /// The name of something this process needs, and what is wrong with it; nil: nothing.
    public typealias Check = (name: String, trouble: String?)

    /// Why this process has to be restarted; nil: it lives. Not for what a restart does not mend.
    public var stuck: @Sendable () async -> String?
    /// All that this process needs for its work, in the order to be shown.
    public var checks: @Sendable () async -> [Check]
    /// In Prometheus' text format (`Metrics.contentType`).
    public var exposition: @Sendable () async -> String

    public init(
        stuck: @escaping @Sendable () async -> String? = { nil }, checks: @escaping @Sendable () async -> [Check],
        exposition: @escaping @Sendable () async -> String
    ) {
        (self.stuck, self.checks, self.exposition) = (stuck, checks, exposition)
    }
}

/// Texts of the health pages, in the form of kube-apiserver's (kubernetes.io/docs/reference/using-api/health-checks).
enum AdminPages {
    /// Characters of a reason that are shown; the log has the whole.
    static let reasonLengthMax = 500

    /// - Parameter verbose: also when all is well; a failure always lists all checks.
    static func readiness(_ checks: [AdminSources.Check], verbose: Bool) -> (isGood: Bool, text: String) {
        let isGood = checks.allSatisfy { $0.trouble == nil }
        if isGood, !verbose { return (true, "ok") }
        let lines = checks.map { check in
            check.trouble.map { "[-]\(check.name) failed: \(oneLine($0))" } ?? "[+]\(check.name) ok"
        }
        return (isGood, (lines + ["readyz check \(isGood ? "passed" : "failed")"]).map { $0 + "\n" }.joined())
    }

    /// A reason may come from a server's answer: it must not look like another check's line.
    static func oneLine(_ reason: String) -> String {
        let line = String(reason.map { $0.isNewline ? " " : $0 })
        return line.count <= reasonLengthMax ? line : line.prefix(reasonLengthMax) + "…"
    }
}

internal import Core

/// Compares each sight with the one before: says what changed, one line per change, and measures the time to bound. No IO.
struct Chronicle: Sendable {
    private struct Row: Hashable, Sendable {
        var pod: Sight.Pod?
        var claim: Sight.Claim?
        var eip: String?
        var status: String?
        var isBound: Bool
    }
    /// How long a pod waited for its EIP.
    struct Wait: Hashable, Sendable {
        var key: String
        var uid: String
        /// Since its creation.
        var sinceCreated: Duration
        /// Since it had a private IP, which is what an EIP is bound to.
        var sinceRunning: Duration
    }
    private var rows: [String: Row] = [:]
    /// When a pod was first seen, and first seen Running, by uid.
    private var created: [String: Duration] = [:]
    private var running: [String: Duration] = [:]
    private(set) var waits: [Wait] = []

    /// - Parameter at: since the start.
    mutating func note(_ sight: Sight, at: Duration) -> [String] {
        for pod in sight.pods where pod.wantsEIP {
            if created[pod.uid] == nil { created[pod.uid] = at }
            if pod.isAlive, running[pod.uid] == nil { running[pod.uid] = at }
        }
        let wanted = Set(sight.pods.filter(\.wantsEIP).map(\.key) + sight.claims.map(\.key))
        var lines: [String] = []
        for key in wanted.union(rows.keys).sorted() {
            guard wanted.contains(key) else {
                rows[key] = nil
                lines.append(Self.line(at, key, "no pod", "no claim", ""))
                continue
            }
            let row = Self.row(key, sight)
            let before = rows.updateValue(row, forKey: key)
            let wait = row.isBound ? firstBound(row.pod, at: at) : nil
            guard before.map(Self.shown) != Self.shown(row) || wait != nil else { continue }
            let (pod, claim, eip) = Self.texts(row)
            lines.append(
                Self.line(at, key, pod, claim, eip + (wait.map { "  bound in \($0.sinceCreated.shown) (\($0.sinceRunning.shown) after Running)" } ?? "")))
        }
        return lines
    }

    /// Its wait, the first time that this pod is seen bound.
    private mutating func firstBound(_ pod: Sight.Pod?, at: Duration) -> Wait? {
        guard let pod, let since = created[pod.uid], let ready = running[pod.uid], !waits.contains(where: { $0.uid == pod.uid }) else { return nil }
        let wait = Wait(key: pod.key, uid: pod.uid, sinceCreated: at - since, sinceRunning: at - ready)
        waits.append(wait)
        return wait
    }

    private static func row(_ key: String, _ sight: Sight) -> Row {
        let claim = sight.claim(key)
        let eip = sight.eip(claim?.addressID)
        return Row(pod: sight.pod(key), claim: claim, eip: eip?.address.ip, status: eip?.address.status.rawValue, isBound: sight.bound(key) != nil)
    }
    private static func shown(_ row: Row) -> [String] {
        let (pod, claim, eip) = texts(row)
        return [pod, claim, eip]
    }
    private static func texts(_ row: Row) -> (pod: String, claim: String, eip: String) {
        let pod = row.pod.map { pod in
            let state = pod.isTerminating ? "Terminating" : pod.phase
            return "\(pod.uid.prefix(8)) \(state)" + (pod.ip.map { " \($0)" } ?? "")
        }
        let claim = row.claim.map { claim in
            (claim.phase.isEmpty ? "new" : claim.phase) + (claim.isTerminating ? ", deleted" : "")
        }
        let eip = row.claim?.addressID.map { id in "\(id) \(row.eip ?? "") \(row.status ?? "not at the cloud")" } ?? ""
        return (pod ?? "no pod", claim ?? "no claim", eip)
    }
    private static func line(_ at: Duration, _ key: String, _ pod: String, _ claim: String, _ eip: String) -> String {
        let name = key.split(separator: "/").last.map(String.init) ?? key
        let text = "\(at.shown.leftPadded(8))  \(name.padded(16))\(pod.padded(36))\(claim.padded(20))\(eip)"
        return String(text.reversed().drop { $0 == " " }.reversed())
    }
}

extension Duration {
    /// Seconds with two digits: `1.25s`.
    var shown: String {
        let hundredths = (components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 + 5) / 10
        let cents = hundredths % 100
        return "\(hundredths / 100).\(cents < 10 ? "0" : "")\(cents)s"
    }
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: Swift.max(1, width - count)) }
    func leftPadded(_ width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }
}

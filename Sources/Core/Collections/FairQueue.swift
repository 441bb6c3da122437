/// A queue that takes turns between clusters, and inside a cluster between namespaces; first in, first out inside a namespace.
/// A tenant with ten thousand elements delays another's single one by one turn.
struct FairQueue<Element: Hashable & Sendable>: Sendable {
    private struct Cluster: Sendable {
        var namespaces = OrderedDictionary<String, OrderedDictionary<Element, Bool>>()
    }
    private var clusters = OrderedDictionary<String, Cluster>()
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Behind the others of its namespace. An element that is in already keeps its place.
    mutating func push(_ element: Element, cluster: String, namespace: String) {
        change(cluster: cluster, namespace: namespace) { line in
            guard line[element] == nil else { return 0 }
            line[element] = true
            return 1
        }
    }

    /// Whether it was in.
    mutating func remove(_ element: Element, cluster: String, namespace: String) -> Bool {
        let before = count
        change(cluster: cluster, namespace: namespace) { line in line.remove(element) == nil ? 0 : -1 }
        return count < before
    }

    mutating func popFirst() -> Element? {
        guard let (cluster, firstTurn) = clusters.removeFirst() else { return nil }
        var turn = firstTurn
        guard let (namespace, firstLine) = turn.namespaces.removeFirst() else { preconditionFailure("a cluster without elements is not kept") }
        var line = firstLine
        guard let (element, _) = line.removeFirst() else { preconditionFailure("a namespace without elements is not kept") }
        if !line.isEmpty { turn.namespaces[namespace] = line }  // to the end: the next turn is another's
        if !turn.namespaces.isEmpty { clusters[cluster] = turn }
        count -= 1
        return element
    }

    /// Takes the line out while it is changed, so that it is changed in place, and puts it back where it was.
    private mutating func change(cluster: String, namespace: String, _ body: (inout OrderedDictionary<Element, Bool>) -> Int) {
        var turn = clusters[cluster] ?? Cluster()
        if clusters[cluster] != nil { clusters[cluster] = Cluster() }
        var line = turn.namespaces[namespace] ?? OrderedDictionary()
        if turn.namespaces[namespace] != nil { turn.namespaces[namespace] = OrderedDictionary() }
        count += body(&line)
        turn.namespaces[namespace] = line.isEmpty ? nil : line
        clusters[cluster] = turn.namespaces.isEmpty ? nil : turn
    }
}

/// Fair queues in order of rank, 0 first. A lower lane that waited for `ageMax` since it was last served gets the next turn, but
/// never two turns in a row: nothing starves, and the first lane keeps at least half. With `staysAged` such a lane gets every
/// second turn until it is empty; without it, it has to grow old anew after each.
struct Lanes<Element: Hashable & Sendable>: Sendable {
    private struct Lane: Sendable {
        var queue = FairQueue<Element>()
        /// since when it has something and was not served
        var waitingSince: Instant?
    }
    private var lanes: [Lane]
    private let ageMax: Duration
    private let staysAged: Bool
    private var servedAgedLast = false

    init(count: Int, ageMax: Duration, staysAged: Bool = false) {
        lanes = Array(repeating: Lane(), count: count)
        self.ageMax = ageMax
        self.staysAged = staysAged
    }

    var count: Int { lanes.reduce(0) { $0 + $1.queue.count } }
    var isEmpty: Bool { lanes.allSatisfy(\.queue.isEmpty) }

    mutating func push(_ element: Element, lane: Int, cluster: String, namespace: String, now: Instant) {
        lanes[lane].queue.push(element, cluster: cluster, namespace: namespace)
        if lanes[lane].waitingSince == nil { lanes[lane].waitingSince = now }
    }

    mutating func remove(_ element: Element, lane: Int, cluster: String, namespace: String) -> Bool {
        guard lanes[lane].queue.remove(element, cluster: cluster, namespace: namespace) else { return false }
        if lanes[lane].queue.isEmpty { lanes[lane].waitingSince = nil }
        return true
    }

    mutating func popFirst(now: Instant) -> Element? {
        guard let first = lanes.firstIndex(where: { !$0.queue.isEmpty }) else { return nil }
        let aged = servedAgedLast ? nil : agedLane(below: first, now: now)
        servedAgedLast = aged != nil
        let lane = aged ?? first
        let element = lanes[lane].queue.popFirst()
        if lanes[lane].queue.isEmpty {
            lanes[lane].waitingSince = nil
        } else if aged == nil || !staysAged {
            lanes[lane].waitingSince = now
        }
        return element
    }

    /// The lane below that one that has waited longest, if it has waited too long.
    private func agedLane(below first: Int, now: Instant) -> Int? {
        var aged: (lane: Int, since: Instant)?
        for lane in lanes.indices.dropFirst(first + 1) {
            guard let since = lanes[lane].waitingSince, now - since >= ageMax else { continue }
            if let oldest = aged?.since, oldest <= since { continue }
            aged = (lane, since)
        }
        return aged?.lane
    }
}

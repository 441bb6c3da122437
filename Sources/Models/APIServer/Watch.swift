public import JSON

/// One event of a watch.
public struct WatchEvent: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }
    public var kind: Kind
    public var object: JSONValue
    public init(_ kind: Kind, _ object: JSONValue) {
        self.kind = kind
        self.object = object
    }
    /// One line of a watch stream.
    public var json: JSONValue { ["type": .string(kind.rawValue), "object": object] }
}

/// Where one watch has got to.
public struct Watch: Sendable {
    public let resource: Resource
    /// Nil for all namespaces.
    public let namespace: String?
    public let selectors: Selectors
    /// Everything up to here was delivered.
    public internal(set) var position: UInt64
    let epoch: Int
}

extension APIServerModel {
    /// Opens a watch. With resourceVersion "" or "0" its first events are the objects that exist; a revision of the future is
    /// accepted and silent until it is reached, as with the real server.
    ///
    /// - Throws: 410 if that revision is no longer kept (the server sends it as an ERROR event), 500 if it is no number.
    public func watch(
        _ resource: Resource, namespace: String? = nil, from resourceVersion: String, _ selectors: Selectors = Selectors()
    ) throws(APIStatus) -> (watch: Watch, first: [WatchEvent]) {
        let from = try Self.parse(resourceVersion: resourceVersion)
        var watch = Watch(resource: resource, namespace: namespace, selectors: selectors, position: from, epoch: epoch)
        guard from > 0 else {
            watch.position = revision
            return (watch, all(resource, namespace: namespace).filter(selectors.match).map { WatchEvent(.added, $0) })
        }
        guard from >= compactedRevision else { throw .expired("too old resource version: \(from) (\(compactedRevision))") }
        return (watch, [])
    }

    /// What happened since the last call; nil once history was rewritten, when the server cuts its watches.
    ///
    /// An object that enters or leaves the selection is added or deleted for this watch.
    public func events(for watch: inout Watch) -> [WatchEvent]? {
        guard watch.epoch == epoch else { return nil }
        var events: [WatchEvent] = []
        let prefix = watch.namespace.map { "\($0)/" } ?? ""
        for change in changes[firstChange(after: watch.position)...] where change.resource == watch.resource.name && change.key.hasPrefix(prefix) {
            if let event = seen(change, through: watch.selectors) { events.append(event) }
        }
        watch.position = max(watch.position, revision)
        return events
    }

    /// Tells a watch's client how far it has got, so that it can resume there.
    public func bookmark(for watch: Watch) -> WatchEvent {
        WatchEvent(
            .bookmark,
            [
                "kind": .string(watch.resource.kind), "apiVersion": .string(watch.resource.apiVersion),
                "metadata": ["resourceVersion": .string(String(watch.position)), "creationTimestamp": .null],
            ])
    }

    private func seen(_ change: Change, through selectors: Selectors) -> WatchEvent? {
        let was = change.before.map(selectors.match) ?? false
        if let after = change.after, selectors.match(after) { return WatchEvent(was ? .modified : .added, after) }
        guard was, var gone = change.before else { return nil }
        gone["metadata"]["resourceVersion"] = .string(String(change.revision))
        return WatchEvent(.deleted, gone)
    }
    /// Binary search: changes are in the order of their revisions.
    private func firstChange(after revision: UInt64) -> Int {
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].revision > revision { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// What happened to an object, in the words of the API.
public enum ReflectorChange: String, Hashable, Sendable, CaseIterable {
    case added = "ADDED"
    case modified = "MODIFIED"
    case deleted = "DELETED"
}

/// What whoever follows a collection should know beside its objects.
public enum ReflectorReport: Hashable, Sendable {
    /// The watch stands: from here on silence means that nothing changed. Follows every list and every `disconnected`.
    case synced
    /// All changes up to this version have been seen.
    case bookmark(resourceVersion: String)
    /// etcd was rolled back: what was known may never have happened. A complete list follows.
    case rewound(from: String, to: String)
    /// Nothing is seen until `synced` comes again.
    case disconnected(KubernetesError)
}

/// What following a collection gives, in order.
public enum ReflectorEvent<Object: Sendable>: Sendable {
    /// Everything there is: what is not in here is gone. Objects that did not read follow as `unreadable`, before anything else.
    case listed([Object], resourceVersion: String)
    case changed(ReflectorChange, Object)
    case unreadable(ReflectorChange, UnreadableObject)
    case report(ReflectorReport)
}
extension ReflectorEvent: Equatable where Object: Equatable {}

public import Core
internal import JSON

/// A `core/v1` Event about a pod or a claim.
public struct ObjectEvent: Hashable, Sendable {
    /// What the Event is about.
    public struct Regarding: Hashable, Sendable {
        public var apiVersion: String
        public var kind: String
        public var namespace: String
        public var name: String
        public var uid: String
        public init(apiVersion: String, kind: String, namespace: String, name: String, uid: String) {
            self.apiVersion = apiVersion
            self.kind = kind
            self.namespace = namespace
            self.name = name
            self.uid = uid
        }
    }

    public var regarding: Regarding
    /// type Warning, else Normal
    public var isWarning: Bool
    public var reason: Reason
    public var message: String
    public var at: Timestamp

    public init(regarding: Regarding, isWarning: Bool, reason: Reason, message: String, at: Timestamp) {
        self.regarding = regarding
        self.isWarning = isWarning
        self.reason = reason
        self.message = Messages.bounded(message)
        self.at = at
    }

    /// The same words about the same object have the same name, in every replica and after every restart: creating it again is
    /// answered with 409 AlreadyExists, and a retry adds no second Event.
    public var name: String {
        let hash = StableHash.hex(of: regarding.uid, reason.rawValue, message)
        // metadata.name takes 253 characters and no part of it may end in a dash
        var prefix = regarding.name.prefix(253 - 1 - hash.count)
        while prefix.last == "-" || prefix.last == "." { prefix.removeLast() }
        return "\(prefix).\(hash)"
    }

    /// POST to the events of `regarding.namespace`.
    public var body: [UInt8] {
        let value: JSONValue = [
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": ["namespace": .string(regarding.namespace), "name": .string(name)],
            "involvedObject": [
                "apiVersion": .string(regarding.apiVersion), "kind": .string(regarding.kind), "namespace": .string(regarding.namespace),
                "name": .string(regarding.name), "uid": .string(regarding.uid),
            ],
            "type": isWarning ? "Warning" : "Normal",
            "reason": .string(reason.rawValue),
            "message": .string(message),
            "source": ["component": .string(ClaimResource.component)],
            "firstTimestamp": .string(at.rfc3339),
            "lastTimestamp": .string(at.rfc3339),
            "count": 1,
        ]
        return value.bytes()
    }
}

extension Pod {
    /// For Events about it.
    public var regarding: ObjectEvent.Regarding {
        ObjectEvent.Regarding(apiVersion: "v1", kind: "Pod", namespace: namespace, name: name, uid: uid)
    }
}

extension Claim {
    /// For Events about it.
    public var regarding: ObjectEvent.Regarding {
        ObjectEvent.Regarding(
            apiVersion: ClaimResource.apiVersion, kind: ClaimResource.kind, namespace: namespace, name: name, uid: uid)
    }
}

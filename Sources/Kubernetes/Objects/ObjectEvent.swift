public import Core
internal import JSON

/// A core/v1 Event: what `kubectl describe` shows under an object.
public struct ObjectEvent: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }
    public struct Subject: Hashable, Sendable {
        public var apiVersion: String
        public var kind: String
        /// Empty for objects of the cluster: their events are in `default`.
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
    /// Chosen by the caller so that the same news has the same name: said twice it is there once.
    public var name: String
    public var subject: Subject
    public var kind: Kind
    /// CamelCase, at most 128 bytes.
    public var reason: String
    /// At most 1024 bytes: cut here, because the API server refuses more.
    public var message: String
    public var at: Timestamp
    /// `source.component` and `reportingComponent`.
    public var component: String
    /// `source.host` and `reportingInstance`: which replica.
    public var instance: String

    public init(name: String, subject: Subject, kind: Kind, reason: String, message: String, at: Timestamp, component: String, instance: String) {
        self.name = name
        self.subject = subject
        self.kind = kind
        self.reason = reason
        self.message = message
        self.at = at
        self.component = component
        self.instance = instance
    }

    public static let messageBytesMax = 1024
    var namespace: String { subject.namespace.isEmpty ? "default" : subject.namespace }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.field("apiVersion", "v1")
            w.field("kind", "Event")
            w.field("metadata") { w in
                w.field("name", name)
                w.field("namespace", namespace)
            }
            w.field("involvedObject") { w in
                w.field("apiVersion", subject.apiVersion)
                w.field("kind", subject.kind)
                if !subject.namespace.isEmpty { w.field("namespace", subject.namespace) }
                w.field("name", subject.name)
                w.field("uid", subject.uid)
            }
            w.field("type", kind.rawValue)
            w.field("reason", reason)
            w.field("message", cut(message))
            w.field("source") { w in
                w.field("component", component)
                w.field("host", instance)
            }
            w.field("firstTimestamp", at.rfc3339)
            w.field("lastTimestamp", at.rfc3339)
            w.field("count", 1)
            w.field("reportingComponent", component)
            w.field("reportingInstance", instance)
        }
        return writer.bytes
    }

    /// Never in the middle of a character.
    private func cut(_ text: String) -> String {
        guard text.utf8.count > Self.messageBytesMax else { return text }
        var kept = ""
        var bytes = "…".utf8.count
        for character in text {
            bytes += character.utf8.count
            if bytes > Self.messageBytesMax { break }
            kept.append(character)
        }
        return kept + "…"
    }
}

extension KubernetesClient {
    /// Creates an Event; one of that name being there already is what was wanted.
    /// - Returns: whether it was created now.
    @discardableResult
    public func record(_ event: ObjectEvent) async throws(KubernetesError) -> Bool {
        do throws(KubernetesError) {
            _ = try await create(Resource.events.all(in: event.namespace), event.json)
            return true
        } catch {
            guard error.reason == .alreadyExists else { throw error }
            return false
        }
    }
}

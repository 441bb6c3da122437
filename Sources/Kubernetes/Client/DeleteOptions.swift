internal import JSON

/// `metav1.DeleteOptions`.
public struct DeleteOptions: Hashable, Sendable {
    public enum Propagation: String, Hashable, Sendable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }
    /// Preconditions: an object with another uid or resource version stays, and the call answers `.conflict`.
    public var uid: String?
    public var resourceVersion: String?
    public var propagation: Propagation?
    public var gracePeriod: Duration?

    public init(uid: String? = nil, resourceVersion: String? = nil, propagation: Propagation? = nil, gracePeriod: Duration? = nil) {
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagation = propagation
        self.gracePeriod = gracePeriod
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { w in
            w.field("apiVersion", "v1")
            w.field("kind", "DeleteOptions")
            if let gracePeriod { w.field("gracePeriodSeconds", gracePeriod.components.seconds) }
            if let propagation { w.field("propagationPolicy", propagation.rawValue) }
            if uid != nil || resourceVersion != nil {
                w.field("preconditions") { w in
                    if let uid { w.field("uid", uid) }
                    if let resourceVersion { w.field("resourceVersion", resourceVersion) }
                }
            }
        }
        return writer.bytes
    }
}

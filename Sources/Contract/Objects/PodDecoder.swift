public import Core
public import JSON

/// Reads pods as lists and watches bring them, only what decisions need. It is the hot path of a large cluster: most pods want
/// no EIP, and of those little more than their names is decoded.
public struct PodDecoder: Sendable {
    private let names: AnnotationNames
    private let annotationPrefix: String

    public init(names: AnnotationNames) {
        self.names = names
        annotationPrefix = names.domain + "/"
    }

    /// Reads one pod and leaves the reader after it. Unknown fields are skipped.
    /// - Throws: where the text is no JSON, or a field that is needed has another type than Kubernetes gives it.
    public func decode(_ reader: inout JSONReader) throws(JSONError) -> Pod {
        var meta: ObjectMeta?
        var spec = Spec()
        var status = Status()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "metadata": meta = try ObjectMeta(&r, annotationPrefix: annotationPrefix)
            case "spec": try spec.read(&r)
            case "status": try status.read(&r)
            default: try r.skip()
            }
        }
        guard let meta else { throw JSONError(offset: 0, reason: "pod without metadata") }
        try meta.checkIdentity()
        let wishes = names.wishes(of: meta.annotations, hostNetwork: spec.hostNetwork)
        return Pod(
            namespace: meta.namespace, name: meta.name, uid: meta.uid, resourceVersion: meta.resourceVersion, phase: status.phase,
            podIP: status.podIP, nodeName: spec.nodeName, hostNetwork: spec.hostNetwork, isTerminating: meta.isDeleting,
            containersTerminated: status.containers > 0 && !status.hasLivingContainer, want: wishes.want, deletePolicy: wishes.deletePolicy,
            expireAfter: wishes.expireAfter, publicIPAnnotation: meta.annotations[names.publicIP], owner: meta.owner)
    }

    /// Reads a document that is one pod.
    public func decode(bytes: [UInt8]) throws(JSONError) -> Pod {
        try JSONReader.read(bytes) { reader throws(JSONError) in try decode(&reader) }
    }

    /// The pod in a value that is already parsed.
    public func decode(_ value: JSONValue) throws(JSONError) -> Pod { try decode(bytes: value.bytes()) }
}

private struct Spec {
    var nodeName: String?
    var hostNetwork = false

    mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        var spec = Spec()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "nodeName": spec.nodeName = try r.nonEmptyString()
            case "hostNetwork": spec.hostNetwork = try r.bool()
            default: try r.skip()
            }
        }
        self = spec
    }
}

private struct Status {
    var phase = PodPhase.unknown
    var podIP: String?
    /// in `containerStatuses` alone: a pod whose containers never started has none
    var containers = 0
    private var living = (ordinary: false, initial: false, ephemeral: false)
    /// of any kind: while one lives, the pod's IP is in use
    var hasLivingContainer: Bool { living.ordinary || living.initial || living.ephemeral }

    mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        var status = Status()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "phase": status.phase = PodPhase(rawValue: try r.string()) ?? .unknown
            case "podIP": status.podIP = try r.nonEmptyString()
            case "containerStatuses": (status.containers, status.living.ordinary) = try Status.readContainers(&r)
            case "initContainerStatuses": (_, status.living.initial) = try Status.readContainers(&r)
            case "ephemeralContainerStatuses": (_, status.living.ephemeral) = try Status.readContainers(&r)
            default: try r.skip()
            }
        }
        self = status
    }

    private static func readContainers(_ reader: inout JSONReader) throws(JSONError) -> (count: Int, living: Bool) {
        var count = 0
        var living = false
        try reader.array { r throws(JSONError) in
            count += 1
            if try !hasTerminated(&r) { living = true }
        }
        return (count, living)
    }

    private static func hasTerminated(_ reader: inout JSONReader) throws(JSONError) -> Bool {
        var terminated = false
        try reader.object { r, key throws(JSONError) in
            guard case "state" = key else { return try r.skip() }
            terminated = false
            try r.object { r, key throws(JSONError) in
                guard case "terminated" = key else { return try r.skip() }
                terminated = try !r.null()
                if terminated { try r.skip() }
            }
        }
        return terminated
    }
}

extension JSONReader {
    /// Kubernetes leaves empty strings out, others write them: both are nil.
    mutating func nonEmptyString() throws(JSONError) -> String? {
        let text = try string()
        return text.isEmpty ? nil : text
    }
}

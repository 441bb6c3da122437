public import Core
internal import JSON

/// Bodies of all writes to pods and nodes. Each carries the UID, so that a pod of the same name that came after is never meant:
/// for that one the API server answers 422 Invalid (`metadata.uid: field is immutable`), which is to be read as "gone".
public enum PodEncoder {
    /// PATCH of the pod, `application/merge-patch+json`: the public IP its owner can read, or none.
    public static func publicIP(_ ip: String?, podUID: String, names: AnnotationNames) -> [UInt8] {
        let body: JSONValue = [
            "metadata": ["uid": .string(podUID), "annotations": [names.publicIP: ip.map(JSONValue.string) ?? .null]]
        ]
        return body.bytes()
    }

    /// PATCH of the pod's `status` subresource, `application/strategic-merge-patch+json`, which merges conditions by their type:
    /// the condition that a readiness gate waits for.
    public static func readiness(_ condition: Condition, podUID: String, names: AnnotationNames) -> [UInt8] {
        let value: JSONValue = [
            "type": .string(names.readinessGate), "status": condition.status ? "True" : "False",
            "reason": .string(condition.reason.rawValue), "message": .string(condition.message),
            "lastTransitionTime": .string(condition.lastTransitionTime.rfc3339),
        ]
        let body: JSONValue = ["metadata": ["uid": .string(podUID)], "status": ["conditions": [value]]]
        return body.bytes()
    }

    /// PATCH of the node's `status` subresource, `application/merge-patch+json`: how many pod EIPs it may have, or no such
    /// resource. Kubelet copies it to `status.allocatable`, by which the scheduler counts.
    public static func capacity(_ count: Int?, nodeUID: String, names: AnnotationNames) -> [UInt8] {
        let body: JSONValue = [
            "metadata": ["uid": .string(nodeUID)],
            "status": ["capacity": [names.resource: count.map { .string(String($0)) } ?? .null]],
        ]
        return body.bytes()
    }
}

public import Core
public import JSON

/// Bodies of all writes to EIPClaims. Patches are JSON merge patches (`application/merge-patch+json`, RFC 7386).
///
/// Every patch carries the UID and the resourceVersion that were read. The API server answers 409 Conflict if the claim has
/// changed, or has been deleted and made again, since: no two objects ever have the same resourceVersion. That is what guards
/// `status`, where the API server does not look at the UID; elsewhere a wrong UID alone is 422 Invalid.
public enum ClaimEncoder {
    /// POST to the namespace's `eipclaims`. The finalizer is there from the beginning; `status` cannot be set with it.
    public static func create(namespace: String, name: String, spec: ClaimSpec) -> [UInt8] {
        let body: JSONValue = [
            "apiVersion": .string(ClaimResource.apiVersion),
            "kind": .string(ClaimResource.kind),
            "metadata": [
                "namespace": .string(namespace),
                "name": .string(name),
                "labels": [ClaimResource.managedByLabel.key: .string(ClaimResource.managedByLabel.value)],
                "finalizers": [.string(Claim.finalizer)],
            ],
            "spec": spec.value(explicitNulls: false),
        ]
        return body.bytes()
    }

    /// PATCH of the claim: the whole spec.
    public static func spec(_ spec: ClaimSpec, of version: ObjectVersion) -> [UInt8] {
        let body: JSONValue = ["metadata": metadata(version), "spec": spec.value(explicitNulls: true)]
        return body.bytes()
    }

    /// PATCH of the claim's `status` subresource: the whole status; the list of conditions replaces the one that is there.
    public static func status(_ status: ClaimStatus, of version: ObjectVersion) -> [UInt8] {
        let body: JSONValue = ["metadata": metadata(version), "status": status.value(explicitNulls: true)]
        return body.bytes()
    }

    /// PATCH of the claim: our finalizer leaves, those of others stay in their order. A merge patch replaces the list, which
    /// the resourceVersion makes safe.
    public static func finalizerRemoval(from claim: Claim) -> [UInt8] {
        finalizers(claim.otherFinalizers, of: claim.version)
    }

    /// PATCH of the claim: our finalizer comes back, for a claim from which somebody removed it by hand.
    public static func finalizerAddition(to claim: Claim) -> [UInt8] {
        finalizers(claim.otherFinalizers + [Claim.finalizer], of: claim.version)
    }

    private static func finalizers(_ list: [String], of version: ObjectVersion) -> [UInt8] {
        var metadata = metadata(version)
        metadata["finalizers"] = .array(list.map(JSONValue.string))
        let body: JSONValue = ["metadata": metadata]
        return body.bytes()
    }

    private static func metadata(_ version: ObjectVersion) -> JSONValue {
        ["uid": .string(version.uid), "resourceVersion": .string(version.resourceVersion)]
    }

    /// The claim as the API server would give it back: for models and tests.
    public static func object(_ claim: Claim) -> JSONValue {
        var metadata = metadata(claim.version)
        metadata["namespace"] = .string(claim.namespace)
        metadata["name"] = .string(claim.name)
        metadata["generation"] = .int(claim.generation)
        metadata["creationTimestamp"] = .string(claim.createdAt.exactText)
        // the decoder only asks whether there is one
        if claim.isDeleting { metadata["deletionTimestamp"] = .string(claim.createdAt.exactText) }
        let finalizers = (claim.hasFinalizer ? [Claim.finalizer] : []) + claim.otherFinalizers
        if !finalizers.isEmpty { metadata["finalizers"] = .array(finalizers.map(JSONValue.string)) }
        return [
            "apiVersion": .string(ClaimResource.apiVersion), "kind": .string(ClaimResource.kind), "metadata": metadata,
            "spec": claim.spec.value(explicitNulls: false), "status": claim.status.value(explicitNulls: false),
        ]
    }
}

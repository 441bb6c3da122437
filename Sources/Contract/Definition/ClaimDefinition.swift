internal import Core
public import JSON

/// The CustomResourceDefinition of EIPClaim: what `eip-controller crd` prints and `ops/manifests/crd.yaml` is.
public enum ClaimDefinition {
    public static var object: JSONValue {
        [
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": [
                "name": .string(ClaimResource.definitionName),
                "labels": [ClaimResource.ownershipLabel.key: .string(ClaimResource.ownershipLabel.value)],
            ],
            "spec": [
                "group": .string(ClaimResource.group),
                "scope": "Namespaced",
                "names": [
                    "kind": .string(ClaimResource.kind),
                    "listKind": .string(ClaimResource.kind + "List"),
                    "plural": .string(ClaimResource.plural),
                    "singular": .string(ClaimResource.kind.lowercased()),
                    "shortNames": [.string(ClaimResource.shortName)],
                ],
                "versions": [version],
            ],
        ]
    }

    /// The object as YAML, with a line above it that says where it comes from.
    public static var yaml: String { "# Printed by `eip-controller crd`; not to be edited.\n" + YAMLText.document(object) }

    /// Whether a definition read from the API server is ours, and not one of `tke-eni-ipamd` under the same name.
    public static func isOurs(_ definition: JSONValue) -> Bool {
        definition["metadata"]["labels"][ClaimResource.ownershipLabel.key].string == ClaimResource.ownershipLabel.value
    }

    private static var version: JSONValue {
        [
            "name": .string(ClaimResource.version),
            "served": true,
            "storage": true,
            "subresources": ["status": [:]],
            "additionalPrinterColumns": [
                column("EIP", ".spec.addressID", "id of the EIP"),
                column("IP", ".status.publicIP", "public IP"),
                column("Phase", ".status.phase", "what the EIP is doing"),
                column("Pod IP", ".status.binding.podIP", "private IP it is bound to"),
                column("Node", ".status.binding.nodeName", "node of the pod it is bound to"),
                // a string, because kubectl shows dates as ages, and dates to come as <invalid>
                column("Expires", ".status.expiresAt", "when the claim and its EIP go, if no pod comes"),
                column("Age", ".metadata.creationTimestamp", "age of the claim", type: "date"),
            ],
            "schema": ["openAPIV3Schema": ClaimSchema.root],
        ]
    }

    private static func column(_ name: JSONValue, _ path: JSONValue, _ description: JSONValue, type: JSONValue = "string") -> JSONValue {
        ["name": name, "type": type, "description": description, "jsonPath": path]
    }
}

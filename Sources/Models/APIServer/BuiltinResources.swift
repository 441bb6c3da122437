// The kinds that every API server has from the start, as far as this project meets them. The kinds that nothing here acts
// on (RBAC, services, webhook configurations) are kept as they were written.

extension Resource {
    public static let pods = Resource("", "v1", "pods", kind: "Pod").with {
        $0.shortNames = ["po"]
        $0.categories = ["all"]
        $0.hasStatus = true
        $0.graceful = true
    }
    public static let nodes = Resource("", "v1", "nodes", kind: "Node").with {
        $0.shortNames = ["no"]
        $0.namespaced = false
        $0.hasStatus = true
    }
    public static let namespaces = Resource("", "v1", "namespaces", kind: "Namespace").with {
        $0.shortNames = ["ns"]
        $0.namespaced = false
        $0.hasStatus = true
    }
    public static let events = Resource("", "v1", "events", kind: "Event").with {
        $0.shortNames = ["ev"]
        $0.createOnUpdate = true
    }
    public static let configMaps = Resource("", "v1", "configmaps", kind: "ConfigMap").with { $0.shortNames = ["cm"] }
    public static let secrets = Resource("", "v1", "secrets", kind: "Secret")
    public static let serviceAccounts = Resource("", "v1", "serviceaccounts", kind: "ServiceAccount").with { $0.shortNames = ["sa"] }
    public static let leases = Resource("coordination.k8s.io", "v1", "leases", kind: "Lease").with {
        $0.unconditionalUpdate = false
        $0.createOnUpdate = true
    }
    public static let statefulSets = Resource.workload("statefulsets", kind: "StatefulSet", short: "sts")
    public static let replicaSets = Resource.workload("replicasets", kind: "ReplicaSet", short: "rs")
    public static let deployments = Resource.workload("deployments", kind: "Deployment", short: "deploy")
    public static let customResourceDefinitions = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", kind: "CustomResourceDefinition")
        .with {
            $0.shortNames = ["crd", "crds"]
            $0.namespaced = false
            $0.hasStatus = true
            $0.generation = .spec
            $0.unconditionalUpdate = false
        }

    /// All of them, in the order in which discovery shows them.
    public static let builtin: [Resource] = [
        configMaps, inert("", "endpoints", "Endpoints", short: ["ep"]), events, namespaces, nodes, pods, secrets, serviceAccounts,
        inert("", "services", "Service", short: ["svc"]),
        deployments, replicaSets, statefulSets,
        inert("rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding", namespaced: false),
        inert("rbac.authorization.k8s.io", "clusterroles", "ClusterRole", namespaced: false),
        inert("rbac.authorization.k8s.io", "rolebindings", "RoleBinding"),
        inert("rbac.authorization.k8s.io", "roles", "Role"),
        inert("policy", "poddisruptionbudgets", "PodDisruptionBudget", short: ["pdb"]),
        inert("scheduling.k8s.io", "priorityclasses", "PriorityClass", short: ["pc"], namespaced: false),
        inert("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", namespaced: false),
        inert("admissionregistration.k8s.io", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", namespaced: false),
        leases, customResourceDefinitions,
    ]

    private static func workload(_ plural: String, kind: String, short: String) -> Resource {
        Resource("apps", "v1", plural, kind: kind).with {
            $0.shortNames = [short]
            $0.categories = ["all"]
            $0.hasStatus = true
            $0.hasScale = true
            $0.generation = .spec
        }
    }
    private static func inert(_ group: String, _ plural: String, _ kind: String, short: [String] = [], namespaced: Bool = true) -> Resource {
        Resource(group, "v1", plural, kind: kind).with {
            $0.shortNames = short
            $0.namespaced = namespaced
        }
    }
    private func with(_ change: (inout Resource) -> Void) -> Resource {
        var copy = self
        change(&copy)
        return copy
    }
}

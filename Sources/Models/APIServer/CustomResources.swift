internal import JSON

// CustomResourceDefinitions: each served version becomes a resource of its own. Only the storage version's objects exist;
// conversion between versions is not modelled.

extension Resource {
    /// The resources that a stored CRD defines.
    static func defined(by definition: JSONValue) -> [Resource] {
        let names = definition["spec"]["names"]
        return (definition["spec"]["versions"].array ?? []).filter { $0["served"].bool == true }.map { version in
            var resource = Resource(
                definition["spec"]["group"].string ?? "", version["name"].string ?? "", names["plural"].string ?? "", kind: names["kind"].string ?? "")
            resource.singular = names["singular"].string ?? resource.singular
            resource.shortNames = (names["shortNames"].array ?? []).compactMap(\.string)
            resource.categories = (names["categories"].array ?? []).compactMap(\.string)
            resource.namespaced = definition["spec"]["scope"].string == "Namespaced"
            resource.hasStatus = version["subresources"].has("status")
            resource.generation = .content
            resource.unconditionalUpdate = false
            resource.custom = true
            resource.columns = (version["additionalPrinterColumns"].array ?? []).map {
                Column(
                    name: $0["name"].string ?? "", type: $0["type"].string ?? "string", jsonPath: $0["jsonPath"].string ?? "",
                    priority: $0["priority"].int ?? 0)
            }
            resource.schema = version["schema"]["openAPIV3Schema"]
            return resource
        }
    }

    /// Defaults of a CRD. The real server's controllers establish it a moment later; here it is at once.
    static func completeDefinition(_ definition: inout JSONValue) {
        guard let kind = definition["spec"]["names"]["kind"].string else { return }
        definition["spec"]["names"].setDefault("singular", .string(kind.lowercased()))
        definition["spec"]["names"].setDefault("listKind", .string("\(kind)List"))
        definition["spec"].setDefault("conversion", ["strategy": "None"])
        guard !definition["metadata"].has("uid") else { return }
        definition.setFinalizers(definition.finalizers.filter { $0 != cleanupFinalizer } + [cleanupFinalizer])
        definition["status"] = [
            "acceptedNames": definition["spec"]["names"],
            "conditions": [
                ["type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found"],
                ["type": "Established", "status": "True", "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"],
            ],
            "storedVersions": .array((definition["spec"]["versions"].array ?? []).filter { $0["storage"].bool == true }.map { $0["name"] }),
        ]
    }
    /// Holds a CRD until its objects are gone.
    static let cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io"

    static func problems(ofDefinition definition: JSONValue) -> [APIStatus.Cause] {
        let spec = definition["spec"]
        var causes: [APIStatus.Cause] = []
        for (field, value) in [
            ("spec.group", spec["group"]), ("spec.names.plural", spec["names"]["plural"]), ("spec.names.kind", spec["names"]["kind"]),
        ] where value.string ?? "" == "" {
            causes.append(.required(field))
        }
        if definition.name != "\(spec["names"]["plural"].string ?? "").\(spec["group"].string ?? "")" {
            causes.append(.invalid("metadata.name", "\"\(definition.name)\"", "must be spec.names.plural+\".\"+spec.group"))
        }
        if spec["scope"].string != "Namespaced", spec["scope"].string != "Cluster" {
            causes.append(.unsupported("spec.scope", spec["scope"].text(), ["\"Cluster\"", "\"Namespaced\""]))
        }
        let versions = spec["versions"].array ?? []
        if versions.filter({ $0["storage"].bool == true }).count != 1 {
            causes.append(.invalid("spec.versions", "[]", "must have exactly one version marked as storage version"))
        }
        for (index, version) in versions.enumerated() where version["schema"]["openAPIV3Schema"].object == nil {
            causes.append(.required("spec.versions[\(index)].schema.openAPIV3Schema", "schemas are required"))
        }
        return causes
    }
}

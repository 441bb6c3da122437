internal import JSON

/// Strategic merge patch, as far as kubectl (apply, label, annotate, scale, taint, edit) sends it for the kinds served here.
///
/// The merge keys are the `patchMergeKey` tags of k8s.io/api/core/v1/types.go. Directives: `$patch: delete|replace`,
/// `$deleteFromPrimitiveList/x`, `$retainKeys`; `$setElementOrder/x` is read past, so new elements come last.
enum StrategicMerge {
    private static let mergeKeys = [
        "containers": "name", "initContainers": "name", "ephemeralContainers": "name", "volumes": "name", "env": "name",
        "imagePullSecrets": "name", "ports": "containerPort", "volumeMounts": "mountPath", "volumeDevices": "devicePath", "ownerReferences": "uid",
        "conditions": "type", "addresses": "type", "hostAliases": "ip", "topologySpreadConstraints": "topologyKey", "readinessGates": "conditionType",
        "podIPs": "ip",
    ]
    /// Lists of strings that unite instead of being replaced.
    private static let united: Set = ["finalizers", "podCIDRs"]

    static func apply(_ patch: JSONValue, to value: inout JSONValue) {
        guard let changes = patch.object else {
            value = patch
            return
        }
        var plain = changes
        if plain.removeValue(forKey: "$patch")?.string == "replace" {
            value = .object(plain)
            return
        }
        if let kept = changes["$retainKeys"]?.array?.compactMap(\.string), let present = value.object {
            for key in present.keys where !kept.contains(key) { value.removeValue(forKey: key) }
        }
        if value.object == nil { value = [:] }
        for (key, change) in changes where !key.hasPrefix("$") {
            if change.isNull {
                value.removeValue(forKey: key)
            } else if let elements = change.array {
                value[key] = .array(list(key, elements, over: value[key].array ?? []))
            } else {
                apply(change, to: &value[key])
            }
        }
        for (key, change) in changes {
            let parts = key.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, parts[0] == "$deleteFromPrimitiveList", let unwanted = change.array else { continue }
            value[String(parts[1])] = .array((value[String(parts[1])].array ?? []).filter { !unwanted.contains($0) })
        }
    }

    private static func list(_ name: String, _ changes: [JSONValue], over present: [JSONValue]) -> [JSONValue] {
        if united.contains(name) { return present + changes.filter { !present.contains($0) } }
        guard let key = mergeKeys[name], changes.allSatisfy({ $0.object != nil }) else { return changes }
        var result = changes.contains { $0["$patch"].string == "replace" } ? [] : present
        for change in changes {
            let at = result.firstIndex { $0[key] == change[key] }
            switch change["$patch"].string {
            case "replace": break
            case "delete": if let at { result.remove(at: at) }
            case nil:
                if let at {
                    apply(change, to: &result[at])
                } else {
                    var new = JSONValue.null
                    apply(change, to: &new)  // drops directives and nulls
                    result.append(new)
                }
            case .some: break
            }
        }
        return result
    }
}

internal import JSON

/// The rules for `metadata`, from k8s.io/apimachinery/pkg/api/validation.
enum MetadataRules {
    private static let annotationBytesMax = 256 << 10

    static func problems(_ object: JSONValue, of resource: Resource) -> [APIStatus.Cause] {
        var causes: [APIStatus.Cause] = []
        if object.name.isEmpty {
            causes.append(.required("metadata.name", "name or generateName is required"))
        } else if !isName(object.name, of: resource) {
            causes.append(
                .invalid(
                    "metadata.name", "\"\(object.name)\"",
                    "a lowercase RFC 1123 \(usesLabel(resource) ? "label" : "subdomain") must consist of lower case alphanumeric characters or '-', "
                        + "and must start and end with an alphanumeric character"))
        }
        for (key, value) in object["metadata"]["labels"].object ?? [:] {
            if !isQualifiedName(key) { causes.append(.invalid("metadata.labels", "\"\(key)\"", "name part must consist of alphanumeric characters")) }
            if !isLabelValue(value.string ?? " ") {
                causes.append(
                    .invalid("metadata.labels", value.text(), "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'"))
            }
        }
        var bytes = 0
        for (key, value) in object["metadata"]["annotations"].object ?? [:] {
            if !isQualifiedName(key.lowercased()) {
                causes.append(.invalid("metadata.annotations", "\"\(key)\"", "name part must consist of alphanumeric characters"))
            }
            guard let text = value.string else {
                causes.append(.invalid("metadata.annotations", value.text(), "an annotation is a string"))
                continue
            }
            bytes += key.utf8.count + text.utf8.count
        }
        if bytes > annotationBytesMax {
            causes.append(.init(reason: "FieldValueTooLong", message: "Too long: must have at most \(annotationBytesMax) bytes", field: "metadata.annotations"))
        }
        for finalizer in object.finalizers where !isQualifiedName(finalizer) || !finalizer.contains("/") && !standardFinalizers.contains(finalizer) {
            causes.append(.invalid("metadata.finalizers", "\"\(finalizer)\"", "name is neither a standard finalizer name nor is it fully qualified"))
        }
        for reference in object.ownerReferences {
            for field in ["apiVersion", "kind", "name", "uid"] where reference[field].string ?? "" == "" {
                causes.append(.invalid("metadata.ownerReferences.\(field)", "\"\"", "\(field) must not be empty"))
            }
        }
        return causes
    }

    static func problems(changing old: JSONValue, to new: JSONValue) -> [APIStatus.Cause] {
        var causes: [APIStatus.Cause] = []
        if new.uid != old.uid { causes.append(.invalid("metadata.uid", "\"\(new.uid)\"", "field is immutable")) }
        let added = new.finalizers.filter { !old.finalizers.contains($0) }
        if old.isTerminating, !added.isEmpty {
            let list = added.map { "\"\($0)\"" }.joined(separator: ", ")
            causes.append(
                .forbidden("metadata.finalizers", "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}"))
        }
        return causes
    }

    private static let standardFinalizers = ["orphan", "foregroundDeletion", "kubernetes", Resource.cleanupFinalizer]

    private static func usesLabel(_ resource: Resource) -> Bool { resource.name == "namespaces" || resource.name == "services" }
    private static func isName(_ name: String, of resource: Resource) -> Bool {
        if resource.group == "rbac.authorization.k8s.io" { return !name.contains("/") && !name.contains("%") && name != "." && name != ".." }
        if usesLabel(resource) { return name.utf8.count <= 63 && isLabel(name[...]) }
        return isSubdomain(name[...])
    }
    private static func isSubdomain(_ name: Substring) -> Bool {
        name.utf8.count <= 253 && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
    }
    private static func isLabel(_ label: Substring) -> Bool {
        guard let first = label.utf8.first, let last = label.utf8.last else { return false }
        func inner(_ c: UInt8) -> Bool { 0x61...0x7a ~= c || 0x30...0x39 ~= c }
        return inner(first) && inner(last) && label.utf8.allSatisfy { inner($0) || $0 == 0x2d }
    }
    /// `name` or `prefix/name`.
    static func isQualifiedName(_ key: String) -> Bool {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last, !name.isEmpty, isLabelValue(String(name)) else { return false }
        return parts.count == 1 || isSubdomain(parts[0])
    }
    static func isLabelValue(_ value: String) -> Bool {
        guard let first = value.utf8.first, let last = value.utf8.last else { return true }
        func outer(_ c: UInt8) -> Bool { 0x61...0x7a ~= c | 0x20 || 0x30...0x39 ~= c }
        return value.utf8.count <= 63 && outer(first) && outer(last) && value.utf8.allSatisfy { outer($0) || $0 == 0x2d || $0 == 0x5f || $0 == 0x2e }
    }
}

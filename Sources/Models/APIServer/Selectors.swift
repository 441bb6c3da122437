public import JSON

/// Label and field selectors of lists and watches.
public struct Selectors: Hashable, Sendable {
    enum Requirement: Hashable, Sendable {
        case equals(String, String)
        case differs(String, String)
        case oneOf(String, [String])
        case noneOf(String, [String])
        case exists(String)
        case absent(String)
    }
    private var labels: [Requirement] = []
    private var fields: [Requirement] = []

    /// Selects everything.
    public init() {}
    public var isEmpty: Bool { labels.isEmpty && fields.isEmpty }

    /// - Parameters:
    ///   - labels: `a=b,c!=d,e in (f,g),h,!i`.
    ///   - fields: `metadata.name=a`, joined by commas; which fields there are depends on the kind.
    /// - Throws: 400.
    public init(labels: String = "", fields: String = "", for resource: Resource) throws(APIStatus) {
        for term in Self.terms(labels) { self.labels.append(try Self.labelRequirement(term)) }
        for term in Self.terms(fields) {
            guard let requirement = Self.comparison(term) else {
                throw .badRequest("invalid field selector \"\(term)\": write field=value or field!=value")
            }
            self.fields.append(requirement)
        }
        for requirement in self.fields where !Self.supported(by: resource).contains(requirement.key) {
            throw .badRequest("field label not supported: \(requirement.key)")
        }
    }

    public func match(_ object: JSONValue) -> Bool {
        if !labels.isEmpty {
            let values = object.labels
            guard labels.allSatisfy({ $0.holds(values[$0.key]) }) else { return false }
        }
        return fields.allSatisfy { $0.holds(object.at(jsonPath: $0.key).string ?? "") }
    }

    /// The field labels of the kinds, from the conversion functions of kubernetes/pkg/apis/core/v1/conversion.go.
    private static func supported(by resource: Resource) -> [String] {
        let always = ["metadata.name", "metadata.namespace"]
        switch resource.name {
        case Resource.pods.name:
            return always + [
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP",
                "status.nominatedNodeName",
            ]
        case Resource.events.name:
            let involved = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map { "involvedObject.\($0)" }
            return always + involved + ["reason", "reportingComponent", "source", "type"]
        case Resource.nodes.name: return always + ["spec.unschedulable"]
        case Resource.namespaces.name: return always + ["status.phase"]
        case Resource.secrets.name: return always + ["type"]
        default: return always
        }
    }

    // MARK: - Parsing

    /// Splits at commas outside parentheses.
    private static func terms(_ text: String) -> [String] {
        var terms: [String] = []
        var term = ""
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 {
                terms.append(term)
                term = ""
            } else {
                term.append(character)
            }
        }
        terms.append(term)
        return terms.map(trimmed).filter { !$0.isEmpty }
    }
    private static func comparison(_ term: String) -> Requirement? {
        guard let sign = term.firstIndex(of: "="), sign > term.startIndex else { return nil }
        let before = term.index(before: sign)
        var value = term[term.index(after: sign)...]
        if term[before] == "!" { return .differs(trimmed(term[..<before]), trimmed(value)) }
        if value.first == "=" { value = value.dropFirst() }
        return .equals(trimmed(term[..<sign]), trimmed(value))
    }
    private static func labelRequirement(_ term: String) throws(APIStatus) -> Requirement {
        if let requirement = comparison(term) {
            switch requirement {
            case .equals(let key, let value), .differs(let key, let value):
                guard MetadataRules.isLabelValue(value), MetadataRules.isQualifiedName(key) else { throw unreadable(term) }
            case .oneOf, .noneOf, .exists, .absent: break
            }
            return requirement
        }
        if let open = term.firstIndex(of: "("), term.last == ")" {
            let head = term[..<open].split(separator: " ").map(String.init)
            let values = term[term.index(after: open)...].dropLast().split(separator: ",").map { trimmed($0) }
            guard head.count == 2 else { throw unreadable(term) }
            if head[1] == "in" { return .oneOf(head[0], values) }
            if head[1] == "notin" { return .noneOf(head[0], values) }
            throw unreadable(term)
        }
        let absent = term.first == "!"
        let key = absent ? trimmed(term.dropFirst()) : term
        guard MetadataRules.isQualifiedName(key) else { throw unreadable(term) }
        return absent ? .absent(key) : .exists(key)
    }
    private static func unreadable(_ term: String) -> APIStatus { .badRequest("unable to parse requirement: \"\(term)\"") }
}

extension Selectors.Requirement {
    var key: String {
        switch self {
        case .equals(let key, _), .differs(let key, _), .oneOf(let key, _), .noneOf(let key, _), .exists(let key), .absent(let key): key
        }
    }
    /// `value` is nil where a label is absent; a missing field counts as empty.
    func holds(_ value: String?) -> Bool {
        switch self {
        case .equals(_, let wanted): value == wanted
        case .differs(_, let unwanted): value != unwanted
        case .oneOf(_, let wanted): value.map(wanted.contains) ?? false
        case .noneOf(_, let unwanted): !(value.map(unwanted.contains) ?? false)
        case .exists: value != nil
        case .absent: value == nil
        }
    }
}

private func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
}

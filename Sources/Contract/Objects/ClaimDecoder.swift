public import Core
internal import GoTime
public import JSON

/// Reads EIPClaims. Whatever a person wrote into one by hand, it never crashes and never throws for its meaning: such a claim has
/// a `problem`, which says what to write, and values that make nobody release anything.
public enum ClaimDecoder {
    /// Reads one claim and leaves the reader after it. Unknown fields are skipped.
    /// - Throws: where the text is no JSON, or `metadata` is not what Kubernetes writes.
    public static func decode(_ reader: inout JSONReader) throws(JSONError) -> Claim {
        var meta: ObjectMeta?
        var (spec, status): (JSONValue, JSONValue) = (.null, .null)
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "metadata": meta = try ObjectMeta(&r, annotationPrefix: nil)
            case "spec": spec = try r.value()
            case "status": status = try r.value()
            default: try r.skip()
            }
        }
        guard let meta else { throw JSONError(offset: 0, reason: "EIPClaim without metadata") }
        try meta.checkIdentity()
        var fields = ClaimFields()
        var claim = Claim(
            namespace: meta.namespace, name: meta.name, uid: meta.uid, resourceVersion: meta.resourceVersion, generation: meta.generation,
            createdAt: meta.createdAt ?? Timestamp(milliseconds: 0), isDeleting: meta.isDeleting,
            hasFinalizer: meta.finalizers.contains(Claim.finalizer), spec: fields.spec(spec), status: fields.status(status),
            otherFinalizers: meta.finalizers.filter { $0 != Claim.finalizer })
        if spec["source"].isNull {
            claim.problem = Problem(.foreignClaim, Messages.foreignClaim())
        } else if !fields.complaints.isEmpty {
            claim.problem = Problem(.invalidClaim, Messages.claim(fields.complaints))
        }
        return claim
    }

    /// Reads a document that is one claim.
    public static func decode(bytes: [UInt8]) throws(JSONError) -> Claim {
        try JSONReader.read(bytes) { reader throws(JSONError) in try decode(&reader) }
    }

    /// The claim in a value that is already parsed.
    public static func decode(_ value: JSONValue) throws(JSONError) -> Claim { try decode(bytes: value.bytes()) }
}

/// Reads `spec` and `status`, and collects what is wrong with them.
struct ClaimFields {
    private static let countMax = 1_000_000_000
    /// 9000-01-01T00:00:00Z: what is reckoned from a time (292 years at most, as durations are) has to have a text, too.
    private static let timeMax = Timestamp(milliseconds: 221_845_392_000_000)

    private(set) var complaints: [String] = []

    // MARK: spec

    mutating func spec(_ value: JSONValue) -> ClaimSpec {
        let source = source(value["source"])
        return ClaimSpec(
            source: source, deletePolicy: deletePolicy(value["deletePolicy"]), expireAfter: expireAfter(value["expireAfter"]),
            serial: count(value["serial"], "spec.serial") ?? 1, addressID: addressID(value["addressID"], "spec.addressID"))
    }

    private mutating func source(_ value: JSONValue) -> ClaimSource {
        switch (value["attributes"], value["addressID"]) {
        case (.object(let object), .null):
            switch AttributesReader.read(object, .claim) {
            case .success(let attributes): return .attributes(attributes)
            case .failure(let problem): complaints += problem.complaints.map { "spec.source.attributes.\($0)" }
            }
        case (.null, let listed):
            if let id = addressID(listed, "spec.source.addressID") { return .listed(id) }
            if listed.isNull { complaints.append("spec.source is empty; write attributes or addressID") }
        case (_, .null): complaints.append("spec.source.attributes is no object; write {bandwidth: 100, isp: BGP}")
        case (_, _): complaints.append("spec.source has attributes and addressID; write one of them")
        }
        return .attributes(AddressAttributes())
    }

    private mutating func deletePolicy(_ value: JSONValue) -> DeletePolicy {
        if let policy = value.string.flatMap(DeletePolicy.init(rawValue:)) { return policy }
        complaints.append("spec.deletePolicy is \(Messages.quoted(value.text())); write Delete or Retain")
        return .retain
    }

    private mutating func expireAfter(_ value: JSONValue) -> Duration? {
        if value.isNull { return nil }
        if let duration = value.string.flatMap(GoDuration.parse) { return duration }
        complaints.append("spec.expireAfter is \(Messages.quoted(value.text())); write a duration such as 1h, or \"0\" for never")
        return .zero
    }

    private mutating func addressID(_ value: JSONValue, _ path: String) -> AddressID? {
        if value.isNull { return nil }
        if let id = value.string.map(AddressID.init), AddressList.isWellFormed(id) { return id }
        complaints.append("\(path) is \(Messages.quoted(value.text())); write an id such as eip-abcd1234")
        return nil
    }

    /// A number from 1. One that no counter reaches was written by hand, and counting on from it might not fit.
    private mutating func count(_ value: JSONValue, _ path: String) -> Int? {
        if let number = value.int, 1...Self.countMax ~= number { return number }
        complaints.append("\(path) is \(Messages.quoted(value.text())); write 1 or more, and never less than it was")
        return nil
    }

    // MARK: status

    /// What is only shown to people (phase, public IP, conditions) is written anew anyway, and so forgiven.
    mutating func status(_ value: JSONValue) -> ClaimStatus {
        if !value.isNull, value.object == nil { complaints.append("status is no object; remove it") }
        return ClaimStatus(
            phase: value["phase"].string.flatMap(ClaimPhase.init(rawValue:)) ?? .pending, publicIP: value["publicIP"].string,
            binding: binding(value["binding"]), intent: intent(value["intent"]),
            retainedSince: optionalTime(value["retainedSince"], "status.retainedSince"),
            expiresAt: optionalTime(value["expiresAt"], "status.expiresAt"),
            nextAttemptAt: optionalTime(value["nextAttemptAt"], "status.nextAttemptAt"),
            observedGeneration: value["observedGeneration"].int ?? 0, conditions: conditions(value["conditions"]))
    }

    private mutating func binding(_ value: JSONValue) -> Binding? {
        if value.isNull { return nil }
        guard let target = target(value, "status.binding"), let at = time(value["boundAt"], "status.binding.boundAt") else { return nil }
        return Binding(target: target, boundAt: at)
    }

    private mutating func intent(_ value: JSONValue) -> Intent? {
        if value.isNull { return nil }
        guard let verb = value["verb"].string.flatMap(CloudVerb.init(rawValue:)) else {
            let verbs = CloudVerb.allCases.map(\.rawValue).joined(separator: ", ")
            complaints.append("status.intent.verb is \(Messages.quoted(value["verb"].text())); it can be \(verbs)")
            return nil
        }
        let id = addressID(value["addressID"], "status.intent.addressID")
        let target = value["target"].isNull ? nil : target(value["target"], "status.intent.target")
        guard let serial = count(value["serial"], "status.intent.serial"), let at = time(value["at"], "status.intent.at") else { return nil }
        return Intent(serial: serial, verb: verb, addressID: id, target: target, at: at, by: value["by"].string ?? "")
    }

    private mutating func target(_ value: JSONValue, _ path: String) -> Target? {
        var texts: [String] = []
        for name in ["podUID", "podIP", "eniID", "instanceID", "nodeName"] {
            guard let text = value[name].string else {
                complaints.append("\(path).\(name) is \(Messages.quoted(value[name].text())); remove \(path)")
                return nil
            }
            texts.append(text)
        }
        return Target(podUID: texts[0], podIP: texts[1], networkInterfaceID: texts[2], instanceID: texts[3], nodeName: texts[4])
    }

    private mutating func optionalTime(_ value: JSONValue, _ path: String) -> Timestamp? {
        value.isNull ? nil : time(value, path)
    }

    private mutating func time(_ value: JSONValue, _ path: String) -> Timestamp? {
        if let time = value.string.flatMap(Timestamp.init(rfc3339:)), time < Self.timeMax { return time }
        complaints.append("\(path) is \(Messages.quoted(value.text())); write a time such as 2024-05-06T07:08:09Z, or remove it")
        return nil
    }

    private func conditions(_ value: JSONValue) -> [Condition] {
        Condition.Kind.allCases.compactMap { kind in
            guard let written = value.array?.first(where: { $0["type"].string == kind.rawValue }),
                let reason = written["reason"].string.flatMap(Reason.init(rawValue:)),
                let since = written["lastTransitionTime"].string.flatMap(Timestamp.init(rfc3339:))
            else { return nil }
            return Condition(
                kind: kind, status: written["status"].string == "True", reason: reason, message: written["message"].string ?? "",
                lastTransitionTime: since)
        }
    }
}

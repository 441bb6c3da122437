internal import Core

/// The sentences about what a person wrote wrongly. They end up in Events, conditions and webhook answers, so each says what
/// was wrong, where, and what to write instead. Sentences about what was done come from the planner, which knows why.
enum Messages {
    /// Longest message of an Event that every version of Kubernetes takes (`events.k8s.io/v1`: 1024 bytes).
    static let bytesMax = 1024
    /// Longest piece of a user's text that is repeated to them.
    static let quotedMax = 64
    /// Of one kind in one text; a message has no room for more.
    static let complaintsMax = 16

    static let example = #"{"Bandwidth":"100","ISP":"BGP"}"#

    /// A user's own text inside a sentence: short, on one line, between quotes.
    static func quoted(_ text: String) -> String {
        var shown = String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
        if shown.count > quotedMax { shown = shown.prefix(quotedMax) + "…" }
        return "\"\(shown)\""
    }

    /// Cut so that it fits an Event.
    static func bounded(_ text: String) -> String {
        guard text.utf8.count > bytesMax else { return text }
        var cut = Substring()
        var size = "…".utf8.count
        for character in text {
            size += character.utf8.count
            if size > bytesMax { break }
            cut.append(character)
        }
        return cut + "…"
    }

    private static func listed(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1]
    }

    // MARK: annotations of a pod

    static func annotation(_ name: String, _ complaints: [String]) -> String { "annotation \(name): \(complaints.joined(separator: "; "))." }

    static func hostNetwork(annotation: String) -> String {
        "A pod on its node's network has no IP of its own that an EIP could be bound to: remove annotation \(annotation), or hostNetwork: true."
    }
    static func attributesAndList(_ attributes: String, _ list: String) -> String {
        "annotations \(attributes) and \(list) exclude each other: keep \(attributes) to have an EIP allocated for the pod, "
            + "or \(list) to bind one of your own EIPs."
    }
    static func deletePolicy(_ name: String, _ text: String) -> String {
        "annotation \(name) is \(quoted(text)): write Never to keep the EIP for the next pod of this name, or remove it to release the EIP with the pod."
    }
    static func expiredDuration(_ name: String, _ text: String) -> String {
        "annotation \(name) is \(quoted(text)): write a duration of at least 5m, such as 1h or 72h, or 0 to keep the EIP for ever."
    }

    // MARK: eip-id-list

    static let listEmpty = "it is empty; write the ids of your EIPs separated by commas, such as eip-abcd1234,eip-efgh5678, or remove it"
    static func malformedID(_ id: String) -> String {
        "\(quoted(id)) is no EIP id; write ids such as eip-abcd1234, separated by commas"
    }
    static func repeatedID(_ id: String) -> String { "\(id) is there twice; write each EIP once" }

    // MARK: eip-attributes

    static func notJSON(_ error: String) -> String { "it is not valid JSON (\(error)); write an object such as \(example)" }
    static let notAnObject = "it is no JSON object; write one such as \(example)"
    static func unknownKey(_ key: String) -> String {
        let known = AttributeField.allCases.map { $0.annotationNames.joined(separator: " or ") }
        return "\(quoted(key)) is not known; known are \(known.joined(separator: ", "))"
    }
    static func contradiction(_ first: String, _ second: String) -> String { "\(first) and \(second) are the same thing and differ; write one of them" }
    static func notText(_ field: String, _ value: String) -> String { "\(field) is \(shown(value)); write a text, or leave it out" }
    static func notANumber(_ field: String, _ value: String) -> String {
        "\(field) is \(shown(value)), which is no whole number; write Mbps such as \"100\""
    }
    static func unknownChoice(_ field: String, _ value: String, _ known: [String]) -> String { "\(field) is \(shown(value)); write \(listed(known))" }
    static func bandwidthOutOfRange(_ field: String, _ value: Int, _ charge: ChargeType, saying chargeField: String) -> String {
        let range = charge.bandwidthRange
        let more =
            switch charge {
            case .traffic, .bandwidth: " (more needs \(chargeField) \(ChargeType.package.rawValue))"
            case .package: ""
            }
        return "\(field) is \(value); with \(chargeField) \(charge.rawValue) write \(range.lowerBound) to \(range.upperBound)\(more)"
    }
    static func malformedPackage(_ field: String, _ id: String) -> String {
        "\(field) is \(quoted(id)); write the id of a bandwidth package, such as bwp-abcd1234"
    }
    static func packageWithoutCharge(_ field: String, _ charge: String) -> String {
        "\(field) is used only with \(charge) \(ChargeType.package.rawValue); add that, or leave \(field) out"
    }
    static func zoneWithoutAnycast(_ field: String, _ type: String) -> String {
        "\(field) is used only with \(type) \(AddressType.anycast.rawValue); add that, or leave \(field) out"
    }
    static func tagsForm(_ field: String, _ key: String, _ value: String) -> String {
        #"\#(field) is no list of tags; write [{"\#(key)":"team","\#(value)":"game"}]"#
    }
    static func tagKey(_ field: String, _ key: String) -> String {
        key.isEmpty ? "\(field) has a tag without a key; give it one" : "\(field) has \(quoted(key)) twice; write each key once"
    }
    static func reservedTag(_ field: String, _ key: String) -> String { "\(field) has \(key), which this controller sets itself; leave it out" }

    /// A JSON value as it was written; strings bring their own quotes.
    private static func shown(_ json: String) -> String { json.hasPrefix("\"") ? quoted(String(json.dropFirst().dropLast())) : quoted(json) }

    // MARK: claims and nodes

    static func claim(_ complaints: [String]) -> String {
        bounded("This EIPClaim cannot be acted on, and its EIP is left alone: \(complaints.joined(separator: "; ")).")
    }
    static func foreignClaim() -> String {
        "This EIPClaim was not written by eip-controller (it has no spec.source): switch the EIP function of tke-eni-ipamd off, or delete the claim."
    }
    static func nodeCapacity(_ name: String, _ text: String, max: Int) -> String {
        "annotation \(name) is \(quoted(text)): write how many pod EIPs the node may have, 0 to \(max), or remove it to have its cores decide."
    }
}

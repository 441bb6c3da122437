internal import Core
internal import JSON

/// Attributes that cannot be acted on, each complaint a clause that starts with the field's name.
struct AttributesProblem: Error, Hashable {
    var complaints: [String]
}

/// Reads the attributes of an EIP from JSON that a person wrote: the annotation `eip-attributes`, with the names of TKE and of
/// AllocateAddresses, or a claim's `spec.source.attributes`. Values may be strings or numbers in both.
struct AttributesReader {
    enum Dialect { case annotation, claim }

    private let dialect: Dialect
    private let object: JSONObject
    private var complaints: [String] = []

    /// `{"Bandwidth":"100","ISP":"BGP"}`; nothing at all and `{}` are 100 Mbps, BGP.
    static func read(annotation text: String) -> Result<AddressAttributes, AttributesProblem> {
        if text.allSatisfy(\.isWhitespace) { return .success(AddressAttributes()) }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: text)
        } catch {
            return .failure(AttributesProblem(complaints: [Messages.notJSON(error.description)]))
        }
        guard case .object(let object) = value else { return .failure(AttributesProblem(complaints: [Messages.notAnObject])) }
        return read(object, .annotation)
    }

    static func read(_ object: JSONObject, _ dialect: Dialect) -> Result<AddressAttributes, AttributesProblem> {
        var reader = AttributesReader(dialect: dialect, object: object)
        let attributes = reader.attributes()
        return reader.complaints.isEmpty ? .success(attributes) : .failure(AttributesProblem(complaints: reader.complaints))
    }

    private init(dialect: Dialect, object: JSONObject) {
        self.dialect = dialect
        self.object = object
    }

    private mutating func attributes() -> AddressAttributes {
        let defaults = AddressAttributes()
        let attributes = AddressAttributes(
            bandwidth: number(.bandwidth) ?? defaults.bandwidth,
            isp: choice(.isp, ISP.self) ?? defaults.isp,
            chargeType: choice(.chargeType, ChargeType.self)?.rawValue,
            bandwidthPackageID: text(.bandwidthPackageID),
            addressType: choice(.addressType, AddressType.self)?.rawValue,
            anycastZone: choice(.anycastZone, AnycastZone.self)?.rawValue,
            egress: choice(.egress, Egress.self)?.rawValue,
            tags: tags())
        switch dialect {
        case .annotation:
            let known = Set(AttributeField.allCases.flatMap(\.annotationNames))
            complaints += object.keys.lazy.filter { !known.contains($0) }.prefix(Messages.complaintsMax).map(Messages.unknownKey)
        case .claim: break  // a newer version of this controller may know more
        }
        // relations between values only make sense when each of them could be read
        if complaints.isEmpty {
            let naming = self
            complaints = attributes.complaints { naming.present($0)?.name ?? naming.names($0)[0] }
        }
        return attributes
    }

    private func names(_ field: AttributeField) -> [String] {
        switch dialect {
        case .annotation: field.annotationNames
        case .claim: [field.claimName]
        }
    }

    /// The field under the name it was written with; `null` counts as absent.
    private func present(_ field: AttributeField) -> (name: String, value: JSONValue)? {
        for name in names(field) {
            if let value = object[name], !value.isNull { return (name, value) }
        }
        return nil
    }

    /// Two names of one field may both be there, as long as they agree.
    private mutating func value(_ field: AttributeField) -> (name: String, value: JSONValue)? {
        let written = names(field).filter { object[$0].map { !$0.isNull } ?? false }
        if written.count == 2, let first = object[written[0]], let second = object[written[1]], Self.plain(first) != Self.plain(second) {
            complaints.append(Messages.contradiction(written[0], written[1]))
        }
        return present(field)
    }

    /// A string or whole number as text; nil for anything else.
    private static func plain(_ value: JSONValue) -> String? { value.string ?? value.int.map(String.init) }

    private mutating func text(_ field: AttributeField) -> String? {
        guard let (name, value) = value(field) else { return nil }
        guard let text = Self.plain(value), !text.isEmpty else {
            complaints.append(Messages.notText(name, value.text()))
            return nil
        }
        return text
    }

    private mutating func number(_ field: AttributeField) -> Int? {
        guard let (name, value) = value(field) else { return nil }
        guard let text = Self.plain(value), text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(text) else {
            // a negative number is a number: its range is what is wrong with it
            if let number = value.int { return number }
            complaints.append(Messages.notANumber(name, value.text()))
            return nil
        }
        return number
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(_ field: AttributeField, _ type: Choice.Type) -> Choice?
    where Choice.RawValue == String {
        guard let (name, value) = value(field) else { return nil }
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            complaints.append(Messages.unknownChoice(name, value.text(), Choice.allCases.map(\.rawValue)))
            return nil
        }
        return choice
    }

    /// `[{"Key":"team","Value":"game"}]`, as AllocateAddresses takes them.
    private mutating func tags() -> [Tag] {
        guard let (name, value) = value(.tags) else { return [] }
        let (keyName, valueName) = dialect == .annotation ? ("Key", "Value") : ("key", "value")
        guard let elements = value.array else {
            complaints.append(Messages.tagsForm(name, keyName, valueName))
            return []
        }
        let tags: [Tag] = elements.compactMap { element in
            guard let object = element.object, object.count == 2, let key = Self.plain(element[keyName]), let value = Self.plain(element[valueName])
            else { return nil }
            return Tag(key: key, value: value)
        }
        if tags.count < elements.count { complaints.append(Messages.tagsForm(name, keyName, valueName)) }
        return tags
    }
}

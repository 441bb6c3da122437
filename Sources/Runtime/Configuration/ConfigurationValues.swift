public import Admin
public import Cloud
public import Kafka
public import Observe
public import Options

// How values are written. Those that are words need no more than the conformance.

extension Configuration.LostStatic: OptionValue {}
extension Configuration.Kafka.Mechanism: OptionValue {}
extension KafkaSettings.SecurityProtocol: OptionValue {}
extension Log.Format: OptionValue {}
extension Log.Level: OptionValue {}

extension Configuration.Role: OptionValue {
    public init(option text: String) throws(BadValue) {
        if text == "webhook" { throw BadValue(expected: "a role of this version, which has no webhook yet: write \(Self.choices.joined(separator: ","))") }
        guard let role = Self(rawValue: text) else { throw BadValue(expected: "one of " + Self.choices.joined(separator: ", ")) }
        self = role
    }
}

extension Secret: OptionValue {
    public init(option text: String) { self.init(text) }
    /// Shown, not read back: nothing that prints options may print a secret.
    public var optionText: String { description }
    public static var placeholder: String { "SECRET" }
}

extension AdminAddress: OptionValue {
    public init(option text: String) throws(BadValue) {
        do throws(AdminAddressError) { try self.init(text) } catch { throw BadValue(expected: "an address to listen on: \(error)") }
    }
    public var optionText: String { description }
    public static var placeholder: String { "HOST:PORT" }
}

extension CloudEndpoint: OptionValue {
    public init(option text: String) throws(BadValue) {
        do throws(CloudEndpointError) { try self.init(text) } catch { throw BadValue(expected: "an endpoint: \(error)") }
    }
    public var optionText: String { String(url.dropLast()) }
    public static var placeholder: String { "URL" }
}

/// Divisors of the number of partitions, so that slots spread evenly over them.
enum SlotCount: Int, Sendable, CaseIterable, OptionValue {
    case one = 1
    case two = 2
    case four = 4
    case eight = 8
    case sixteen = 16
    case all = 32

    init(option text: String) throws(BadValue) {
        guard let number = Int(text), let count = Self(rawValue: number) else { throw BadValue(expected: "one of " + Self.choices.joined(separator: ", ")) }
        self = count
    }
    var optionText: String { String(rawValue) }
    static var placeholder: String { "N" }
    static var choices: [String] { allCases.map(\.optionText) }
}

/// `KEY=VALUE`; the value may be empty and may hold more equals signs.
struct KeyValue: Sendable, Hashable, OptionValue {
    var key: String
    var value: String

    init(option text: String) throws(BadValue) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { throw BadValue(expected: "KEY=VALUE") }
        (key, value) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
    var optionText: String { "\(key)=\(value)" }
    static var placeholder: String { "KEY=VALUE" }
}

/// `HOST:PORT`, the host a name or numeric (IPv6 in brackets).
struct Broker: Sendable, Hashable, OptionValue {
    let optionText: String

    init(option text: String) throws(BadValue) {
        let bad = BadValue(expected: "HOST:PORT, such as kafka-0.kafka:9092")
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex, let port = UInt16(text[text.index(after: colon)...]), port > 0 else { throw bad }
        let host = text[..<colon]
        guard !host.contains(where: { $0.isWhitespace || $0 == "/" }), !host.contains(":") || host.hasPrefix("[") && host.hasSuffix("]") else { throw bad }
        optionText = text
    }
    static var placeholder: String { "HOST:PORT" }
}

extension Accepting<String> {
    /// RFC 1123, as names of namespaces are.
    static let dnsLabel = Accepting("a DNS label: a-z, 0-9 and -, at most 63") { isLabel($0[...]) }
    static let dnsName = Accepting("a DNS name: labels of a-z, 0-9 and - with dots between, at most 253") {
        $0.utf8.count <= 253 && $0.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
    }
    /// What Kafka and a Lease take.
    static let name = Accepting("a name: letters, digits, . _ and -, at most 200") { isName($0) }
    /// Kafka's names of topics have 249 characters at most.
    static let topicPrefix = Accepting("a name: letters, digits, . _ and -, at most 200") { isName($0) }
    static let region = Accepting("a region: a-z, 0-9 and -") { isLabel($0[...]) }
    static let vpcID = Accepting("the id of a VPC, such as vpc-a1b2c3d4") { $0.hasPrefix("vpc-") && isLabel($0[...]) }

    private static func isLabel(_ text: Substring) -> Bool {
        1...63 ~= text.utf8.count && text.utf8.allSatisfy { 0x61...0x7a ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2d } && text.first != "-" && text.last != "-"
    }
    private static func isName(_ text: String) -> Bool {
        1...200 ~= text.utf8.count && text.utf8.allSatisfy { 0x61...0x7a ~= $0 | 0x20 || 0x30...0x39 ~= $0 || "._-".utf8.contains($0) }
    }
}

internal import Lifecycle

protocol MetricFamily: Sendable {
    var name: String { get }
    func write(to text: inout String)
}

/// A family of metrics: one child per set of label values, in the order in which the labels were declared.
public final class Labelled<Child: MetricChild>: MetricFamily {
    let name: String
    private let help: String
    private let type: String
    private let labels: [String]
    private let childrenMax: Int
    private let make: @Sendable () -> Child
    private let children = Locked<[[String]: (child: Child, labels: String)]>([:])

    init(_ name: String, _ help: String, _ type: String, _ labels: [String], _ childrenMax: Int, make: @escaping @Sendable () -> Child) {
        for word in [name] + labels { precondition(Self.isName(word), "\"\(word)\" is no metric or label name") }
        (self.name, self.help, self.type, self.labels, self.childrenMax, self.make) = (name, help, type, labels, childrenMax, make)
        if labels.isEmpty { _ = self[] }  // exported at zero from the start
    }

    /// The child with these label values, made at its first use. As many values as labels, or it traps.
    public subscript(_ values: String...) -> Child { child(values) }
    /// Exports these children at zero before the first event, so that rates have a beginning.
    public func declare(_ sets: [[String]]) { for set in sets { _ = child(set) } }

    private func child(_ values: [String]) -> Child {
        precondition(values.count == labels.count, "\(name) has labels \(labels)")
        return children.withLock { all in
            if let known = all[values] { return known.child }
            let key = all.count < childrenMax ? values : labels.map { _ in "other" }
            if let known = all[key] { return known.child }
            let child = make()
            all[key] = (child, zip(labels, key).map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ","))
            return child
        }
    }
    func write(to text: inout String) {
        let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        let sorted = children.withLock { Array($0.values) }.sorted { $0.labels < $1.labels }
        for (child, labels) in sorted { child.write(name, labels, to: &text) }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
    private static func isName(_ word: String) -> Bool {
        word.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5f } && word.utf8.first.map { $0 &- 0x30 >= 10 } == true
    }
}

/// One row of a command's option table. Parsing, help, environment, completion and the reference are all derived from it.
public struct Option<Root: Sendable>: Sendable {
    public typealias Path<V> = any WritableKeyPath<Root, V> & Sendable

    var row: OptionRow
    let show: @Sendable (Root) -> String
    let set: @Sendable (inout Root, String) throws(BadValue) -> Void
    let clear: @Sendable (inout Root) -> Void

    /// An option that is there or not; `--name=false` takes it back.
    public static func flag(_ path: Path<Bool>, _ name: String, short: Character? = nil, _ help: String) -> Option {
        Option(
            row: OptionRow(name: name, short: short, help: help, placeholder: "", choices: Bool.choices),
            show: { $0[keyPath: path] ? "true" : "" }, set: { (root, text) throws(BadValue) in root[keyPath: path] = try Bool(option: text) })
    }

    /// An option with a default.
    ///
    /// - Parameter complete: names to offer at run time, such as namespaces; called only by completion.
    public static func value<V: OptionValue>(
        _ path: Path<V>, _ name: String, short: Character? = nil, as placeholder: String? = nil, _ help: String,
        complete: (@Sendable () async -> [String])? = nil
    ) -> Option {
        Option(
            row: OptionRow(name: name, short: short, help: help, placeholder: placeholder ?? V.placeholder, choices: V.choices, complete: complete),
            show: { $0[keyPath: path].optionText }, set: { (root, text) throws(BadValue) in root[keyPath: path] = try V(option: text) })
    }

    /// An option without a default: nil unless given.
    public static func value<V: OptionValue>(
        _ path: Path<V?>, _ name: String, short: Character? = nil, as placeholder: String? = nil, required: Bool = false, _ help: String,
        complete: (@Sendable () async -> [String])? = nil
    ) -> Option {
        Option(
            row: OptionRow(
                name: name, short: short, help: help, placeholder: placeholder ?? V.placeholder, choices: V.choices, required: required,
                complete: complete),
            show: { $0[keyPath: path]?.optionText ?? "" }, set: { (root, text) throws(BadValue) in root[keyPath: path] = try V(option: text) })
    }

    /// May be given again, or as a list with commas; an empty text is the empty list. What is given replaces the default.
    public static func list<V: OptionValue>(
        _ path: Path<[V]>, _ name: String, short: Character? = nil, as placeholder: String? = nil, _ help: String
    ) -> Option {
        Option(
            row: OptionRow(name: name, short: short, help: help, placeholder: placeholder ?? V.placeholder, choices: V.choices, repeats: true),
            show: { $0[keyPath: path].map(\.optionText).joined(separator: ",") },
            set: { (root, text) throws(BadValue) in
                guard !text.isEmpty else { return }
                for part in text.split(separator: ",", omittingEmptySubsequences: false) { root[keyPath: path].append(try V(option: String(part))) }
            },
            clear: { $0[keyPath: path] = [] })
    }

    /// The same row for a command that holds `Root` as a part of its own options.
    public func within<Outer: Sendable>(_ path: any WritableKeyPath<Outer, Root> & Sendable) -> Option<Outer> {
        let (show, set, clear) = (show, set, clear)
        return Option<Outer>(
            row: row, show: { show($0[keyPath: path]) }, set: { (root, text) throws(BadValue) in try set(&root[keyPath: path], text) },
            clear: { clear(&$0[keyPath: path]) })
    }

    init(
        row: OptionRow, show: @escaping @Sendable (Root) -> String, set: @escaping @Sendable (inout Root, String) throws(BadValue) -> Void,
        clear: @escaping @Sendable (inout Root) -> Void = { _ in }
    ) {
        (self.row, self.show, self.set, self.clear) = (row, show, set, clear)
    }
}

/// An option without its root's type: what parsing words, help, completion and the reference need of it.
struct OptionRow: Sendable {
    let name: String
    let short: Character?
    let help: String
    /// Of the value, in capitals by habit; empty for a flag.
    let placeholder: String
    let choices: [String]
    var repeats = false
    var required = false
    var complete: (@Sendable () async -> [String])?
    /// Known when the option is put into a command.
    var environment: String?
    var defaultText = ""

    var isFlag: Bool { placeholder.isEmpty }
}

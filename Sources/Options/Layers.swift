/// Where values come from: the command line, then the environment, then the configuration file; the first that has an option
/// decides, and the default is what is left.
struct Layers: Sendable {
    /// One option as it stood on the command line.
    struct Given: Sendable {
        let name: String
        let text: String
    }

    let given: [Given]
    private let incomplete: Set<String>
    /// An empty variable is as good as none: that is what a chart leaves of an unset value.
    let environment: [String: String]
    private(set) var file: [String: [String]] = [:]
    private(set) var fileName = ""
    /// Of the file itself.
    private(set) var problems: [String] = []

    init(_ scanned: Scanner, environment: [String: String]) {
        (given, incomplete) = (scanned.given, scanned.incomplete)
        self.environment = environment.filter { !$0.value.isEmpty }
    }

    /// Reads the file that `row` names, if it is given.
    ///
    /// - Parameter known: names of the options of all commands, which may share one file.
    mutating func addFile(named row: OptionRow, known: [String], read: (String) throws -> [String: [String]]) {
        guard let name = texts(of: row).last?.text else { return }
        fileName = name
        do {
            file = try read(name)
        } catch {
            problems.append("--\(row.name): \(name): \(error)")
        }
        for key in file.keys.sorted() where !known.contains(key) {
            let near = Command.nearest(key, known).map { ", did you mean \($0)?" } ?? ""
            problems.append("\(name): unknown key \(key)\(near)")
        }
    }

    /// Sets the option from the first layer that has it; returns what is wrong there.
    func apply<Root>(_ option: Option<Root>, to root: inout Root) -> [String] {
        let row = option.row
        let found = texts(of: row)
        if found.isEmpty {
            return row.required && !incomplete.contains(row.name) ? ["--\(row.name) is required" + (row.environment.map { " (or \($0))" } ?? "")] : []
        }
        if row.repeats { option.clear(&root) }
        var problems: [String] = []
        for (text, source) in row.repeats ? found : found.suffix(1) {
            do throws(BadValue) {
                try option.set(&root, text)
            } catch {
                problems.append("\(source): \"\(text)\" is not \(error.expected)")
            }
        }
        return problems
    }

    private func texts(of row: OptionRow) -> [(text: String, source: String)] {
        let flags = given.filter { $0.name == row.name }.map { (text: $0.text, source: "--\(row.name)") }
        if !flags.isEmpty { return flags }
        if let variable = row.environment, let text = environment[variable] { return [(text, variable)] }
        return (file[row.name] ?? []).map { ($0, "\(fileName): \(row.name)") }
    }
}

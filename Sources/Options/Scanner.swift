/// Sorts a leaf's arguments into options and words: `-n x`, `-nx`, `-n=x`, `--name x`, `--name=x`, bundles `-Aw`, `--`.
struct Scanner {
    private let rows: [OptionRow]
    private var rest: ArraySlice<String>
    private(set) var given: [Layers.Given] = []
    private(set) var words: [String] = []
    private(set) var problems: [String] = []
    /// Options whose value is missing: told here, so that nobody calls them absent too.
    private(set) var incomplete: Set<String> = []
    private(set) var wantsHelp = false

    init(_ arguments: ArraySlice<String>, rows: [OptionRow]) {
        self.rows = rows
        rest = arguments
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                return
            }
            if argument == "--help" || argument == "-h" {
                wantsHelp = true
            } else if argument.hasPrefix("--") {
                long(argument.dropFirst(2))
            } else if argument.hasPrefix("-"), argument != "-" {
                letters(argument.dropFirst())
            } else {
                words.append(argument)
            }
        }
    }

    private mutating func long(_ argument: Substring) {
        let cut = argument.firstIndex(of: "=")
        let name = String(argument[..<(cut ?? argument.endIndex)])
        guard let row = rows.first(where: { $0.name == name }) else {
            let near = Command.nearest(name, rows.map(\.name)).map { ", did you mean --\($0)?" } ?? ""
            problems.append("unknown option --\(name)\(near)")
            return
        }
        if let cut {
            add(row, String(argument[argument.index(after: cut)...]))
        } else if row.isFlag {
            add(row, "true")
        } else {
            addNext(row, "--\(name)")
        }
    }

    private mutating func letters(_ argument: Substring) {
        var letters = argument
        while let letter = letters.popFirst() {
            guard let row = rows.first(where: { $0.short == letter }) else {
                problems.append("unknown option -\(letter)")
                return
            }
            if row.isFlag, letters.first != "=" {
                add(row, "true")
                continue
            }
            if letters.first == "=" {
                add(row, String(letters.dropFirst()))
            } else if letters.isEmpty {
                addNext(row, "-\(letter)")
            } else {
                add(row, String(letters))
            }
            return
        }
    }

    private mutating func add(_ row: OptionRow, _ text: String) { given.append(Layers.Given(name: row.name, text: text)) }
    private mutating func addNext(_ row: OptionRow, _ shown: String) {
        if let text = rest.popFirst() { return add(row, text) }
        incomplete.insert(row.name)
        problems.append("\(shown) needs a value (\(row.placeholder))")
    }
}

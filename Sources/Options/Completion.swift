extension Command {
    /// Shells that have a completion script.
    public enum Shell: String, CaseIterable, OptionValue { case bash, zsh, fish }

    /// Candidates for the last word. The shells call `PROGRAM __complete WORD...` and so does kubectl for its plugins
    /// (through an executable kubectl_complete-NAME), with cobra's protocol: lines of "candidate TAB help", then ":directive".
    public func complete(_ words: [String]) async -> [(word: String, help: String)] {
        var node = self
        var value: OptionRow?
        var seen = 0
        let last = words.last ?? ""
        for w in words.dropLast() {
            if value != nil {
                value = nil
                continue
            }
            if w.hasPrefix("--"), !w.contains("=") {
                value = node.rows.first { "--\($0.name)" == w && !$0.isFlag }
            } else if w.hasPrefix("-"), w.count == 2 {
                value = node.rows.first { "-\($0.short ?? " ")" == w && !$0.isFlag }
            } else if !w.hasPrefix("-") {
                if let c = node.children.first(where: { $0.name == w }) { node = c } else { seen += 1 }
            }
        }
        func values(_ r: OptionRow, prefix: String) async -> [(String, String)] {
            let dynamic = await r.complete?() ?? []
            return (r.choices + dynamic).map { (prefix + $0, "") }
        }
        var all: [(String, String)]
        if let value {
            all = await values(value, prefix: "")
        } else if last.hasPrefix("--"), let cut = last.firstIndex(of: "="), let r = node.rows.first(where: { "--\($0.name)" == last[..<cut] }) {
            all = await values(r, prefix: "--\(r.name)=")
        } else if last.hasPrefix("-") {
            all = node.rows.map { ("--\($0.name)", $0.help) } + [("--help", "shows this command's help")]
        } else if !node.children.isEmpty {
            all = node.children.map { ($0.name, $0.summary) }
        } else if let p = node.positional, seen < p.count.upperBound {
            all = (await p.complete?() ?? []).map { ($0, "") }
        } else {
            all = []
        }
        return all.filter { $0.0.hasPrefix(last) }.map { (word: $0.0, help: $0.1) }
    }

    /// The whole answer to `PROGRAM __complete WORD...`; directive 4 keeps the shell from offering files.
    public func completionReply(_ words: [String]) async -> String {
        let all = await complete(words)
        return all.map { $0.help.isEmpty ? $0.word : "\($0.word)\t\($0.help)" }.joined(separator: "\n") + (all.isEmpty ? "" : "\n") + ":4\n"
    }

    /// The script for one shell. All three ask the program itself, so they never go stale.
    public func completionScript(_ shell: Shell) -> String {
        let f = "_" + name.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
        switch shell {
        case .bash:
            return """
                \(f)() {
                    local IFS=$'\\n' words=("${COMP_WORDS[@]:1:COMP_CWORD}")
                    # bash splits words at '=': join --flag = value again
                    local line="${COMP_LINE:0:COMP_POINT}" last="${COMP_WORDS[COMP_CWORD]}"
                    if [[ "${line##* }" == *=* ]]; then
                        IFS=' ' read -r -a words <<< "${line#* }"; IFS=$'\\n'
                    fi
                    COMPREPLY=($("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null | sed -e '/^:/d' -e 's/\\t.*//'))
                    if [[ "${line##* }" == *=* ]]; then COMPREPLY=("${COMPREPLY[@]#*=}"); fi
                }
                complete -F \(f) \(name)
                """
        case .zsh:
            return """
                #compdef \(name)
                \(f)() {
                    local -a found
                    found=(${(f)"$(${words[1]} __complete ${(@)words[2,CURRENT]} 2>/dev/null | sed -e '/^:/d' -e 's/:/\\\\:/g' -e 's/\\t/:/')"})
                    _describe '\(name)' found
                }
                compdef \(f) \(name)
                """
        case .fish:
            return """
                function \(f)
                    set -l words (commandline -opc) (commandline -ct)
                    $words[1] __complete $words[2..-1] 2>/dev/null | string match -v -r '^:'
                end
                complete -c \(name) -f -a '(\(f))'
                """
        }
    }
}

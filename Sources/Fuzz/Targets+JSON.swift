internal import Contract
internal import Core
internal import Foundation
internal import JSON

extension FuzzTarget {
    /// Reading and writing agree; what is skipped is checked like what is read; and the grammar is Foundation's.
    static func json(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let skipped = document(input) { r throws(JSONError) in try r.skip() } != nil
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: input)
        } catch {
            try require(0...input.count ~= error.offset, "\(error) is outside of the \(input.count) bytes")
            let skippable = ["surrogate", "escape", "UTF-8", "out of range"].contains { error.description.contains($0) }
            try require(!skipped || skippable, "skipped, but not read: \(error)")
            // Foundation has no such limits, and forgives a comma after the last member or element
            let isStrict = ["nested too deeply", "out of range"].contains { error.description.contains($0) } || isTrailingComma(input, at: error.offset)
            try require(isStrict || isOtherEncoding(input) || !foundationReads(input), "Foundation reads it: \(error)")
            return false
        }
        try require(skipped, "read, but not skipped")
        try require(foundationReads(input), "Foundation refuses it")
        for sorted in [false, true] { try require(parsed(value.bytes(sortedKeys: sorted)) == value, "read back from \(value.text(sortedKeys: sorted))") }
        return true
    }

    private static func parsed(_ bytes: [UInt8]) -> JSONValue? { document(bytes) { r throws(JSONError) in try r.value() } }

    private static func isTrailingComma(_ input: [UInt8], at offset: Int) -> Bool {
        offset < input.count && [0x5d, 0x7d].contains(input[offset]) && input[..<offset].last { $0 > 0x20 } == 0x2c
    }
    /// Foundation also takes UTF-16, UTF-32 and a byte order mark; nobody sends them, and RFC 8259 has neither.
    private static func isOtherEncoding(_ input: [UInt8]) -> Bool {
        input.prefix(4).contains(0) || [[0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xfe, 0xff]].contains { input.starts(with: $0) }
    }
    private static func foundationReads(_ input: [UInt8]) -> Bool {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)
            return true
        } catch {
            return false
        }
    }

    /// The annotations of a pod, one a line in the order of their meaning. Whatever is wrong is said in a message that an Event takes.
    static func attributes(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let lines = input.split(separator: 0x0a, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        let names = AnnotationNames()
        var annotations: [String: String] = [:]
        for (name, line) in zip([names.attributes, names.idList, names.deletePolicy, names.expiredDuration], lines) where !line.isEmpty {
            annotations[name] = line
        }
        if lines[0].isEmpty, lines.count == 1 { annotations[names.attributes] = "" }
        let wishes = names.wishes(of: annotations, hostNetwork: false)
        switch wishes.want {
        case .none, .attributes: return true
        case .list(let ids):
            try require(!ids.isEmpty && Set(ids).count == ids.count, "a list that is empty or has an id twice")
            return true
        case .invalid(let problem):
            try require(1...1024 ~= problem.message.utf8.count, "a message of \(problem.message.utf8.count) bytes")
            return false
        }
    }
}

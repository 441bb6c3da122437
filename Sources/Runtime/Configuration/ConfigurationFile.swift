internal import Glibc
internal import JSON
internal import YAML

/// The YAML file of options: a mapping from option names to a value, a list, or for `KEY=VALUE` options a mapping.
///
///     region: ap-guangzhou
///     roles: [informer, reaper]
///     default-tags:
///       team: games
package enum ConfigurationFile {
    /// A longer one is another file by mistake.
    static let bytesMax = 1 << 20

    /// Texts by option name.
    ///
    /// - Throws: what cannot be opened or read, and where.
    static func read(_ path: String) throws -> [String: [String]] { try texts(yaml: text(of: path)) }

    package static func texts(yaml text: String) throws -> [String: [String]] { try texts(JSONValue(yaml: text)) }

    static func texts(_ file: JSONValue) throws(FileError) -> [String: [String]] {
        if file.isNull { return [:] }
        guard let object = file.object else { throw FileError("has to be a mapping, one `option: value` a line") }
        var texts: [String: [String]] = [:]
        for (key, value) in object {
            switch value {
            case .null: break  // what a chart leaves of an unset value
            case .array(let elements):
                texts[key] = []
                for element in elements { texts[key, default: []].append(try scalar(element, key)) }
            case .object(let pairs):
                texts[key] = []
                for (name, value) in pairs { texts[key, default: []].append("\(name)=\(try scalar(value, "\(key).\(name)"))") }
            case .bool, .int, .double, .string: texts[key] = [try scalar(value, key)]
            }
        }
        return texts
    }

    private static func scalar(_ value: JSONValue, _ place: String) throws(FileError) -> String {
        switch value {
        case .string(let text): return text
        case .bool, .int, .double: return value.text()
        case .null, .array, .object: throw FileError("\(place) has to be a text, a number, true or false")
        }
    }

    /// The whole file.
    static func text(of path: String) throws(FileError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else { throw FileError("has more than \(bytesMax) bytes: this is another file") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileError("is not UTF-8") }
        return text
    }
}

/// What is wrong with a file; whoever throws it on names the file.
struct FileError: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

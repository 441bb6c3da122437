internal import Glibc
internal import JSON
internal import YAML

/// The manifests that the story applies: those of `ops/examples`, as people would with kubectl.
public struct Examples: Sendable {
    /// A manifest that is missing or is no YAML.
    public struct Unusable: Error, CustomStringConvertible {
        public var path: String
        public var reason: String
        public var description: String { "\(path): \(reason)" }
    }
    static let files = ["static-eip.yaml", "eip-id-list.yaml", "non-static-pod.yaml"]

    var objects: [JSONValue]
    /// The EIPs that the examples name in `eip-id-list`: the story's user owns them.
    static let listedIDs = ["eip-listed01", "eip-listed02"]

    /// - Parameter folder: usually from `folder(near:)`.
    public init(folder: String) throws(Unusable) {
        objects = []
        for file in Self.files {
            let path = "\(folder)/\(file)"
            let text = try Self.text(of: path)
            do throws(YAMLError) {
                objects += try JSONValue.documents(yaml: text)
            } catch {
                throw Unusable(path: path, reason: error.description)
            }
        }
    }

    /// The first of the folders and their parents that has `ops/examples`.
    ///
    /// - Parameter starts: where a search begins, such as the working directory and the executable's.
    public static func folder(near starts: [String] = [workingDirectory, executableDirectory]) throws(Unusable) -> String {
        for start in starts {
            var folder = start
            while true {
                let candidate = "\(folder == "/" ? "" : folder)/ops/examples"
                if access("\(candidate)/\(files[0])", R_OK) == 0 { return candidate }
                guard folder != "/", let slash = folder.lastIndex(of: "/") else { break }
                folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
            }
        }
        throw Unusable(
            path: "ops/examples", reason: "not found above \(starts.joined(separator: " nor ")): run eip-sandbox inside the repository, as ops/sandbox does")
    }
    public static var workingDirectory: String { resolved(".") }
    public static var executableDirectory: String {
        let path = resolved("/proc/self/exe")
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "/"
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return "/" }
        defer { free(real) }
        return String(cString: real)
    }

    private static func text(of path: String) throws(Unusable) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Unusable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = part.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Unusable(path: path, reason: String(cString: strerror(errno))) }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += part[..<count]
        }
    }
}

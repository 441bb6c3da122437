internal import Glibc
internal import Lifecycle
internal import Observe

/// Credentials in a file of the form of `~/.tencentcloud/credentials`:
///
///     [default]
///     secret_id = AKID…
///     secret_key = …
///     token = …        (temporary credentials only)
///
/// It is looked at before each call (one `stat`) and read again when it changed, so a mounted Kubernetes Secret rotates by
/// itself. While a changed file cannot be read (half written, say) the last good values stay in use; once the cloud has
/// refused those, the file's fault is thrown.
public final class CredentialFile: CredentialSource {
    private struct State {
        var version: FileVersion?
        var good: CloudCredentials?
    }
    private let path: String
    private let state = Locked(State())

    public init(path: String) { self.path = path }

    public func credentials(fresh: Bool) async throws(CredentialError) -> CloudCredentials {
        let (known, good) = state.withLock { ($0.version, $0.good) }
        do throws(CredentialError) {
            let version = try FileVersion(path: path)
            if !fresh, version == known, let good { return good }
            // The version was taken first: a change in between is seen at the next call.
            let read = try CloudCredentials(ini: String(decoding: try readFile(path), as: UTF8.self), path: path)
            state.withLock {
                $0.version = version
                $0.good = read
            }
            return read
        } catch {
            guard !fresh, let good else { throw error }
            return good
        }
    }
}

extension CloudCredentials {
    static let section = "default"

    /// - Throws: `CredentialError` that names the file and the line or what is missing.
    package init(ini text: String, path: String) throws(CredentialError) {
        var values: [String: String] = [:]
        var section: String?
        var hasSection = false
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = trimmed(raw)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                section = trimmed(line.dropFirst().dropLast())
                if section == Self.section { hasSection = true }
                continue
            }
            guard let equals = line.firstIndex(of: "=") else {
                throw CredentialError("credentials file \(path), line \(index + 1): neither a [section] nor `name = value`")
            }
            if section == Self.section { values[trimmed(line[..<equals]).lowercased()] = trimmed(line[line.index(after: equals)...]) }
        }
        guard hasSection else { throw CredentialError("credentials file \(path): no section [\(Self.section)] with secret_id and secret_key") }
        func value(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
        let missing = ["secret_id", "secret_key"].filter { value($0) == nil }
        guard let id = value("secret_id"), let key = value("secret_key") else {
            throw CredentialError("credentials file \(path), section [\(Self.section)]: \(missing.joined(separator: " and ")) missing")
        }
        self.init(secretID: id, secretKey: Secret(key), token: value("token").map { Secret($0) })
    }
}

/// What tells two contents of a path apart without reading them.
private struct FileVersion: Equatable {
    var device: UInt, inode: UInt, size: Int, seconds: Int, nanoseconds: Int

    init(path: String) throws(CredentialError) {
        var info = stat()
        guard stat(path, &info) == 0 else { throw CredentialError.file(path, errno) }
        device = UInt(info.st_dev)
        inode = UInt(info.st_ino)
        size = Int(info.st_size)
        seconds = info.st_mtim.tv_sec
        nanoseconds = info.st_mtim.tv_nsec
    }
}

extension CredentialError {
    fileprivate static func file(_ path: String, _ code: Int32) -> CredentialError {
        CredentialError("credentials file \(path): \(String(cString: strerror(code)))")
    }
}

/// A credentials file is some hundred bytes; a longer one is another file by mistake.
private let credentialFileBytesMax = 64 << 10

private func readFile(_ path: String) throws(CredentialError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .file(path, errno) }
    defer { close(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(file, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw .file(path, errno) }
        if count == 0 { return content }
        content += chunk[..<count]
        guard content.count <= credentialFileBytesMax else {
            throw CredentialError("credentials file \(path): more than \(credentialFileBytesMax) bytes, so it is no credentials file")
        }
    }
}

internal import Glibc
internal import JSON
internal import Lifecycle
internal import Models

/// A file to which each call is appended as one line of JSON.
final class CloudJournalFile: Sendable {
    /// Serialises the writers, so that the lines are in the order of the calls.
    private let descriptor: Locked<Int32>

    struct CannotOpen: Error, CustomStringConvertible {
        var path: String
        var errno: Int32
        var description: String { "cannot write the journal \(path): \(String(cString: strerror(errno)))" }
    }

    init(_ path: String) throws(CannotOpen) {
        let fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw CannotOpen(path: path, errno: errno) }
        descriptor = Locked(fd)
    }
    deinit { descriptor.withLock { _ = close($0) } }

    /// Appends what `take` gives. It is asked under this file's lock, so that nobody's older entries come later.
    func append(_ take: () -> [CloudJournalEntry]) {
        descriptor.withLock { fd in
            let lines = take().map { $0.json.text() + "\n" }.joined()
            var rest = Array(lines.utf8)[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { write(fd, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                // a full disk loses journal lines, it does not stop the cloud
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }
}

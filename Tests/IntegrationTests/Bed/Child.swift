import Foundation
import Glibc
import Lifecycle

/// A process of the test's. Its output goes to a file, so that nobody has to read along.
final class Child: Sendable {
    enum End: Hashable {
        case exited(Int32)
        case killed(Int32)
    }

    let pid: pid_t
    let outputFile: String
    private let ended = Locked<End?>(nil)

    /// - Throws: where the program cannot be started.
    init(_ program: String, _ arguments: [String], environment: [String: String], output: String, input: String = "/dev/null") throws {
        outputFile = output
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var pairs: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in words + pairs { free(pointer) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program, &actions, &attributes, &words, &pairs)
        guard failure == 0 else { throw Unmet("cannot run \(program): \(String(cString: strerror(failure)))") }
        self.pid = pid
        Guard.shared.watch(pid)
    }

    /// How it ended; nil while it lives.
    var end: End? {
        ended.withLock { known in
            if let known { return known }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            Guard.shared.forget(pid)
            known = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(status & 0x7f)
            return known
        }
    }
    var isAlive: Bool { end == nil }

    /// Nothing happens to a process that has ended: its number may be another's.
    func signal(_ number: Int32) { if isAlive { kill(pid, number) } }

    /// Waits for the end.
    func wait(within limit: Duration) async throws -> End {
        try await eventually("end of process \(pid)", within: limit, every: .milliseconds(10)) { self.end }
    }

    /// Ends it as politely as time allows.
    func stop(within limit: Duration = .seconds(10)) async {
        signal(SIGCONT)
        signal(SIGTERM)
        do { _ = try await wait(within: limit) } catch {
            signal(SIGKILL)
            // nothing survives that
            var status: Int32 = 0
            ended.withLock { known in if known == nil, waitpid(pid, &status, 0) == pid { known = .killed(SIGKILL) } }
        }
    }

    func output() throws -> String { String(decoding: try Data(contentsOf: URL(filePath: outputFile)), as: UTF8.self) }
}

/// Kills what the tests started when the test process is gone, however it went: a shell whose input is a pipe from here.
final class Guard: Sendable {
    static let shared = Guard()
    private let pipe: Locked<Int32>

    private init() {
        var ends: [Int32] = [0, 0]
        // Closed in every child: one that kept the writing end open would keep the guard waiting.
        precondition(Glibc.pipe(&ends) == 0 && ends.allSatisfy { fcntl($0, F_SETFD, FD_CLOEXEC) == 0 })
        let script = """
            all=" "
            while read -r what pid; do
              case $what in
                watch) all="$all$pid " ;;
                forget) all="${all%%" $pid "*} ${all#*" $pid "}" ;;
              esac
            done
            for pid in $all; do kill -9 "$pid"; done
            """
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // an interrupt from the terminal is for the tests; the guard acts when they are gone
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        var words: [UnsafeMutablePointer<CChar>?] = (["/bin/sh", "-c", script] as [String]).map { strdup($0) } + [nil]
        var pairs: [UnsafeMutablePointer<CChar>?] = [nil]
        defer { for pointer in words { free(pointer) } }
        var pid: pid_t = 0
        precondition(posix_spawn(&pid, "/bin/sh", &actions, &attributes, &words, &pairs) == 0)
        close(ends[0])
        pipe = Locked(ends[1])
    }

    func watch(_ pid: pid_t) { tell("watch \(pid)\n") }
    func forget(_ pid: pid_t) { tell("forget \(pid)\n") }

    /// Lines are far below PIPE_BUF, so they arrive whole.
    private func tell(_ line: String) {
        pipe.withLock { fd in _ = line.withCString { write(fd, $0, strlen($0)) } }
    }
}

internal import Lifecycle
internal import Observe
internal import Options
internal import Runtime

/// One life of the controller in this process, with the command line that a person would give it: option table, configuration and
/// `Controller` are those of production.
final class ControllerRun: Sendable {
    /// Its configuration was refused, or it ended by itself.
    struct Ended: Error, CustomStringConvertible {
        var description: String
    }
    private let signal: AsyncStream<Int32>.Continuation
    private let task: Task<Void, Never>
    /// How it ended, once it has.
    private let ending: Locked<Int32?>

    /// Starts it.
    ///
    /// - Parameter arguments: those of `eip-controller run`.
    /// - Throws: `Ended` with what is wrong with the arguments.
    init(_ arguments: [String], environment: [String: String], log: Log) throws(Ended) {
        let (signals, signal) = AsyncStream<Int32>.makeStream()
        let ending = Locked<Int32?>(nil)
        let place = ProcessPlace(environment: environment, hostname: "sandbox")
        let command = controllerCommand(
            in: place, run: { await Controller($0, log: log).run(signals: signals) }, ensureTopics: { await ensureTopics($0) })
        let outcome = command.parse(["run"] + arguments)
        guard case .run(let body) = outcome else { throw Ended(description: "eip-controller run \(arguments.joined(separator: " ")): \(outcome)") }
        task = Task {
            var code: Int32 = 1
            do {
                code = try await body()
            } catch {
                log.error("the controller ended", [Field("error", "\(error)")])
            }
            ending.withLock { [code] in $0 = code }
        }
        self.signal = signal
        self.ending = ending
    }

    /// Its exit code, if it has ended.
    var exitCode: Int32? { ending.withLock { $0 } }

    /// As SIGTERM does: it finishes what it has in hand.
    func stop() async {
        signal.yield(15)
        await task.value
    }

    /// As near to SIGKILL as it gets within one process: all its tasks are cancelled at once, whatever they are at.
    func kill() async {
        task.cancel()
        await task.value
    }
}

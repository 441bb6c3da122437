import Foundation
import Glibc
import Lifecycle
import Options

let signals = Signals.install()
let stopped = Latch()
Task {
    for await _ in signals {
        // the second one does not wait for anything
        if stopped.isOpen { exit(1) }
        stopped.open()
    }
}
let environment = ProcessInfo.processInfo.environment
exit(
    await sandboxCommand(environment: environment, stopped: stopped).run(
        Array(CommandLine.arguments.dropFirst()), environment: environment, output: { write($0, to: 1) }, errors: { write($0, to: 2) }))

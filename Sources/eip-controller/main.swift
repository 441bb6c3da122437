import Glibc
import Lifecycle
import Runtime

let signals = Signals.install()
exit(await execute(controllerCommand(run: { await runController($0, signals: signals) }, ensureTopics: { await ensureTopics($0) })))

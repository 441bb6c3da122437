internal import Kafka
public import Lifecycle

/// `eip-sandbox run`: starts everything, plays the story and tells what came of it.
///
/// - Parameters:
///   - stopped: opens when the user has enough.
///   - output: takes the result, and with text what happens too.
///   - progress: takes what happens when the result is for machines.
/// - Returns: the report. What the controller logged is kept when it is not good.
/// - Throws: what keeps a part from starting.
public func runStory(
    _ settings: StorySettings, stopped: Latch, output: @escaping @Sendable (String) -> Void, progress: @escaping @Sendable (String) -> Void
) async throws -> StoryReport {
    let host = try StoryHost(settings)
    let say: @Sendable (String) -> Void = { line in settings.output == .text ? output(line + "\n") : progress(line + "\n") }
    say("Kubernetes  \(host.kubernetes.url)")
    say("cloud       \(host.cloud.url)")
    if let kafka = host.kafka { say("Kafka       \(kafka.bootstrap)") }
    say("log of the controller: \(host.controllerLog)")
    let report: StoryReport
    do {
        try host.prepare()
        let story = Story(host, settings, stopped: stopped, say: say)
        report = await story.play()
        output(settings.output == .text ? report.text : report.json)
        if settings.keeps, !stopped.isOpen {
            say("\nIt all keeps running until Ctrl-C. In another terminal:\nexport KUBECONFIG=\(host.kubeconfig)\nkubectl get eipc,pods -o wide")
            await story.watch()
        }
    } catch {
        await host.stop()
        throw error
    }
    await host.stop()
    if report.isGood { host.removeFolder() } else { say("What the controller logged is in \(host.controllerLog)") }
    return report
}

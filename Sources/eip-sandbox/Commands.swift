import Glibc
import Lifecycle
import Observe
public import Options
public import Sandbox

extension CloudRequestLimits: OptionValue {}
extension StorySettings.Queue: OptionValue {}
extension StorySettings.Output: OptionValue {}

/// The commands of `eip-sandbox`. All but `run` serve until `stopped` opens.
func sandboxCommand(environment: [String: String], stopped: Latch) -> Command {
    Command(
        "eip-sandbox", "Tries EIP Controller on this machine, without a cluster, a cloud or a broker.",
        children: [
            storyCommand(stopped), kubernetesCommand(stopped), cloudCommand(environment, stopped), kubeletCommand(stopped), kafkaCommand(stopped),
            simulateCommand(stopped),
        ])
}

private struct StoryOptions: Sendable {
    var queue = StorySettings.Queue.kafka
    var output = StorySettings.Output.text
    var keeps = false
    var limits = CloudRequestLimits.standard
    var latency = Duration.milliseconds(200)
}

private func storyCommand(_ stopped: Latch) -> Command {
    Command(
        "run", "Starts everything in this process and plays a story: pods get, keep and lose their EIPs.",
        discussion: "Kubernetes API, cloud, Kafka and kubelets are stand-ins on loopback; the controller is the one of production. "
            + "Exit code 0: every step was seen done and no promise broken.",
        defaults: StoryOptions(),
        options: [
            .value(\.queue, "queue", "How events travel from the informer to the worker"),
            .value(\.output, "output", short: "o", "Form of the result; with json only that is on the standard output"),
            .flag(\.keeps, "keep", "Leaves everything running at the end and tells the KUBECONFIG for kubectl"),
            .value(\.limits, "limits", "Requests a second that the cloud takes: as documented, or any number"),
            .value(\.latency, "latency", "How long the cloud takes for each change"),
        ],
        run: { options, _ in
            let settings = StorySettings(
                queue: options.queue, output: options.output, keeps: options.keeps, examples: try Examples(folder: try Examples.folder()),
                limits: options.limits, latency: options.latency)
            let report = try await runStory(settings, stopped: stopped, output: { write($0, to: 1) }, progress: { write($0, to: 2) })
            return report.isGood ? 0 : 1
        })
}

private struct KubernetesOptions: Sendable {
    var port = 0
    var kubeconfig: String?
}

private func kubernetesCommand(_ stopped: Latch) -> Command {
    Command(
        "kubernetes", "Serves a Kubernetes API, with controllers and a scheduler, on 127.0.0.1.",
        defaults: KubernetesOptions(),
        options: [
            port(\.port), .value(\.kubeconfig, "kubeconfig", as: "FILE", "File to write, with which kubectl finds it"),
        ],
        run: { options, _ in
            try await runKubernetes(port: options.port, kubeconfig: options.kubeconfig, stopped: stopped, announce: announce)
            return 0
        })
}

private struct CloudOptions: Sendable {
    var port = 0
    var journal: String?
    var limits = CloudRequestLimits.standard
    var latency = Duration.milliseconds(200)
}

private func cloudCommand(_ environment: [String: String], _ stopped: Latch) -> Command {
    Command(
        "cloud", "Serves the EIP part of Tencent Cloud's VPC API on 127.0.0.1.",
        discussion: "It checks signatures with TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY of its environment, else AKIDSANDBOX and sandbox.",
        defaults: CloudOptions(),
        options: [
            port(\.port), .value(\.journal, "journal", as: "FILE", "Appends one line of JSON for each call"),
            .value(\.limits, "limits", "Requests a second that it takes: as documented, or any number"),
            .value(\.latency, "latency", "How long it takes for each change"),
        ],
        run: { options, _ in
            try await runCloud(
                port: options.port, journal: options.journal, limits: options.limits, latency: options.latency, environment: environment,
                stopped: stopped, announce: announce)
            return 0
        })
}

private struct KubeletOptions: Sendable {
    var kubeconfig: String?
    var endpoint: String?
    var logLevel = Log.Level.info
}

private func kubeletCommand(_ stopped: Latch) -> Command {
    Command(
        "kubelet", "Stands in for the kubelet and the CNI of every node of a cluster without machines.",
        defaults: KubeletOptions(),
        options: [
            .value(\.kubeconfig, "kubeconfig", as: "FILE", required: true, "How to reach the cluster"),
            .value(\.endpoint, "cloud-endpoint", as: "URL", required: true, "The sandbox cloud, such as http://127.0.0.1:9000"),
            .value(\.logLevel, "log-level", "The least level that is logged"),
        ],
        run: { options, _ in
            // both are required, so both are there
            guard let kubeconfig = options.kubeconfig, let endpoint = options.endpoint else { return 2 }
            announce("kubelets of \(kubeconfig), addresses at \(endpoint)")
            try await runKubelet(kubeconfig: kubeconfig, cloud: endpoint, log: Log(level: options.logLevel), stopped: stopped)
            return 0
        })
}

private struct KafkaOptions: Sendable {
    var port = 0
}

private func kafkaCommand(_ stopped: Latch) -> Command {
    Command(
        "kafka", "Serves librdkafka's mock broker on 127.0.0.1, with the controller's topics made.",
        discussion: "It is for trying: nothing is kept on disk, and it knows neither administration nor static membership.",
        defaults: KafkaOptions(),
        options: [
            .value(
                \.port, "port", as: "0", accepting: Accepting("0: the broker picks a free port by itself, and it is printed") { $0 == 0 },
                "Cannot be chosen")
        ],
        run: { _, _ in
            try await runKafka(stopped: stopped, announce: announce)
            return 0
        })
}

private func port<Root: Sendable>(_ path: any WritableKeyPath<Root, Int> & Sendable) -> Option<Root> {
    .value(path, "port", as: "PORT", accepting: Accepting("0 (a free one) to 65535") { 0...65535 ~= $0 }, "Where it listens; the URL is printed")
}

/// One line, there at once even in a pipe.
@Sendable private func announce(_ line: String) { write(line + "\n", to: 1) }

/// What nobody reads any more is lost.
func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { continue }
            return
        }
        rest = rest.dropFirst(count)
    }
}

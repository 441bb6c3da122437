internal import Admin
internal import Cloud
internal import Contract
internal import Core
internal import Observe
internal import Options

/// The keys of `eip-controller run` as they are written: flag, `EIP_<FLAG>` in the environment, key of the configuration file.
/// Each row tells default, unit and range. `configuration(in:)` makes the checked value of them.
struct ConfigurationOptions: Sendable {
    enum QueueKind: String, Sendable, CaseIterable, OptionValue { case memory, kafka }

    var config: String?
    var roles = Configuration.Role.allCases
    var kubeconfig: String?
    var namespace: String?
    var instanceID: String?
    /// nil: not said, which is memory unless brokers are named.
    var queue: QueueKind?
    var kafka = KafkaOptions()
    var slots: SlotCount?
    var endpoint = CloudEndpoint.standard
    var region: String?
    var vpcID: String?
    var credentialsFile: String?
    var requestLife = RequestLife().duration
    var defaultTags: [KeyValue] = []
    var annotationDomain = AnnotationNames.tkeDomain
    var claimExpiredDuration = Duration.zero
    var lostStatic = Configuration.LostStatic.alert
    var adminAddress = AdminAddress.standard
    var logFormat = Log.Format.text
    var logLevel = Log.Level.info
    var leadership = Configuration.Leadership()

    static let configurationOption = Option<ConfigurationOptions>.value(
        \.config, "config", as: "FILE", "YAML file of these options, by their names without dashes in front")

    static var table: [Option<ConfigurationOptions>] {
        [configurationOption] + process + KafkaOptions.table.map { $0.within(\.kafka) } + [KafkaOptions.sessionTimeout.within(\.kafka)] + work + operation
    }

    private static let process: [Option<ConfigurationOptions>] = [
        .list(\.roles, "roles", as: "ROLE,…", "What this process does"),
        .value(
            \.kubeconfig, "kubeconfig", as: "FILE", accepting: Accepting("a path") { !$0.isEmpty },
            "How to reach the cluster; default: the pod's own service account. Never ~/.kube/config by itself"),
        .value(
            \.namespace, "namespace", as: "NAME", accepting: .dnsLabel,
            "Where the controller keeps its Leases; default: the pod's own namespace, else eip-controller"),
        .value(
            \.instanceID, "instance-id", as: "NAME", accepting: .name,
            "This process's name, unique among all controllers of the log; default: HOSTNAME, which in a pod is its name"),
        .value(\.queue, "queue", "How events reach the workers; default memory: within this process, one replica acts"),
        .value(\.slots, "slots", as: "N", "Parts of an account-region that workers share, a divisor of 32; default 4 with kafka, 1 with memory"),
    ]

    private static let work: [Option<ConfigurationOptions>] = [
        .value(\.endpoint, "cloud-endpoint", as: "URL", "The cloud's VPC API, https://HOST or http://HOST:PORT"),
        .value(\.region, "region", as: "REGION", required: true, accepting: .region, "Region of the EIPs, such as ap-guangzhou"),
        .value(\.vpcID, "vpc-id", as: "ID", required: true, accepting: .vpcID, "VPC of the cluster"),
        .value(
            \.credentialsFile, "credentials-file", as: "FILE", accepting: Accepting("a path") { !$0.isEmpty },
            "Cloud keys as ~/.tencentcloud/credentials has them, read again when the file changes; default: "
                + "TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_TOKEN in the environment"),
        .value(
            \.requestLife, "request-life", accepting: Accepting(RequestLife.range),
            "How long after a worker's last proof of ownership the cloud may still accept its request"),
        .list(\.defaultTags, "default-tags", as: "KEY=VALUE,…", "Tags of every EIP that is allocated"),
        .value(
            \.annotationDomain, "annotation-domain", as: "DOMAIN", accepting: .dnsName,
            "What annotations and the extended resource begin with; another than the default lets tke-eni-ipamd's EIP live beside this one"),
        .value(
            \.claimExpiredDuration, "claim-expired-duration", accepting: Accepting("0 (for ever) or at least 5m") { $0 == .zero || $0 >= .seconds(300) },
            "How long a static EIP is kept without a pod, unless the pod's annotation says otherwise"),
        .value(\.lostStatic, "lost-static", "What becomes of a static EIP that is gone from the cloud: report it, or allocate another"),
    ]

    private static let operation: [Option<ConfigurationOptions>] = [
        .value(\.adminAddress, "admin-address", as: "HOST:PORT", "Where /livez, /readyz and /metrics are; numeric host or localhost"),
        .value(\.logFormat, "log-format", "Form of log lines"),
        .value(\.logLevel, "log-level", "The least level that is logged"),
        .value(
            \.leadership.leaseDuration, "lease-duration",
            accepting: Accepting("whole seconds within 3s to 10m") { 3...600 ~= $0.components.seconds && $0.components.attoseconds == 0 },
            "When others may take over a Lease that is not renewed"),
        .value(
            \.leadership.renewDeadline, "renew-deadline", accepting: Accepting(.seconds(1) ... .seconds(599)),
            "When a leader that cannot renew stops acting; at least 1s less than --lease-duration"),
        .value(
            \.leadership.retryPeriod, "retry-period", accepting: Accepting(.milliseconds(100) ... .seconds(299)),
            "Between renewals, and between looks of those that wait; less than half of --renew-deadline"),
    ]
}

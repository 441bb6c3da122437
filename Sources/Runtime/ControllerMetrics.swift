internal import Core
internal import Observe

/// Every metric of the controller, declared once, at zero from the start.
struct ControllerMetrics: Sendable {
    let registry = Metrics()
    let reconciles: Labelled<Counter>
    let steps: Labelled<Counter>
    let cloudCalls: Labelled<Counter>
    let cloudSeconds: Labelled<Histogram>
    let timeToBound: Labelled<Histogram>
    let staleBinding: Labelled<Histogram>
    let pods: Labelled<Gauge>
    let claims: Labelled<Gauge>
    let outbox: Labelled<Gauge>
    let published: Labelled<Counter>
    let rewound: Labelled<Counter>
    let running: Labelled<Gauge>
    let ownedSlots: Labelled<Gauge>
    let mirrorComplete: Labelled<Gauge>
    let paceWaiting: Labelled<Gauge>
    let paceRate: Labelled<Gauge>

    init() {
        reconciles = registry.counter("eip_reconciles_total", "Reconciles of a key, by how they ended and why.", labels: ["outcome", "reason"])
        steps = registry.counter("eip_steps_total", "Steps taken, by verb and reason.", labels: ["verb", "reason"])
        cloudCalls = registry.counter("eip_cloud_calls_total", "Calls of the cloud API, by action and result.", labels: ["action", "result"])
        cloudSeconds = registry.histogram("eip_cloud_call_seconds", "Duration of cloud API calls.", labels: ["action"])
        timeToBound = registry.histogram(
            "eip_time_to_bound_seconds", "From first work on a pod to its confirmed binding.", labels: [],
            buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300])
        staleBinding = registry.histogram(
            "eip_stale_binding_seconds", "How long an EIP stayed bound to a pod after its absence was seen.", labels: [],
            buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300])
        pods = registry.gauge("eip_pods", "Pods that ask for an EIP.", labels: ["cluster"])
        claims = registry.gauge("eip_claims", "EIPClaims.", labels: ["cluster"])
        outbox = registry.gauge("eip_outbox_keys", "Keys waiting to be published or acknowledged.", labels: ["cluster"])
        published = registry.counter("eip_published_total", "Keys published, by cause.", labels: ["cause"])
        rewound = registry.counter("eip_apiserver_rewound_total", "Times the API server's data were found rolled back.", labels: ["cluster"])
        running = registry.gauge("eip_reconciles_running", "Keys being reconciled.")
        ownedSlots = registry.gauge("eip_owned_partitions", "Partitions this worker owns.")
        mirrorComplete = registry.gauge("eip_mirror_complete", "1 when the cloud's addresses were listed completely.")
        paceWaiting = registry.gauge("eip_pacing_waiting", "Calls waiting for their turn, by action.", labels: ["action"])
        paceRate = registry.gauge("eip_pacing_rate", "Calls a second granted at present, by action.", labels: ["action"])
        published.declare(Cause.allCases.map { [$0.rawValue] })
        reconciles.declare(["settled", "again", "retry", "abandoned"].map { [$0, Reason.settled.rawValue] })
        for action in CloudAction.allCases {
            cloudCalls.declare([[action.rawValue, "ok"]])
            paceWaiting.declare([[action.rawValue]])
            paceRate.declare([[action.rawValue]])
        }
        timeToBound.declare([[]])
        staleBinding.declare([[]])
        for gauge in [running, ownedSlots, mirrorComplete] { gauge.declare([[]]) }
        registry.addProcess()
    }
}

/// What `eip-sandbox run` is told.
public struct StorySettings: Sendable {
    /// How events travel from the informer to the worker, `--queue`.
    public enum Queue: String, Sendable, CaseIterable { case kafka, memory }
    /// Form of the result, `-o`.
    public enum Output: String, Sendable, CaseIterable { case text, json }

    public var queue: Queue
    public var output: Output
    /// Leaves everything running at the end, until it is stopped.
    public var keeps: Bool
    public var examples: Examples
    /// Whether the sandbox cloud counts requests.
    public var limits: CloudRequestLimits
    /// Of every asynchronous change at the cloud.
    public var latency: Duration

    public init(
        queue: Queue = .kafka, output: Output = .text, keeps: Bool = false, examples: Examples, limits: CloudRequestLimits = .standard,
        latency: Duration = .milliseconds(200)
    ) {
        self.queue = queue
        self.output = output
        self.keeps = keeps
        self.examples = examples
        self.limits = limits
        self.latency = latency
    }
}

public import Admin
public import Cloud
public import Core
public import Observe

/// All that a controller is told, checked, as one value. Read once, at the edge (`ConfigurationOptions` has the keys with
/// defaults, units and ranges); nothing else looks at flags or the environment. It prints without its secrets.
public struct Configuration: Sendable, Equatable {
    /// What a process does.
    public enum Role: String, Sendable, Hashable, CaseIterable { case informer, worker, reaper }
    /// Where the API server of its cluster is found.
    public enum Cluster: Sendable, Equatable {
        case inCluster
        /// The file's path.
        case kubeconfig(String)
    }
    /// How events reach the workers.
    public enum Queue: Sendable, Equatable {
        /// Within this process.
        case memory
        case kafka(Kafka)
    }
    /// What becomes of a static EIP that is gone from the cloud.
    public enum LostStatic: String, Sendable, CaseIterable {
        /// Somebody has to look.
        case alert
        /// Another is allocated.
        case replace
    }
    /// The Lease that says who acts for a cluster.
    public struct Leadership: Sendable, Equatable {
        /// Whole seconds, as the Lease has them.
        public var leaseDuration = Duration.seconds(15)
        public var renewDeadline = Duration.seconds(10)
        public var retryPeriod = Duration.seconds(2)
    }

    public var roles: Set<Role>
    public var cluster: Cluster
    /// Of this controller: its Leases are there.
    public var namespace: String
    /// Unique among the controllers of a log and of a cluster: in intents, Leases and the consumer group.
    public var instanceID: String
    public var queue: Queue
    /// Parts of an account-region that workers share; divides 32.
    public var slots: Int
    public var cloud: CloudAccount
    /// The user's, for every EIP that is allocated.
    public var defaultTags: [Tag]
    /// Before the `/` of annotations and of the extended resource.
    public var annotationDomain: String
    /// How long a static EIP is kept without a pod; zero is for ever.
    public var claimExpiredDuration: Duration
    public var lostStatic: LostStatic
    public var adminAddress: AdminAddress
    public var logFormat: Log.Format
    public var logLevel: Log.Level
    public var leadership: Leadership
}

extension Configuration {
    /// The account whose EIPs are used.
    public struct CloudAccount: Sendable, Equatable {
        public var endpoint: CloudEndpoint
        public var region: String
        public var vpcID: String
        /// nil without the role worker, which alone calls the cloud.
        public var credentials: Credentials?
        /// How long after the proof of ownership the cloud may still accept a request.
        public var requestLife: Duration
    }
    /// What cloud calls are signed with.
    public enum Credentials: Sendable, Equatable {
        case fixed(CloudCredentials)
        /// The path of a file that is read again when it changes.
        case file(String)

        public var source: any CredentialSource {
            switch self {
            case .fixed(let value): FixedCredentials(value)
            case .file(let path): CredentialFile(path: path)
            }
        }
    }
}

// MARK: - What it feeds

extension Configuration {
    /// For the planner.
    public var policy: Policy {
        var policy = Policy(identity: instanceID)
        policy.requestLife = cloud.requestLife
        policy.expireAfter = claimExpiredDuration
        policy.replacesLostStatic = lostStatic == .replace
        policy.defaultTags = defaultTags
        return policy
    }

    /// The given limits with what is configured, and with what has to shrink along.
    public func limits(_ usual: Limits = Limits()) -> Limits {
        var limits = usual
        limits.leadership.leaseDuration = leadership.leaseDuration
        limits.leadership.renewDeadline = leadership.renewDeadline
        limits.leadership.retryPeriod = leadership.retryPeriod
        limits.leadership.requestMax = min(usual.leadership.requestMax, leadership.renewDeadline / 2)
        switch queue {
        case .memory: break
        case .kafka(let kafka):
            limits.shard.sessionTimeout = kafka.sessionTimeout
            limits.shard.sessionMargin = min(usual.shard.sessionMargin, kafka.sessionTimeout / 6)
            limits.shard.drainMax = min(usual.shard.drainMax, kafka.sessionTimeout / 3)
        }
        return limits
    }
}

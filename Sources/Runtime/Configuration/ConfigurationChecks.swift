internal import Cloud
internal import Core
internal import Options

extension ConfigurationOptions {
    static let namespaceElsewhere = "eip-controller"

    /// What is wrong with the values together; each by itself was checked when it was read.
    func problems(in place: ProcessPlace) -> [String] {
        do throws(UsageError) {
            _ = try configuration(in: place)
            return []
        } catch {
            return error.problems
        }
    }

    /// - Throws: all problems at once; none are listed if only a required option is missing, which is told elsewhere.
    func configuration(in place: ProcessPlace) throws(UsageError) -> Configuration {
        var problems: [String] = []
        let cluster = cluster(in: place, &problems)
        let instanceID = instanceID ?? place.hostname
        if instanceID.isEmpty {
            problems.append("--instance-id is needed, because HOSTNAME is not set: write --instance-id NAME, unique among all controllers")
        }
        let queue = queue(&problems)
        let credentials = credentials(in: place, &problems)
        let tags = tags(&problems)
        problems += leadershipProblems
        guard problems.isEmpty, let cluster, let region, let vpcID else { throw UsageError(problems: problems) }
        let configuration = Configuration(
            roles: Set(roles), cluster: cluster, namespace: namespace ?? (cluster == .inCluster ? place.podNamespace : nil) ?? Self.namespaceElsewhere,
            instanceID: instanceID, queue: queue, slots: slots?.rawValue ?? (queue == .memory ? 1 : 4),
            cloud: .init(endpoint: endpoint, region: region, vpcID: vpcID, credentials: credentials, requestLife: requestLife), defaultTags: tags,
            annotationDomain: annotationDomain, claimExpiredDuration: claimExpiredDuration, lostStatic: lostStatic, adminAddress: adminAddress,
            logFormat: logFormat, logLevel: logLevel, leadership: leadership)
        let broken = configuration.limits().check()
        guard broken.isEmpty else { throw UsageError(problems: broken) }
        return configuration
    }

    private func cluster(in place: ProcessPlace, _ problems: inout [String]) -> Configuration.Cluster? {
        if let kubeconfig { return .kubeconfig(kubeconfig) }
        if place.isInCluster { return .inCluster }
        problems.append("--kubeconfig is needed, because this process runs in no pod (KUBERNETES_SERVICE_HOST is not set): write --kubeconfig FILE")
        return nil
    }

    private func queue(_ problems: inout [String]) -> Configuration.Queue {
        if roles.isEmpty { problems.append("--roles is empty: write some of \(Configuration.Role.choices.joined(separator: ",")), or leave it out for all") }
        switch queue {
        case .kafka: return .kafka(kafka.checked(&problems))
        case nil where !kafka.brokers.isEmpty:
            problems.append("--kafka-brokers is given, but not --queue kafka: write it too, or --queue memory to do without Kafka")
        case .memory, nil:
            if !roles.isEmpty, Set(roles) != Set(Configuration.Role.allCases) {
                problems.append("--roles has to name all of them with --queue memory, which stays within this process: leave it out, or write --queue kafka")
            }
        }
        return .memory
    }

    private func credentials(in place: ProcessPlace, _ problems: inout [String]) -> Configuration.Credentials? {
        if let credentialsFile { return .file(credentialsFile) }
        guard roles.contains(.worker) else { return nil }
        do throws(CredentialError) {
            return .fixed(try CloudCredentials(environment: place.environment))
        } catch {
            problems.append("\(error.message) with --credentials-file FILE")
            return nil
        }
    }

    private func tags(_ problems: inout [String]) -> [Tag] {
        var seen: Set<String> = []
        for pair in defaultTags {
            if pair.key == Naming.creatorTag.key || pair.key == Naming.clusterTagKey {
                problems.append("--default-tags \(pair.key) is this controller's own: choose another key")
            } else if !seen.insert(pair.key).inserted {
                problems.append("--default-tags \(pair.key) is given twice: write it once")
            }
        }
        return defaultTags.map { Tag(key: $0.key, value: $0.value) }
    }

    /// By the names of the flags; `Limits.Leadership` has the same relations.
    private var leadershipProblems: [String] {
        var problems: [String] = []
        let (lease, renew, retry) = (leadership.leaseDuration, leadership.renewDeadline, leadership.retryPeriod)
        if renew > lease - .seconds(1) {
            problems.append(
                "--renew-deadline \(renew.optionText) has to be at least 1s less than --lease-duration \(lease.optionText), by clocks that differ in speed")
        }
        if retry * 2 >= renew {
            problems.append(
                "--retry-period \(retry.optionText) has to be less than half of --renew-deadline \(renew.optionText), so that a failed renewal can be repeated")
        }
        return problems
    }
}

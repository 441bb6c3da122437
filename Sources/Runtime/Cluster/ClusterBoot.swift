internal import Contract
internal import Core
internal import JSON
internal import Kubernetes
internal import Lifecycle
internal import Observe

/// What has to be known of a cluster before anything is done to it: its identity, and that the CRD there is ours.
struct ClusterBoot: Sendable {
    let client: KubernetesClient
    let clock: ClusterClock
    let log: Log

    /// Why the cluster cannot be served; read by `/readyz`.
    enum Refusal: Error, CustomStringConvertible {
        /// may heal by itself: tried again
        case unreachable(String)
        /// needs a person; still tried again, because the person acts in the cluster
        case definition(String)
        var description: String {
            switch self {
            case .unreachable(let words): words
            case .definition(let words): words
            }
        }
    }

    /// The UID of the `kube-system` namespace: what the cluster is called everywhere.
    func identify() async throws(Refusal) -> String {
        do throws(KubernetesError) {
            let answer = try await client.get(Resource.namespaces.at(nil, "kube-system")) { r throws(JSONError) in try ObjectMeta.readObject(&r) }
            clock.learn(answer.serverTime)
            return answer.value.uid
        } catch {
            throw .unreachable("cannot read namespace kube-system: \(error)")
        }
    }

    func checkDefinition() async throws(Refusal) {
        let answer: Answer<[UInt8]>
        do throws(KubernetesError) {
            answer = try await client.get(Resource.customResourceDefinitions.at(nil, ClaimResource.definitionName))
        } catch {
            guard error.reason == .notFound else { throw .unreachable("cannot read the CRD \(ClaimResource.definitionName): \(error)") }
            throw .definition("the CRD \(ClaimResource.definitionName) is not installed: run `eip-controller crd | kubectl apply -f -`")
        }
        let definition: JSONValue
        do throws(JSONError) { definition = try JSONValue(parsing: answer.value) } catch {
            throw .unreachable("the CRD \(ClaimResource.definitionName) cannot be read: \(error)")
        }
        guard ClaimDefinition.isOurs(definition) else {
            throw .definition(
                "the CRD \(ClaimResource.definitionName) is another controller's (it lacks the label \(ClaimResource.ownershipLabel.key)): "
                    + "switch off the EIP feature of tke-eni-ipamd and remove its CRD before this controller is started")
        }
    }
}

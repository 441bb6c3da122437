// The controllers of kube-controller-manager and kube-scheduler that this project needs, as functions over the model.
// Each looks at the whole state and takes the steps it finds possible now; calling again continues. They run between
// requests, so none of their writes can meet a conflict.

public import Core
internal import JSON

extension APIServerModel {
    /// One round of all controllers.
    public mutating func stepControllers(now: Timestamp) {
        stepDeployments(now: now)
        stepReplicaSets(now: now)
        stepStatefulSets(now: now)
        stepScheduler(now: now)
        stepGarbageCollector(now: now)
        stepNamespaces(now: now)
        stepDefinitions(now: now)
    }

    /// Does what a controller decided. A refusal (a namespace that terminates, an object another rule holds) is what a
    /// controller's queue would retry; the next round does.
    ///
    /// - Returns: whether it was done.
    @discardableResult
    mutating func attempt(_ step: (inout APIServerModel) throws(APIStatus) -> Void) -> Bool {
        do throws(APIStatus) {
            try step(&self)
            return true
        } catch {
            return false
        }
    }

    /// The living objects of a kind that `owner` controls.
    func controlled(_ resource: Resource, by owner: JSONValue) -> [JSONValue] {
        all(resource, namespace: owner.namespace).filter { $0.controllerReference?["uid"].string == owner.uid }
    }

    /// A new object of a template, controlled by `owner`.
    func instance(of template: JSONValue, name: String, owner: JSONValue) -> JSONValue {
        var object: JSONValue = ["metadata": template["metadata"], "spec": template["spec"]]
        if object["metadata"].isNull { object["metadata"] = [:] }
        object["metadata"].removeValue(forKey: "creationTimestamp")
        object["metadata"]["name"] = .string(name)
        object["metadata"]["namespace"] = .string(owner.namespace)
        object["metadata"]["ownerReferences"] = [
            [
                "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": .string(owner.name), "uid": .string(owner.uid),
                "controller": true, "blockOwnerDeletion": true,
            ]
        ]
        return object
    }

    /// Writes the status fields that differ.
    mutating func report(_ status: JSONValue, on ref: ObjectRef) {
        attempt { model throws(APIStatus) in try model.patch(.merge(["status": status]), at: ref, part: .status) }
    }

    /// A pod that counts: neither ended nor terminating.
    static func isActive(_ pod: JSONValue) -> Bool {
        !pod.isTerminating && pod["status"]["phase"].string != "Succeeded" && pod["status"]["phase"].string != "Failed"
    }

    /// Records an Event about an object, as controllers do.
    mutating func recordEvent(_ type: String, _ reason: String, _ message: String, on object: JSONValue, by component: String, now: Timestamp) {
        let namespace = object.namespace.isEmpty ? "default" : object.namespace
        let event: JSONValue = [
            "metadata": ["name": "\(object.name).\(String(revision + 1, radix: 16))"],
            "involvedObject": [
                "apiVersion": object["apiVersion"], "kind": object["kind"], "namespace": .string(object.namespace), "name": .string(object.name),
                "uid": .string(object.uid),
            ],
            "type": .string(type), "reason": .string(reason), "message": .string(message), "count": 1,
            "firstTimestamp": .string(now.rfc3339), "lastTimestamp": .string(now.rfc3339), "source": ["component": .string(component)],
        ]
        attempt { model throws(APIStatus) in try model.create(event, in: .events, namespace: namespace, now: now) }
    }
}

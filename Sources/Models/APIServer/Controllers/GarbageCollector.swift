public import Core
internal import JSON

extension APIServerModel {
    /// Deletes objects whose owners are all gone (and those whose owner is deleted in the foreground), drops references to
    /// owners that are gone while others live, and finishes foreground and orphaning deletions.
    mutating func stepGarbageCollector(now: Timestamp) {
        let everything = resources.flatMap { resource in all(resource).map { (resource, $0) } }
        var living: [String: JSONValue] = [:]
        var dependents: [String: [(Resource, JSONValue)]] = [:]
        for (resource, object) in everything {
            living[object.uid] = object
            for reference in object.ownerReferences { dependents[reference["uid"].string ?? "", default: []].append((resource, object)) }
        }
        for (resource, object) in everything where !object.ownerReferences.isEmpty { collect(object, of: resource, living, now: now) }
        for (resource, owner) in everything where owner.isTerminating {
            let ref = ObjectRef(resource, namespace: owner.namespace, name: owner.name)
            if owner.finalizers.contains("orphan") {
                for (kind, dependent) in dependents[owner.uid] ?? [] { keepReferences(of: dependent, kind) { $0["uid"].string != owner.uid } }
                release(ref, from: "orphan")
            } else if owner.finalizers.contains("foregroundDeletion") {
                let blocking = (dependents[owner.uid] ?? []).filter { _, dependent in
                    dependent.ownerReferences.contains { $0["uid"].string == owner.uid && $0["blockOwnerDeletion"].bool == true }
                }
                if blocking.isEmpty { release(ref, from: "foregroundDeletion") }
            }
        }
    }

    private mutating func collect(_ object: JSONValue, of resource: Resource, _ living: [String: JSONValue], now: Timestamp) {
        let owners = object.ownerReferences.map { living[$0["uid"].string ?? ""] }
        let staying = owners.filter { owner in owner.map { !($0.isTerminating && $0.finalizers.contains("foregroundDeletion")) } ?? false }
        if staying.isEmpty {
            guard !object.isTerminating else { return }
            attempt { model throws(APIStatus) in
                try model.delete(ObjectRef(resource, namespace: object.namespace, name: object.name), DeleteOptions(uid: object.uid), now: now)
            }
        } else if owners.contains(where: { $0 == nil }) {
            keepReferences(of: object, resource) { living[$0["uid"].string ?? ""] != nil }
        }
    }
    private mutating func keepReferences(of object: JSONValue, _ resource: Resource, where keep: (JSONValue) -> Bool) {
        let kept = object.ownerReferences.filter(keep)
        attempt { model throws(APIStatus) in
            try model.patch(
                .merge(["metadata": ["ownerReferences": kept.isEmpty ? .null : .array(kept), "uid": .string(object.uid)]]),
                at: ObjectRef(resource, namespace: object.namespace, name: object.name))
        }
    }
    /// Takes the finalizer off; with the last one the object goes.
    mutating func release(_ ref: ObjectRef, from finalizer: String) {
        guard var object = find(ref) else { return }
        object.setFinalizers(object.finalizers.filter { $0 != finalizer })
        let kept = object["metadata"]["finalizers"]
        attempt { model throws(APIStatus) in try model.patch(.merge(["metadata": ["finalizers": kept]]), at: ref) }
    }

    /// Empties terminating namespaces and lets go of the empty ones.
    /// - Parameter sparing: kinds whose turn has not come: the server deletes one after the other, in no order.
    public mutating func stepNamespaces(sparing: Set<Resource> = [], now: Timestamp) {
        for namespace in all(.namespaces) where namespace.isTerminating {
            var left = 0
            for resource in resources where resource.namespaced {
                for object in all(resource, namespace: namespace.name) {
                    let ref = ObjectRef(resource, namespace: namespace.name, name: object.name)
                    if !object.isTerminating, !sparing.contains(resource) { attempt { model throws(APIStatus) in try model.delete(ref, now: now) } }
                    if find(ref) != nil { left += 1 }
                }
            }
            guard left == 0 else { continue }
            var done = namespace
            done["spec"]["finalizers"] = []
            attempt { model throws(APIStatus) in
                try model.replace(done, at: ObjectRef(.namespaces, name: namespace.name), part: .finalize, now: now)
            }
        }
    }

    /// A deleted CRD goes when its objects are gone.
    mutating func stepDefinitions(now: Timestamp) {
        for definition in all(.customResourceDefinitions) where definition.isTerminating {
            var left = 0
            for resource in Resource.defined(by: definition) {
                for object in all(resource) {
                    let ref = ObjectRef(resource, namespace: object.namespace, name: object.name)
                    if !object.isTerminating { attempt { model throws(APIStatus) in try model.delete(ref, now: now) } }
                    if find(ref) != nil { left += 1 }
                }
            }
            if left == 0 { release(ObjectRef(.customResourceDefinitions, name: definition.name), from: Resource.cleanupFinalizer) }
        }
    }
}

import Core
import JSON
import Models
import Testing

private func kinds(_ events: [WatchEvent]?) -> [String]? { events?.map { "\($0.kind.rawValue) \($0.object.name)" } }

@Test func `a watch sees every change once, in order`() throws {
    var world = World()
    try world.create(.configMaps, "a")
    var (watch, first) = try world.model.watch(.configMaps, namespace: "default", from: "0")
    #expect(kinds(first) == ["ADDED a"])
    try world.create(.configMaps, "b")
    try world.create(.secrets, "other-kind")
    let ref = ObjectRef(.configMaps, namespace: "default", name: "a")
    try world.model.patch(.merge(["data": ["k": "v"]]), at: ref)
    try world.model.delete(ref, now: world.now)
    let events = try #require(world.model.events(for: &watch))
    #expect(kinds(events) == ["ADDED b", "MODIFIED a", "DELETED a"])
    let versions = events.map { $0.object.resourceVersion }
    #expect(versions == versions.sorted())
    #expect(Set(versions).count == 3)
    #expect(world.model.events(for: &watch) == [])
    #expect(world.model.bookmark(for: watch).object.resourceVersion == world.model.revision)
}

@Test func `an object that leaves the selection is deleted for that watch`() throws {
    var world = World()
    var (watch, _) = try world.model.watch(.configMaps, from: "0", Selectors(labels: "app=x", for: .configMaps))
    try world.create(.configMaps, "a")
    let ref = ObjectRef(.configMaps, namespace: "default", name: "a")
    #expect(world.model.events(for: &watch) == [])
    try world.model.patch(.merge(["metadata": ["labels": ["app": "x"]]]), at: ref)
    #expect(kinds(world.model.events(for: &watch)) == ["ADDED a"])
    try world.model.patch(.merge(["metadata": ["labels": ["app": "y"]]]), at: ref)
    #expect(kinds(world.model.events(for: &watch)) == ["DELETED a"])
}

@Test func `a watch or a page from before the compaction is expired`() throws {
    var world = World()
    let start = try world.create(.configMaps, "a")["metadata"]["resourceVersion"].string ?? ""
    try world.create(.configMaps, "b")
    let page = try world.model.list(.configMaps, namespace: "default", ListOptions(limit: 1))
    var (open, _) = try world.model.watch(.configMaps, from: start)
    world.model.compact(to: world.model.revision)
    try world.create(.configMaps, "c")
    world.model.compact(to: world.model.revision)
    #expect(throws: APIStatus.self) { try world.model.watch(.configMaps, from: start) }
    do {
        _ = try world.model.list(.configMaps, namespace: "default", ListOptions(limit: 1, continueToken: page.continueToken))
        Issue.record("served")
    } catch {
        #expect(error.code == 410)
        #expect(error.reason == "Expired")
    }
    // a stream that was open is not closed for that; what it missed it has missed only in this model
    #expect(world.model.events(for: &open) != nil)
    guard
        case .brokenWatch(let event) = world.model.handle(
            APIRequest("GET", "/api/v1/configmaps", query: ["watch": "1", "resourceVersion": start]), now: world.now)
    else {
        Issue.record("no error event")
        return
    }
    #expect(event.kind == .error)
    #expect(event.object["code"] == 410)
}

@Test func `a restored etcd forgets what came later and gives its revisions out anew`() throws {
    var world = World()
    let a = try world.create(.configMaps, "a")
    let snapshot = world.model.revision
    let b = try world.create(.configMaps, "b")
    let ref = ObjectRef(.configMaps, namespace: "default", name: "a")
    try world.model.patch(.merge(["data": ["k": "v"]]), at: ref)
    var (watch, _) = try world.model.watch(.configMaps, from: String(world.model.revision))
    try world.model.rewind(to: snapshot)

    #expect(world.model.revision == snapshot)
    #expect(world.find(.configMaps, "b") == nil)
    #expect(world.find(.configMaps, "a") == a)
    #expect(world.model.events(for: &watch) == nil)
    let again = try world.create(.configMaps, "b")
    #expect(again.resourceVersion == b.resourceVersion)
    #expect(again.uid != b.uid)
    world.model.compact(to: world.model.revision)
    #expect(throws: APIStatus.self) { try world.model.rewind(to: snapshot) }
}

@Test func `a watch from the future is silent until it is reached`() throws {
    var world = World()
    var (watch, first) = try world.model.watch(.configMaps, from: String(world.model.revision + 2))
    try world.create(.configMaps, "a")
    try world.create(.configMaps, "b")
    #expect(first == [])
    #expect(world.model.events(for: &watch) == [])
    world.model.advance(by: 5)
    try world.create(.configMaps, "c")
    #expect(kinds(world.model.events(for: &watch)) == ["ADDED c"])
    do {
        _ = try world.model.list(.configMaps, namespace: nil, ListOptions(resourceVersion: "99999"))
        Issue.record("served")
    } catch {
        #expect(error.code == 504)
    }
}

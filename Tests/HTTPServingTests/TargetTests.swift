import HTTPServing
import Testing

@Suite struct `A request's target` {
    func request(_ target: String) -> HTTPRequest { HTTPRequest(method: "GET", target: target) }

    @Test func `splits before it decodes`() {
        let r = request("/api/v1/namespaces/a%2Fb//pods/?labelSelector=app%3Dweb+x&watch&limit=&q=a=b")
        #expect(r.path == "/api/v1/namespaces/a%2Fb//pods/")
        #expect(r.pathComponents == ["api", "v1", "namespaces", "a/b", "pods"])
        #expect(r.query.map(\.name) == ["labelSelector", "watch", "limit", "q"])
        #expect(r.query("labelSelector") == "app=web x" && r.query("watch") == "" && r.query("limit") == "" && r.query("q") == "a=b")
        #expect(r.query("none") == nil && request("/x").query.isEmpty && request("/").pathComponents == [])
    }
    @Test(arguments: ["/%", "/%4", "/%zz", "/%+1", "/%ff"]) func `that does not decode has no components`(target: String) {
        #expect(request(target).pathComponents == nil)
        #expect(request("/?a=" + target).query.isEmpty)
    }
}

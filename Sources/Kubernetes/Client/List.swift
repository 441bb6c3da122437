package import JSON

/// Which objects of a collection.
public struct ListOptions: Hashable, Sendable {
    public var labelSelector: String?
    public var fieldSelector: String?
    /// Objects of one page.
    public var limit: Int
    /// nil: the newest state, read through a quorum of etcd; "0": whatever the server has at hand.
    public var resourceVersion: String?

    public init(labelSelector: String? = nil, fieldSelector: String? = nil, limit: Int = 500, resourceVersion: String? = nil) {
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.limit = limit
        self.resourceVersion = resourceVersion
    }
}

/// A part of a list; all parts show one moment, `resourceVersion`.
public struct ListPage<Object: Sendable>: Sendable {
    public var objects: [Object] = []
    public var unreadable: [UnreadableObject] = []
    public var resourceVersion = ""
    /// Gets the next page; nil: this is the last. It grows old (minutes), then the next page answers `.expired`.
    public var next: String?
}

extension KubernetesClient {
    public func list<Object>(
        _ path: ResourcePath, _ options: ListOptions = ListOptions(), next: String? = nil, as reader: ObjectReader<Object>
    ) async throws(KubernetesError) -> Answer<ListPage<Object>> {
        let what = "list \(path)"
        let query = queryString([
            ("limit", options.limit > 0 ? String(options.limit) : nil), ("continue", next), ("labelSelector", options.labelSelector),
            ("fieldSelector", options.fieldSelector), ("resourceVersion", next == nil ? options.resourceVersion : nil),
        ])
        let answer = try await call("GET", path.path + query, what: what)
        return Answer(try decode(answer.value, what: what) { r throws(JSONError) in try ListPage.read(&r, reader) }, serverTime: answer.serverTime)
    }

    /// All pages. A continuation that grew old begins the list again, once.
    public func listAll<Object>(
        _ path: ResourcePath, _ options: ListOptions = ListOptions(), as reader: ObjectReader<Object>
    ) async throws(KubernetesError) -> Answer<ListPage<Object>> {
        var restarts = 1
        while true {
            do throws(KubernetesError) {
                var all = try await list(path, options, as: reader)
                while let next = all.value.next {
                    let page = try await list(path, options, next: next, as: reader)
                    all.value.objects += page.value.objects
                    all.value.unreadable += page.value.unreadable
                    all.value.next = page.value.next
                    all.serverTime = page.serverTime
                }
                return all
            } catch {
                guard error.reason == .expired, restarts > 0 else { throw error }
                restarts -= 1
            }
        }
    }
}

extension ListPage {
    package static func read(_ reader: inout JSONReader, _ object: ObjectReader<Object>) throws(JSONError) -> ListPage {
        var page = ListPage()
        try reader.object { r, key throws(JSONError) in
            switch key {
            case "metadata":
                try r.object { m, key throws(JSONError) in
                    switch key {
                    case "resourceVersion": page.resourceVersion = try m.string()
                    case "continue":
                        let token = try m.string()
                        page.next = token.isEmpty ? nil : token
                    default: try m.skip()
                    }
                }
            case "items":
                try r.array { r throws(JSONError) in
                    switch try object.readOrReport(&r) {
                    case .success(let read): page.objects.append(read)
                    case .failure(let error): page.unreadable.append(error.object)
                    }
                }
            default: try r.skip()
            }
        }
        return page
    }
}

public import JSON

/// The query of a list.
public struct ListOptions: Hashable, Sendable {
    public var selectors = Selectors()
    /// 0 for no limit.
    public var limit = 0
    /// From the page before.
    public var continueToken = ""
    /// Empty or "0" for whatever is there; a number is "not older than".
    public var resourceVersion = ""
    public init(selectors: Selectors = Selectors(), limit: Int = 0, continueToken: String = "", resourceVersion: String = "") {
        self.selectors = selectors
        self.limit = limit
        self.continueToken = continueToken
        self.resourceVersion = resourceVersion
    }
}

/// One page of a list.
public struct ObjectList: Hashable, Sendable {
    public var items: [JSONValue]
    public var resourceVersion: UInt64
    /// Empty on the last page.
    public var continueToken = ""
    /// How many follow; nil on the last page and, as with the real server, when selectors are given.
    public var remaining: Int?
}

extension APIServerModel {
    /// The objects of a kind at one revision. All pages of one list show the same revision.
    ///
    /// - Throws: 400 (malformed), 410 (the first page's revision is no longer kept), 504 (a revision of the future).
    public func list(_ resource: Resource, namespace: String? = nil, _ options: ListOptions = ListOptions()) throws(APIStatus) -> ObjectList {
        var from = ""
        var at = revision
        if options.continueToken.isEmpty {
            let wanted = try Self.parse(resourceVersion: options.resourceVersion)
            guard wanted <= revision else { throw .tooLargeResourceVersion(wanted, current: revision) }
        } else {
            guard options.resourceVersion.isEmpty || options.resourceVersion == "0" else {
                throw .badRequest("specifying resource version is not allowed when using continue")
            }
            (at, from) = try Self.parse(token: options.continueToken)
            guard at >= compactedRevision, at <= revision else {
                throw .expired(
                    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.")
            }
        }
        var matching: [(key: String, value: JSONValue)] = []
        var after = 0
        for entry in sorted(state(of: resource, at: at), namespace: namespace) where entry.key > from && options.selectors.match(entry.value) {
            if options.limit > 0, matching.count == options.limit { after += 1 } else { matching.append(entry) }
        }
        var page = ObjectList(items: matching.map(\.value), resourceVersion: at)
        if after > 0, let last = matching.last {
            page.continueToken = "\(at)/\(last.key)"
            page.remaining = options.selectors.isEmpty ? after : nil
        }
        return page
    }

    /// - Throws: 500, which is what the real server makes of a resourceVersion that is no number.
    static func parse(resourceVersion text: String) throws(APIStatus) -> UInt64 {
        if text.isEmpty { return 0 }
        guard let version = UInt64(text) else {
            throw .internalError("resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax")
        }
        return version
    }
    private static func parse(token: String) throws(APIStatus) -> (UInt64, String) {
        let parts = token.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let revision = UInt64(parts[0]) else { throw .badRequest("invalid continue token: continue key is not valid") }
        return (revision, String(parts[1]))
    }
}

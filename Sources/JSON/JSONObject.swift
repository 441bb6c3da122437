/// An object's members in the order they were set. Equality and hash do not depend on the order.
///
/// Objects of Kubernetes are small: up to `linearMax` members are searched one by one, beyond that an index is kept.
public struct JSONObject: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    public typealias Element = (key: String, value: JSONValue)
    private static let linearMax = 16

    var members: [Element] = []
    private var index: [String: Int]?

    public init() {}
    /// Of two equal keys the last one wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var keys: [String] { members.map(\.key) }
    public func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }

    /// nil is "no such member", which is not the same as a member `null`. Setting nil removes.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let at?, let value?): members[at].value = value
            case (nil, let value?): append(key, value)
            case (let at?, nil): remove(at: at)
            case (nil, nil): break
            }
        }
    }

    /// Removes the member and returns it.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        guard let at = position(of: key) else { return nil }
        let value = members[at].value
        remove(at: at)
        return value
    }

    func position(of key: String) -> Int? {
        if let index { return index[key] }
        return members.firstIndex { $0.key == key }
    }

    /// The key must not be there yet.
    mutating func append(_ key: String, _ value: JSONValue) {
        index?[key] = members.count
        members.append((key, value))
        if index == nil, members.count > Self.linearMax { reindex() }
    }

    private mutating func remove(at position: Int) {
        members.remove(at: position)
        if index != nil { reindex() }
    }

    private mutating func reindex() {
        guard members.count > Self.linearMax else {
            index = nil
            return
        }
        index = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.key, $0) })
    }
}

extension JSONObject: Hashable {
    public static func == (a: Self, b: Self) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a.members, b.members).enumerated().allSatisfy { at, pair in
            // most equal objects have the same order
            pair.0.key == pair.1.key ? pair.0.value == pair.1.value : b[pair.0.key] == pair.0.value
        }
    }
    public func hash(into hasher: inout Hasher) {
        var sum = 0  // addition, so that the order does not matter
        for (key, value) in members {
            var member = hasher
            member.combine(key)
            member.combine(value)
            sum &+= member.finalize()
        }
        hasher.combine(sum)
    }
}

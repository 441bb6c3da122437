public import Core
internal import JSON

/// What people do in the console and what the account suffers, beside the calls of the API. Nothing of it is a request, but it is
/// journalled, with the key `console` and an action in lower case.
/// To bind, unbind, rename or release by hand call the typed API with `by: CloudModel.console`.
extension CloudModel {
    /// An EIP that its user made before, in UNBIND. It counts in the region's quota, not in the day's.
    ///
    /// - Parameters:
    ///   - id: nil draws one; an id that exists already is left alone.
    ///   - ip: nil draws one.
    /// - Returns: its id.
    @discardableResult
    public mutating func addUserAddress(
        id: AddressID? = nil, name: String = "未命名", ip: String? = nil, bandwidth: Int = 100, isp: String = "BGP", tags: [Tag] = [],
        cascadeRelease: Bool = false, now: Timestamp
    ) throws(CloudFault) -> AddressID {
        advance(to: now)
        let drawn = nextIdentity()
        let id = id ?? drawn.0
        try Self.check(id)
        if address(id) != nil { return id }
        let address = Address(
            id: id, name: name, status: .unbind, ip: ip ?? drawn.1, bandwidth: bandwidth, chargeType: "TRAFFIC_POSTPAID_BY_HOUR", isp: isp,
            cascadeRelease: cascadeRelease, tags: tags, createdAt: clock)
        insert(address, isUserOwned: true, addressType: "EIP", egress: nil)
        recordByHand("add", id, [:])
        return id
    }

    public mutating func retag(_ id: AddressID, _ tags: [Tag], now: Timestamp) throws(CloudFault) {
        advance(to: now)
        _ = try find(id)
        try AllocateOrder.check(tags: tags)
        update(id, at: clock) { $0.tags = tags }
        recordByHand("retag", id, ["Tags": .array(tags.map(\.json))])
    }

    /// Sets what is not nil.
    public mutating func mark(
        _ id: AddressID, arrears: Bool? = nil, blocked: Bool? = nil, cascadeRelease: Bool? = nil, now: Timestamp
    ) throws(CloudFault) {
        advance(to: now)
        _ = try find(id)
        update(id, at: clock) {
            $0.isArrears = arrears ?? $0.isArrears
            $0.isBlocked = blocked ?? $0.isBlocked
            $0.cascadeRelease = cascadeRelease ?? $0.cascadeRelease
        }
        var parameters = JSONObject()
        parameters["IsArrears"] = arrears.map { .bool($0) }
        parameters["IsBlocked"] = blocked.map { .bool($0) }
        parameters["CascadeRelease"] = cascadeRelease.map { .bool($0) }
        recordByHand("mark", id, parameters)
    }

    /// The address is gone at once, whatever its state, as after too long in arrears (product/213/17156).
    public mutating func vanish(_ id: AddressID, now: Timestamp) throws(CloudFault) {
        advance(to: now)
        if let change = try find(id).change { tasks[change.task] = .failed }
        remove(id, at: clock)
        recordByHand("vanish", id, [:])
    }

    private mutating func recordByHand(_ action: String, _ id: AddressID, _ parameters: JSONObject) {
        var parameters = parameters
        parameters["AddressId"] = .string(id.rawValue)
        record(
            CloudJournalEntry(
                time: clock, action: action, parameters: .object(parameters), key: Self.console, outcome: "OK",
                stateAfter: address(id).map { [$0] } ?? []))
    }
}

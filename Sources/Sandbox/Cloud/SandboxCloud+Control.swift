internal import Core
internal import HTTPServing
internal import JSON
internal import Lifecycle
internal import Models

/// The control side: unsigned JSON for tests and for the sandbox's other parts. 400 says what was wrong with a request, 409
/// that the cloud is in no state for it.
///
///     GET    /sandbox/addresses   every EIP as DescribeAddresses shows it, and whether its user made it
///     POST   /sandbox/addresses   {"addressId", "addressName", "addressIp", "bandwidth", "tags": {"k": "v"}, "cascadeRelease"}: a user's EIP
///     GET    /sandbox/enis
///     POST   /sandbox/enis        {"eniId", "vpcId", "instanceId", "cores", "primary", "privateIps": […]} adds;
///                                 {"eniId", "remove": […]} gives IPs back to the node; {"eniId", "unassign": […]} to the VPC; {"eniId", "delete": true}
///     GET, POST, DELETE /sandbox/faults   {"action", "kind", "code", "count", "delayMs", "match": {…}}
///     POST   /sandbox/console     {"op": "bind|unbind|release|rename|retag|bandwidth|arrears|block|cascade|vanish", "addressId", …}
///     POST   /sandbox/settings    {"latencyMs", "listingLagMs", "describeLagMs", "tokenRetentionMs", "totalQuota", "dailyQuota", "unknownId", "limits"}
///     GET    /sandbox/journal     ?since=N leaves out the first N entries ever made
///     POST   /sandbox/reset       back to the start
extension SandboxCloud {
    func control(_ request: HTTPRequest) -> HTTPResponse {
        do throws(ControlRefusal) {
            let body = try Self.body(of: request)
            return Self.reply(200, try route(request, body))
        } catch {
            return Self.reply(error.status, ["error": .string(error.message)])
        }
    }

    private static func reply(_ status: Int, _ value: JSONValue) -> HTTPResponse {
        HTTPResponse(status, headers: ["content-type": "application/json"], body: .bytes(value.bytes() + Array("\n".utf8)))
    }

    private static func body(of request: HTTPRequest) throws(ControlRefusal) -> JSONValue {
        guard !request.body.isEmpty else { return [:] }
        do throws(JSONError) {
            let value = try JSONValue(parsing: request.body)
            guard value.object != nil else { throw JSONError(offset: 0, reason: "not an object") }
            return value
        } catch {
            throw ControlRefusal("the body must be a JSON object: \(error)")
        }
    }

    private func route(_ request: HTTPRequest, _ body: JSONValue) throws(ControlRefusal) -> JSONValue {
        switch (request.method, request.path) {
        case ("GET", "/sandbox/addresses"): return change { model, _ in Self.addresses(model) }
        case ("POST", "/sandbox/addresses"): return try changing { model, now throws(CloudFault) in try Self.addAddress(body, &model, now) }
        case ("GET", "/sandbox/enis"): return change { model, _ in ["enis": .array(model.allInterfaces.map(Self.json))] }
        case ("POST", "/sandbox/enis"):
            guard body["eniId"].string != nil else { throw ControlRefusal("eniId is missing") }
            return try changing { model, now throws(CloudFault) in try Self.changeInterface(body, &model, now) }
        case ("GET", "/sandbox/faults"): return ["faults": .array(state.withLock { $0.faults.waiting.map(\.json) })]
        case ("POST", "/sandbox/faults"):
            let fault = try CloudFaults.Fault(body)
            return state.withLock { state in
                state.faults.add(fault)
                return ["faults": .int(state.faults.waiting.count)]
            }
        case ("DELETE", "/sandbox/faults"):
            state.withLock { $0.faults = CloudFaults() }
            return [:]
        case ("POST", "/sandbox/console"): return try console(body)
        case ("POST", "/sandbox/settings"): return try changeSettings(body)
        case ("GET", "/sandbox/journal"):
            let since = request.query("since").flatMap { Int($0) } ?? 0
            return change { model, _ in
                ["dropped": .int(model.journalDropped), "entries": .array(model.journal.dropFirst(max(0, since - model.journalDropped)).map(\.json))]
            }
        case ("POST", "/sandbox/reset"):
            reset()
            return [:]
        default: throw ControlRefusal("\(request.method) \(request.path) does not exist", status: 404)
        }
    }

    private func reset() {
        writeJournal()
        let late = state.withLock { state in
            let late = Array(state.late.values)
            state = State(model: CloudModel(settings: settings.cloud))
            return late
        }
        for task in late { task.cancel() }
    }

    /// Does something with the model of now.
    private func change(_ body: (inout CloudModel, Timestamp) -> JSONValue) -> JSONValue {
        let now = settings.clock()
        return state.withLock { state in
            state.model.advance(to: now)
            return body(&state.model, now)
        }
    }

    /// Does something that the model may refuse.
    private func changing(_ body: (inout CloudModel, Timestamp) throws(CloudFault) -> JSONValue) throws(ControlRefusal) -> JSONValue {
        let now = settings.clock()
        do throws(CloudFault) {
            return try state.withLock { state throws(CloudFault) in
                state.model.advance(to: now)
                return try body(&state.model, now)
            }
        } catch {
            throw ControlRefusal(error.description, status: 409)
        }
    }

    // MARK: - Addresses and interfaces

    private static func addresses(_ model: CloudModel) -> JSONValue {
        let shown = model.addressesJSON.map { address in
            var address = address
            address["UserOwned"] = .bool(model.isUserOwned(AddressID(address["AddressId"].string ?? "")))
            return address
        }
        return ["addresses": .array(shown)]
    }

    private static func addAddress(_ body: JSONValue, _ model: inout CloudModel, _ now: Timestamp) throws(CloudFault) -> JSONValue {
        let id = try model.addUserAddress(
            id: body["addressId"].string.map { AddressID($0) }, name: body["addressName"].string ?? "user", ip: body["addressIp"].string,
            bandwidth: body["bandwidth"].int ?? 100, tags: tags(body["tags"]), cascadeRelease: body["cascadeRelease"].bool ?? false, now: now)
        return ["addressId": .string(id.rawValue), "addressIp": .string(model.address(id)?.ip ?? "")]
    }

    /// `{"key": "value"}`
    private static func tags(_ value: JSONValue) -> [Tag] {
        (value.object ?? [:]).compactMap { key, value in value.string.map { Tag(key: key, value: $0) } }
    }

    private static func changeInterface(_ body: JSONValue, _ model: inout CloudModel, _ now: Timestamp) throws(CloudFault) -> JSONValue {
        func ips(_ key: String) -> [String] { (body[key].array ?? []).compactMap(\.string) }
        let id = body["eniId"].string ?? ""
        if body["delete"].bool == true {
            try model.removeInterface(id, now: now)
        } else if body.has("remove") {
            try model.removePrivateIPs(ips("remove"), from: id, now: now)
        } else if body.has("unassign") {
            try model.unassignPrivateIPs(ips("unassign"), from: id, now: now)
        } else {
            let interface = CloudInterface(
                id: id, vpcID: body["vpcId"].string ?? "vpc-sandbox", instanceID: body["instanceId"].string, isPrimary: body["primary"].bool ?? false,
                privateIPs: ips("privateIps"))
            try model.register(interface, cores: body["cores"].int, now: now)
        }
        return model.allInterfaces.first { $0.id == id }.map(json) ?? [:]
    }

    private static func json(_ interface: CloudInterface) -> JSONValue {
        [
            "eniId": .string(interface.id), "vpcId": .string(interface.vpcID), "instanceId": interface.instanceID.map { .string($0) } ?? .null,
            "primary": .bool(interface.isPrimary), "privateIps": .array(interface.privateIPs.map { .string($0) }),
        ]
    }

    // MARK: - Console

    private enum Operation: String, CaseIterable { case bind, unbind, release, rename, retag, bandwidth, arrears, block, cascade, vanish }

    /// What a person does by hand. Calls of the API go into the journal with the key `console`.
    private func console(_ body: JSONValue) throws(ControlRefusal) -> JSONValue {
        guard let operation = body["op"].string.flatMap(Operation.init(rawValue:)) else {
            throw ControlRefusal("op must be one of \(Operation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let id = body["addressId"].string.map({ AddressID($0) }) else { throw ControlRefusal("addressId is missing") }
        return try changing { model, now throws(CloudFault) in
            try Self.perform(operation, id, body, &model, now)
            return ["addressId": .string(id.rawValue), "status": model.address(id).map { .string($0.status.rawValue) } ?? .null]
        }
    }

    private static func perform(
        _ operation: Operation, _ id: AddressID, _ body: JSONValue, _ model: inout CloudModel, _ now: Timestamp
    ) throws(CloudFault) {
        let me = CloudModel.console
        let value = body["value"].bool ?? true
        switch operation {
        case .bind:
            let (interface, ip) = (body["networkInterfaceId"].string ?? "", body["privateIp"].string ?? "")
            _ = try model.associate(id, networkInterfaceID: interface, privateIP: ip, by: me, now: now).get()
        case .unbind: _ = try model.disassociate(id, by: me, now: now).get()
        case .release: _ = try model.release([id], by: me, now: now).get()
        case .rename: try model.modifyName(id, to: body["name"].string ?? "", by: me, now: now).get()
        case .bandwidth: _ = try model.modifyBandwidth([id], to: body["bandwidth"].int ?? 0, by: me, now: now).get()
        case .retag: try model.retag(id, tags(body["tags"]), now: now)
        case .arrears: try model.mark(id, arrears: value, now: now)
        case .block: try model.mark(id, blocked: value, now: now)
        case .cascade: try model.mark(id, cascadeRelease: value, now: now)
        case .vanish: try model.vanish(id, now: now)
        }
    }

    private func changeSettings(_ body: JSONValue) throws(ControlRefusal) -> JSONValue {
        var unknownID: CloudModel.Settings.UnknownID?
        if let name = body["unknownId"].string {
            guard let known = CloudModel.Settings.UnknownID(rawValue: name) else { throw ControlRefusal("unknownId must be absent, error or invalid-value") }
            unknownID = known
        }
        return change { model, _ in
            func duration(_ key: String) -> Duration? { body[key].int.map { .milliseconds($0) } }
            if let latency = duration("latencyMs") { model.settings.latency = .init(all: latency) }
            if let lag = duration("listingLagMs") { model.settings.listingLag = lag }
            if let lag = duration("describeLagMs") { model.settings.describeLag = lag }
            if let retention = duration("tokenRetentionMs") { model.settings.tokenRetention = retention }
            if let quota = body["totalQuota"].int { model.settings.totalQuota = quota }
            if let quota = body["dailyQuota"].int { model.settings.dailyQuota = quota }
            if let limits = body["limits"].bool { model.settings.limitsRequests = limits }
            if let unknownID { model.settings.unknownID = unknownID }
            return [:]
        }
    }
}

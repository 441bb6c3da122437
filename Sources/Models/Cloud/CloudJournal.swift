public import Core
public import JSON

/// One call and what came of it.
public struct CloudJournalEntry: Hashable, Sendable {
    public var time: Timestamp
    public var action: String
    public var parameters: JSONValue
    /// who called: the secret id, or what the typed call named
    public var key: String
    /// `OK` or the error code
    public var outcome: String
    public var message: String?
    /// what happened to the reply, when it did not simply reach the caller
    public var note: String?
    /// the addresses the call dealt with, after it; one that does not exist is missing
    public var stateAfter: [Address]

    public init(
        time: Timestamp, action: String, parameters: JSONValue, key: String, outcome: String, message: String? = nil, note: String? = nil,
        stateAfter: [Address] = []
    ) {
        self.time = time
        self.action = action
        self.parameters = parameters
        self.key = key
        self.outcome = outcome
        self.message = message
        self.note = note
        self.stateAfter = stateAfter
    }

    /// As one line of a journal file.
    public var json: JSONValue {
        var object: JSONObject = [
            "time": .string(time.rfc3339Micro), "action": .string(action), "parameters": parameters, "key": .string(key), "outcome": .string(outcome),
        ]
        if let message { object["message"] = .string(message) }
        if let note { object["note"] = .string(note) }
        object["stateAfter"] = .array(stateAfter.map(\.brief))
        return .object(object)
    }
}

extension Address {
    /// What identifies and binds it, nothing else.
    fileprivate var brief: JSONValue {
        var object: JSONObject = ["id": .string(id.rawValue), "name": .string(name), "status": .string(status.rawValue), "ip": .string(ip)]
        object["instanceId"] = instanceID.map { .string($0) }
        object["networkInterfaceId"] = networkInterfaceID.map { .string($0) }
        object["privateIp"] = privateIP.map { .string($0) }
        object["bandwidth"] = bandwidth.map { .int($0) }
        return .object(object)
    }
}

extension CloudModel {
    /// Checks that the call may be made now, makes it and journals it. `body` returns the answer and the addresses it dealt with.
    mutating func call<T>(
        _ action: CloudModel.Action, _ parameters: JSONValue, by caller: String, now: Timestamp,
        _ body: (inout CloudModel) throws(CloudFault) -> (T, [AddressID])
    ) -> Result<T, CloudFault> {
        advance(to: now)
        forgetVanished()
        do throws(CloudFault) {
            try admit(action, by: caller)
            let (answer, affected) = try body(&self)
            if action.isWrite || settings.journalsReads { record(action.rawValue, parameters, by: caller, nil, affected) }
            return .success(answer)
        } catch let error {
            let error = error.seen(by: action)
            if action.isWrite || settings.journalsReads { record(action.rawValue, parameters, by: caller, error, Self.named(in: parameters)) }
            return .failure(error)
        }
    }

    private mutating func record(_ action: String, _ parameters: JSONValue, by caller: String, _ fault: CloudFault?, _ affected: [AddressID]) {
        record(
            CloudJournalEntry(
                time: clock, action: action, parameters: parameters, key: caller, outcome: fault?.code ?? "OK", message: fault?.message,
                stateAfter: affected.compactMap { address($0) }))
    }

    /// Adds an entry of the caller's making, such as a call that was refused before it came here.
    public mutating func record(_ entry: CloudJournalEntry) {
        if journal.count >= settings.journalMax {
            let dropped = max(1, settings.journalMax / 10)
            journal.removeFirst(min(dropped, journal.count))
            journalDropped += dropped
        }
        journal.append(entry)
    }

    /// Tells on the last entry what happened to its reply.
    public mutating func note(_ note: String) {
        guard !journal.isEmpty else { return }
        journal[journal.count - 1].note = note
    }

    /// The addresses that a call's parameters name.
    private static func named(in parameters: JSONValue) -> [AddressID] {
        let ids = [parameters["AddressId"].string].compactMap(\.self) + (parameters["AddressIds"].array ?? []).compactMap(\.string)
        return ids.map { AddressID($0) }
    }

    /// Counts the request against its action's limit of this second.
    mutating func admit(_ action: CloudModel.Action, by caller: String) throws(CloudFault) {
        guard settings.limitsRequests, caller != Self.console else { return }
        let second = clock.milliseconds / 1000
        var window = windows[action].flatMap { $0.second == second ? $0 : nil } ?? Window(second: second, count: 0)
        window.count += 1
        windows[action] = window
        guard window.count <= action.requestsPerSecondMax else {
            throw CloudCode.requestLimitExceeded.fault(
                "request limit exceeded: more than \(action.requestsPerSecondMax) \(action.rawValue) in one second")
        }
    }
}

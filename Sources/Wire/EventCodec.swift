internal import CWire
public import Core

/// What was found in one message of the `events` topic.
public enum EventReading: Hashable, Sendable {
    case changed(KeyChanged)
    /// The payload says nothing (or something else than the message's key): reconcile the key all the same.
    case undecodable(Key, why: String)
    /// Neither key nor payload can be read: there is nothing to do but to go on.
    case keyless(why: String)

    /// The key to reconcile, if there is one.
    public var key: Key? {
        switch self {
        case .changed(let event): event.key
        case .undecodable(let key, _): key
        case .keyless: nil
        }
    }
}

/// `KeyChanged` <-> key and value of a Kafka message (proto/eip/events/v1/events.proto).
public enum EventCodec {
    /// The Kafka message's key, UTF-8 of `cluster/namespace/name`.
    public static func messageKey(_ key: Key) -> [UInt8] { Array(key.description.utf8) }

    /// Reads a Kafka message's key; nil for anything but what `messageKey` writes.
    public static func key(_ bytes: [UInt8]?) -> Key? {
        guard let bytes, !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return Key(text)
    }

    public static func encode(_ event: KeyChanged) -> [UInt8] {
        var message = Eip__Events__V1__KeyChanged()
        var key = Eip__Events__V1__Key()
        eip__events__v1__key_changed__init(&message)
        eip__events__v1__key__init(&key)
        message.cause = wire(event.cause)
        message.term = event.term
        message.at_ms = event.at.milliseconds
        return withCStrings([event.key.cluster, event.key.namespace, event.key.name, event.snapshot, event.traceID]) { text in
            (key.cluster, key.namespace_, key.name) = (text[0], text[1], text[2])
            (message.snapshot, message.trace_id) = (text[3], text[4])
            return withUnsafeMutablePointer(to: &key) { key in
                message.key = key
                return withUnsafePointer(to: &message) { message in
                    packed(eip__events__v1__key_changed__get_packed_size(message)) { eip__events__v1__key_changed__pack(message, $0) }
                }
            }
        }
    }

    /// Never fails: whatever the bytes are, the answer is one of three. The key that the message was sent with wins over the one
    /// in its payload, because it chose the partition, and because a string cut off at a zero byte is noticed by it.
    public static func decode(key keyBytes: [UInt8]?, value: [UInt8]?) -> EventReading {
        let sentWith = key(keyBytes)
        switch (payload(value), sentWith) {
        case (.success(let event), let sentWith?):
            return event.key == sentWith ? .changed(event) : .undecodable(sentWith, why: "the payload names another key")
        case (.success(let event), nil):
            return keyBytes == nil ? .changed(event) : .keyless(why: "the message's key is not cluster/namespace/name")
        case (.failure(let reason), let sentWith?): return .undecodable(sentWith, why: reason.why)
        case (.failure(let reason), nil): return .keyless(why: reason.why)
        }
    }

    private static func payload(_ bytes: [UInt8]?) -> Result<KeyChanged, Unreadable> {
        guard let bytes, !bytes.isEmpty else { return .failure(Unreadable(why: "no payload")) }
        guard let message = eip__events__v1__key_changed__unpack(nil, bytes.count, bytes) else {
            return .failure(Unreadable(why: "not a KeyChanged message"))
        }
        defer { eip__events__v1__key_changed__free_unpacked(message, nil) }
        let fields = message.pointee
        guard let key = read(fields.key) else { return .failure(Unreadable(why: "the payload names no key")) }
        guard let cause = known(fields.cause) else { return .failure(Unreadable(why: "cause \(fields.cause.rawValue) is not known")) }
        guard let snapshot = text(fields.snapshot), let traceID = text(fields.trace_id) else { return .failure(Unreadable(why: "text that is not UTF-8")) }
        return .success(
            KeyChanged(key: key, cause: cause, snapshot: snapshot, term: fields.term, traceID: traceID, at: Timestamp(milliseconds: fields.at_ms)))
    }

    private static func wire(_ cause: Cause) -> Eip__Events__V1__Cause {
        switch cause {
        case .podSeen: EIP__EVENTS__V1__CAUSE__CAUSE_POD_SEEN
        case .podGone: EIP__EVENTS__V1__CAUSE__CAUSE_POD_GONE
        case .claimSeen: EIP__EVENTS__V1__CAUSE__CAUSE_CLAIM_SEEN
        case .claimGone: EIP__EVENTS__V1__CAUSE__CAUSE_CLAIM_GONE
        case .due: EIP__EVENTS__V1__CAUSE__CAUSE_DUE
        case .replayed: EIP__EVENTS__V1__CAUSE__CAUSE_REPLAYED
        }
    }
    private static func known(_ cause: Eip__Events__V1__Cause) -> Cause? { Cause.allCases.first { wire($0) == cause } }
}

/// Why a payload says nothing.
struct Unreadable: Error {
    let why: String
}

internal import CWire
public import Core

/// `LedgerRecord` <-> key and value of a Kafka message (proto/eip/events/v1/events.proto).
public enum LedgerCodec {
    /// The Kafka message's key: the compacted topic keeps the last record of an address.
    public static func messageKey(account: String, _ id: AddressID) -> [UInt8] { Array("\(account)/\(id)".utf8) }

    public static func encode(_ record: LedgerRecord) -> [UInt8] {
        var message = Eip__Events__V1__LedgerRecord()
        var key = Eip__Events__V1__Key()
        eip__events__v1__ledger_record__init(&message)
        eip__events__v1__key__init(&key)
        message.at_ms = record.at.milliseconds
        let texts = [
            record.key.cluster, record.key.namespace, record.key.name, record.addressID.rawValue, record.publicIP, record.factsDigest, record.plan,
            record.outcome, record.worker, record.traceID,
        ]
        return withCStrings(texts) { text in
            (key.cluster, key.namespace_, key.name) = (text[0], text[1], text[2])
            (message.address_id, message.public_ip, message.facts_digest) = (text[3], text[4], text[5])
            (message.plan, message.outcome, message.worker, message.trace_id) = (text[6], text[7], text[8], text[9])
            return withUnsafeMutablePointer(to: &key) { key in
                message.key = key
                return withUnsafePointer(to: &message) { message in
                    packed(eip__events__v1__ledger_record__get_packed_size(message)) { eip__events__v1__ledger_record__pack(message, $0) }
                }
            }
        }
    }

    /// nil for anything that is not a record with a key and an address; a reader skips it.
    public static func decode(_ bytes: [UInt8]?) -> LedgerRecord? {
        guard let bytes, !bytes.isEmpty, let message = eip__events__v1__ledger_record__unpack(nil, bytes.count, bytes) else { return nil }
        defer { eip__events__v1__ledger_record__free_unpacked(message, nil) }
        let fields = message.pointee
        guard let key = read(fields.key), let id = text(fields.address_id), !id.isEmpty, let publicIP = text(fields.public_ip),
            let digest = text(fields.facts_digest), let plan = text(fields.plan), let outcome = text(fields.outcome), let worker = text(fields.worker),
            let traceID = text(fields.trace_id)
        else { return nil }
        return LedgerRecord(
            at: Timestamp(milliseconds: fields.at_ms), key: key, addressID: AddressID(id), publicIP: publicIP, factsDigest: digest, plan: plan,
            outcome: outcome, worker: worker, traceID: traceID)
    }
}

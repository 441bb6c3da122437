internal import Core
internal import Kafka
internal import Observe
internal import Wire

/// Where it is written down who held which address, and why it changed. Nobody waits for it and nothing is decided by it.
protocol Ledger: Sendable {
    func append(_ record: LedgerRecord) async
}

/// The ledger topic: compacted, one key per address, so that its last record stays for ever and all of them for 90 days.
final class KafkaLedger: Ledger {
    private let producer: KafkaProducer
    private let topic: String
    private let place: AccountRegion
    private let log: Log

    init(_ settings: KafkaSettings, topic: String, place: AccountRegion, log: Log) throws(KafkaError) {
        producer = try KafkaProducer(settings)
        self.topic = topic
        self.place = place
        self.log = log
    }

    func append(_ record: LedgerRecord) async {
        let key = LedgerCodec.messageKey(account: place.account, record.addressID)
        let partition = StableHash.of(place.account, record.addressID.rawValue) % UInt64(ShardMap.partitionsOfTopic)
        do {
            _ = try await producer.send(topic: topic, partition: Int32(partition), key: key, value: LedgerCodec.encode(record))
        } catch {
            log.warning("cannot write the ledger", [.key(record.key), Field("address", record.addressID.rawValue), Field("error", "\(error)")])
        }
    }

    func close() async { await producer.close() }
}

/// Without Kafka the log is the ledger.
struct LogLedger: Ledger {
    let log: Log
    func append(_ record: LedgerRecord) async {
        log.info(
            "ledger",
            [
                .key(record.key), Field("address", record.addressID.rawValue), Field("ip", record.publicIP), Field("plan", record.plan),
                Field("outcome", record.outcome),
            ])
    }
}

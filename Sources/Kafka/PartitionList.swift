internal import CRdKafka
internal import Glibc

typealias PartitionList = UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

/// A list for C with positions, in the order of partitions. The caller destroys it.
func makeList(_ topic: String, _ positions: [Int32: KafkaPosition]) -> PartitionList {
    let list = rd_kafka_topic_partition_list_new(Int32(positions.count))!
    for (partition, position) in positions.sorted(by: { $0.key < $1.key }) {
        let entry = rd_kafka_topic_partition_list_add(list, topic, partition)!
        entry.pointee.offset = position.offset
        let text = Array(position.metadata.utf8)
        guard !text.isEmpty else { continue }
        let copy = malloc(text.count)!  // the list frees it
        copy.copyMemory(from: text, byteCount: text.count)
        entry.pointee.metadata = copy
        entry.pointee.metadata_size = text.count
    }
    return list
}

/// A list for C without positions. The caller destroys it.
func makeList(_ topic: String, _ partitions: some Sequence<Int32>) -> PartitionList {
    let list = rd_kafka_topic_partition_list_new(8)!
    for partition in partitions { rd_kafka_topic_partition_list_add(list, topic, partition) }
    return list
}

/// What was committed. A partition without a commit starts at 0: if the log's start is later, `auto.offset.reset` moves it there.
/// - Returns: nil if a partition of the list carries an error
func readPositions(_ list: PartitionList) -> [Int32: KafkaPosition]? {
    var positions: [Int32: KafkaPosition] = [:]
    for n in 0..<Int(list.pointee.cnt) {
        let entry = list.pointee.elems[n]
        guard entry.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        let metadata = entry.metadata.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: entry.metadata_size), as: UTF8.self) }
        positions[entry.partition] = KafkaPosition(offset: max(entry.offset, 0), metadata: metadata ?? "")
    }
    return positions
}

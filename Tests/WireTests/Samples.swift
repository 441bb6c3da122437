import Core

let sampleKey = Key(cluster: "5f1c7a52-6a3f-4c8e-8d0e-0a9b1c2d3e4f", namespace: "games", name: "lobby-0")

func sampleEvent(_ cause: Cause = .podSeen) -> KeyChanged {
    KeyChanged(key: sampleKey, cause: cause, snapshot: "123456", term: 42, traceID: "00ff00ff00ff00ff", at: Timestamp(milliseconds: 1_700_000_000_123))
}

func sampleRecord() -> LedgerRecord {
    LedgerRecord(
        at: Timestamp(milliseconds: 1_700_000_000_123), key: sampleKey, addressID: AddressID("eip-m44ku5d2"), publicIP: "1.2.3.4",
        factsDigest: "9a0364b9e99bb480", plan: "associate eip-m44ku5d2 with 10.0.0.7", outcome: "AssociatedEIP", worker: "eip-controller-0",
        traceID: "00ff00ff00ff00ff")
}

/// Mutations that are the same in every run.
struct SeededBytes: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    mutating func mutant(of bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            let at = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<8, using: &self) {
            case 0 where !bytes.isEmpty: bytes.removeLast(bytes.count - at)
            case 1 where !bytes.isEmpty: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...9, using: &self)))
            case 2, 3: bytes.insert(UInt8.random(in: 0...255, using: &self), at: at)
            case 4, 5: if !bytes.isEmpty { bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &self) }
            default: if !bytes.isEmpty { bytes[at] = UInt8.random(in: 0...255, using: &self) }
            }
        }
        return bytes
    }
}

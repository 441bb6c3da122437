internal import Cloud
internal import Core
internal import Observe
internal import Wire

// The cloud's replies and the messages of Kafka.
extension FuzzTarget {
    /// Every reply is one of: what was asked for, or a sorted fault with a short message.
    static func reply(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        var read = false
        for action in CloudAction.allCases {
            do throws(CloudFault) {
                let reply = try Reply(input, action: action)
                if let fault = reply.fault { throw fault }
                switch action {
                case .allocateAddresses: _ = try reply.allocatedID()
                case .describeAddresses: _ = try reply.addressPage()
                case .describeAddressQuota: _ = try reply.quotas()
                case .describeNetworkInterfaces: _ = try reply.networkInterfaces(of: ["10.0.0.7", "10.0.0.8"])
                case .associateAddress, .disassociateAddress, .releaseAddresses, .modifyAddressesBandwidth, .modifyAddressAttribute: continue
                }
                read = true
            } catch {
                try require(!error.code.isEmpty && error.message.utf8.count <= 1024, "\(error.code), a message of \(error.message.utf8.count) bytes")
            }
        }
        return read
    }

    /// The credentials' file: what is read has an id and a key, and written anew it reads the same.
    static func credentials(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        do throws(CredentialError) {
            let read = try CloudCredentials(ini: String(decoding: input, as: UTF8.self), path: "credentials")
            let again = try CloudCredentials(
                ini: "[default]\nsecret_id=\(read.secretID)\nsecret_key=\(read.secretKey.reveal())\ntoken=\(read.token?.reveal() ?? "")", path: "credentials")
            guard again == read, !read.secretID.isEmpty, !read.secretKey.reveal().isEmpty else { throw CredentialError(broken) }
            return true
        } catch {
            try require(error.message != broken, broken)
            try require(error.message.contains("credentials"), "a message that names no file: \(error)")
            return false
        }
    }
    private static let broken = "what was read is empty, or is not read back"

    // MARK: Kafka. An input is the message's key, a line feed, and its payload; without a line feed there is no key.

    static let eventSeeds: [[UInt8]] = Cause.allCases.map { cause in
        let event = KeyChanged(key: Samples.key, cause: cause, snapshot: "812", term: 3, traceID: "0123456789abcdef", at: Samples.now.wall)
        return EventCodec.messageKey(event.key) + [0x0a] + EventCodec.encode(event)
    }

    /// A key that can be read is never lost, whatever the payload is; and what was read is written and read back the same.
    static func event(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let (key, value) = message(input)
        let reading = EventCodec.decode(key: key, value: value)
        if let sent = EventCodec.key(key) { try require(reading.key == sent, "key \(sent) read as \(reading)") }
        guard case .changed(let event) = reading else { return false }
        let again = EventCodec.decode(key: EventCodec.messageKey(event.key), value: EventCodec.encode(event))
        try require(again == reading, "\(reading) read back as \(again)")
        return true
    }

    static let ledgerSeeds: [[UInt8]] = {
        let record = LedgerRecord(
            at: Samples.now.wall, key: Samples.key, addressID: Samples.addressID, publicIP: "198.51.100.7", factsDigest: "00ff", plan: "release eip-abcd1234",
            outcome: "ReleasedEIP", worker: "worker-0", traceID: "0123456789abcdef")
        return [LedgerCodec.encode(record), LedgerCodec.encode(LedgerRecord(at: Samples.now.wall, key: Samples.key, addressID: Samples.addressID))]
    }()

    static func ledger(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard let record = LedgerCodec.decode(input) else { return false }
        try require(LedgerCodec.decode(LedgerCodec.encode(record)) == record, "\(record) is not read back")
        return true
    }

    private static func message(_ input: [UInt8]) -> (key: [UInt8]?, value: [UInt8]?) {
        guard let end = input.firstIndex(of: 0x0a) else { return (nil, input) }
        return (Array(input[..<end]), Array(input[(end + 1)...]))
    }
}

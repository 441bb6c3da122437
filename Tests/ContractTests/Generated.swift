import Core

/// SplitMix64: the same cases in every run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func maybe<T>(_ value: (inout Seeded) -> T) -> T? { Bool.random(using: &self) ? value(&self) : nil }
    mutating func text() -> String {
        let letters = ["a", "Z", "0", "-", "\"", "\\", "é", "世", " ", "\n", "{", "/"]
        return (0..<Int.random(in: 1...12, using: &self)).map { _ in letters.randomElement(using: &self)! }.joined()
    }
    mutating func id() -> String { "eip-" + (0..<8).map { _ in String("abcxyz0189".randomElement(using: &self)!) }.joined() }
    mutating func time() -> Timestamp {
        let time = Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &self))
        return Bool.random(using: &self) ? time.wholeSeconds : time
    }
}

/// Claims of every shape that this controller may write.
extension Seeded {
    mutating func attributes() -> AddressAttributes {
        let charge = [nil, "TRAFFIC_POSTPAID_BY_HOUR", "BANDWIDTH_POSTPAID_BY_HOUR", "BANDWIDTH_PACKAGE"].randomElement(using: &self)!
        let isPackage = charge == "BANDWIDTH_PACKAGE"
        let isAnycast = Bool.random(using: &self)
        return AddressAttributes(
            bandwidth: Int.random(in: 1...(isPackage ? 2000 : 100), using: &self), isp: ISP.allCases.randomElement(using: &self)!, chargeType: charge,
            bandwidthPackageID: isPackage ? maybe { _ in "bwp-abcd1234" } : nil, addressType: isAnycast ? "AnycastEIP" : nil,
            anycastZone: isAnycast ? maybe { _ in "ANYCAST_ZONE_GLOBAL" } : nil, egress: maybe { _ in "center_egress2" },
            tags: (0..<Int.random(in: 0...3, using: &self)).map { Tag(key: "\($0)" + text(), value: text()) })
    }
    mutating func target() -> Target {
        Target(podUID: text(), podIP: "10.0.0.7", networkInterfaceID: "eni-\(text())", instanceID: "ins-\(text())", nodeName: text())
    }
    mutating func spec() -> ClaimSpec {
        ClaimSpec(
            source: Bool.random(using: &self) ? .attributes(attributes()) : .listed(AddressID(id())),
            deletePolicy: Bool.random(using: &self) ? .delete : .retain,
            expireAfter: maybe { Duration.milliseconds(Int64.random(in: 0...99_999_999, using: &$0)) }, serial: Int.random(in: 1...99, using: &self),
            addressID: maybe { AddressID($0.id()) })
    }
    mutating func status() -> ClaimStatus {
        ClaimStatus(
            phase: ClaimPhase.allCases.randomElement(using: &self)!, publicIP: maybe { _ in "43.1.2.3" },
            binding: maybe { Binding(target: $0.target(), boundAt: $0.time()) },
            intent: maybe {
                Intent(
                    serial: Int.random(in: 1...99, using: &$0), verb: CloudVerb.allCases.randomElement(using: &$0)!,
                    addressID: $0.maybe { AddressID($0.id()) }, target: $0.maybe { $0.target() }, at: $0.time(), by: $0.text())
            },
            retainedSince: maybe { $0.time() }, expiresAt: maybe { $0.time() }, nextAttemptAt: maybe { $0.time() },
            observedGeneration: Int.random(in: 0...9, using: &self),
            conditions: maybe {
                [
                    Condition(
                        kind: .ready, status: Bool.random(using: &$0), reason: Reason.allCases.randomElement(using: &$0)!, message: $0.text(),
                        lastTransitionTime: $0.time())
                ]
            } ?? [])
    }
    mutating func claim() -> Claim {
        Claim(
            namespace: "games", name: "web-0", uid: text(), resourceVersion: text(), generation: Int.random(in: 1...9, using: &self), createdAt: time(),
            isDeleting: Bool.random(using: &self), hasFinalizer: Bool.random(using: &self), spec: spec(), status: status(),
            otherFinalizers: maybe { ["example.com/\($0.text())"] } ?? [])
    }
}

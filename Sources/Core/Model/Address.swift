/// An EIP's id, such as `eip-m44ku5d2`.
public struct AddressID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }
    public static func < (a: AddressID, b: AddressID) -> Bool { a.rawValue < b.rawValue }
}

/// A tag of a cloud resource.
public struct Tag: Hashable, Comparable, Sendable {
    public var key: String
    public var value: String
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
    public static func < (a: Tag, b: Tag) -> Bool { (a.key, a.value) < (b.key, b.value) }
}

/// DescribeAddresses' `AddressStatus` (product/215/16702).
public enum AddressStatus: Hashable, Sendable, CaseIterable {
    case creating
    case binding
    case bind
    case unbinding
    case unbind
    /// being released
    case offlining
    /// bound to a network interface that is attached to no instance
    case bindENI
    /// A word that this version does not know: the address is there, and nothing is done to it. Never one of the others' words.
    case unknown(String)

    /// Those that are documented.
    public static let allCases: [AddressStatus] = [.creating, .binding, .bind, .unbinding, .unbind, .offlining, .bindENI]

    /// Reads the cloud's word; every word is one.
    public init(_ word: String) { self = Self.allCases.first { $0.rawValue == word } ?? .unknown(word) }

    /// The cloud's word.
    public var rawValue: String {
        switch self {
        case .creating: "CREATING"
        case .binding: "BINDING"
        case .bind: "BIND"
        case .unbinding: "UNBINDING"
        case .unbind: "UNBIND"
        case .offlining: "OFFLINING"
        case .bindENI: "BIND_ENI"
        case .unknown(let word): word
        }
    }

    /// A state the cloud leaves by itself.
    public var isTransient: Bool {
        switch self {
        case .creating, .binding, .unbinding, .offlining: true
        case .bind, .unbind, .bindENI, .unknown: false
        }
    }
    public var isKnown: Bool {
        switch self {
        case .creating, .binding, .bind, .unbinding, .unbind, .offlining, .bindENI: true
        case .unknown: false
        }
    }
    public var isBound: Bool { self == .bind || self == .bindENI }
}

/// An EIP as the cloud describes it.
public struct Address: Hashable, Sendable {
    public var id: AddressID
    public var name: String
    public var status: AddressStatus
    /// Public IPv4 in dotted form; empty while it is being created.
    public var ip: String
    public var instanceID: String?
    public var networkInterfaceID: String?
    public var privateIP: String?
    /// Mbps
    public var bandwidth: Int?
    public var chargeType: String?
    public var isp: String?
    /// bound addresses with it are released by the cloud when they are unbound
    public var cascadeRelease: Bool
    public var isArrears: Bool
    public var isBlocked: Bool
    public var tags: [Tag]
    /// creation time at the cloud, where it says so
    public var createdAt: Timestamp?

    public init(
        id: AddressID, name: String, status: AddressStatus, ip: String = "", instanceID: String? = nil, networkInterfaceID: String? = nil,
        privateIP: String? = nil, bandwidth: Int? = nil, chargeType: String? = nil, isp: String? = nil, cascadeRelease: Bool = false,
        isArrears: Bool = false, isBlocked: Bool = false, tags: [Tag] = [], createdAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.ip = ip
        self.instanceID = instanceID
        self.networkInterfaceID = networkInterfaceID
        self.privateIP = privateIP
        self.bandwidth = bandwidth
        self.chargeType = chargeType
        self.isp = isp
        self.cascadeRelease = cascadeRelease
        self.isArrears = isArrears
        self.isBlocked = isBlocked
        self.tags = tags
        self.createdAt = createdAt
    }

    /// Whether it is bound to exactly this private IP on this interface and, where the cloud says which, on this instance
    /// (`InstanceId` may be null, product/215/16702).
    public func isBound(to target: Target) -> Bool {
        status == .bind && networkInterfaceID == target.networkInterfaceID && privateIP == target.podIP
            && (instanceID == nil || instanceID == target.instanceID)
    }
}

/// A network interface (ENI) that carries a pod's private IP, from DescribeNetworkInterfaces (product/215/15817).
public struct NetworkInterface: Hashable, Sendable {
    public var id: String
    /// the CVM it is attached to
    public var instanceID: String?
    /// EIP on the private IP asked for, if any
    public var addressID: AddressID?
    public init(id: String, instanceID: String?, addressID: AddressID? = nil) {
        self.id = id
        self.instanceID = instanceID
        self.addressID = addressID
    }
}

public import Core

extension CloudModel {
    /// How this cloud behaves. All of it may be changed while it runs.
    public struct Settings: Hashable, Sendable {
        /// How long each asynchronous change takes.
        public struct Latency: Hashable, Sendable {
            public var create: Duration
            public var bind: Duration
            public var unbind: Duration
            public var release: Duration
            public init(create: Duration, bind: Duration, unbind: Duration, release: Duration) {
                self.create = create
                self.bind = bind
                self.unbind = unbind
                self.release = release
            }
            /// The same for every change.
            public init(all duration: Duration) { self.init(create: duration, bind: duration, unbind: duration, release: duration) }
        }

        /// What DescribeAddresses says to an id that does not exist. The documentation does not tell, so callers must bear all of them.
        public enum UnknownID: String, Hashable, Sendable, CaseIterable {
            /// it is missing from the answer
            case absent
            /// the whole call fails with `InvalidAddressId.NotFound`
            case error
            /// the whole call fails with `InvalidParameterValue`
            case invalidValue = "invalid-value"
        }

        /// Draws ids and public IPs.
        public var seed: UInt64
        public var region: String
        public var latency: Latency
        /// A list by filters shows the state of this long ago.
        public var listingLag: Duration
        /// A describe by ids shows the state of this long ago.
        public var describeLag: Duration
        /// How long a ClientToken is remembered. The documentation does not tell.
        public var tokenRetention: Duration
        /// EIPs in the region, all kinds of owners counted (product/213/5733).
        public var totalQuota: Int
        /// Allocations a day: twice the quota (product/213/5733).
        public var dailyQuota: Int
        /// The day of the daily quota begins at midnight of China's time; that it does is an assumption.
        public var dayOffset: Duration
        public var unknownID: UnknownID
        /// Addresses that a describe by ids does not find, although they are there and lists have them.
        public var overlooked: Set<AddressID>
        /// Whether an EIP comes into being although `DeliveryFailed` is answered: the documentation does not say.
        public var failedDeliveriesArrive: Bool
        /// Whether the requests per second of each action are limited.
        public var limitsRequests: Bool
        /// Whether reads are journalled as well as writes.
        public var journalsReads: Bool
        /// Entries of the journal; at the limit the oldest tenth is dropped.
        public var journalMax: Int

        public init(seed: UInt64 = 1, region: String = "ap-guangzhou", latency: Latency = Latency(all: .milliseconds(200))) {
            self.seed = seed
            self.region = region
            self.latency = latency
            listingLag = .zero
            describeLag = .zero
            tokenRetention = .seconds(24 * 3600)
            totalQuota = 20
            dailyQuota = 40
            dayOffset = .seconds(8 * 3600)
            unknownID = .absent
            overlooked = []
            failedDeliveriesArrive = false
            limitsRequests = false
            journalsReads = false
            journalMax = 100_000
        }

        /// Public IPs a CVM may have, by cores (product/213/5733, CVMs bought after 2019-09-18).
        public static func addressesMax(cores: Int) -> Int {
            switch cores {
            case ..<6: 2
            case ..<12: 3
            case ..<18: 4
            case ..<24: 5
            case ..<30: 6
            case ..<36: 7
            case ..<42: 8
            case ..<48: 9
            default: 10
            }
        }
    }
}

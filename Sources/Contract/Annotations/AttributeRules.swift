internal import Core

/// How an EIP is paid for (`InternetChargeType` of AllocateAddresses, product/215/16699). Prepaid EIPs are left out: releasing
/// one only isolates it, so a pod's EIP would go on costing.
enum ChargeType: String, CaseIterable {
    case traffic = "TRAFFIC_POSTPAID_BY_HOUR"
    case bandwidth = "BANDWIDTH_POSTPAID_BY_HOUR"
    case package = "BANDWIDTH_PACKAGE"

    /// Mbps
    var bandwidthRange: ClosedRange<Int> {
        switch self {
        case .traffic, .bandwidth: 1...100
        case .package: 1...2000
        }
    }
}

/// `AddressType`. AntiDDoSEIP and ResidentialEIP need parameters of their own that `eip-attributes` has not.
enum AddressType: String, CaseIterable {
    case ordinary = "EIP"
    case anycast = "AnycastEIP"
    case highQuality = "HighQualityEIP"
}

enum AnycastZone: String, CaseIterable {
    case global = "ANYCAST_ZONE_GLOBAL"
    case overseas = "ANYCAST_ZONE_OVERSEAS"
}

enum Egress: String, CaseIterable {
    case first = "center_egress1"
    case second = "center_egress2"
    case third = "center_egress3"
}

/// One attribute of an EIP and what it is called by users: in `eip-attributes` and in an EIPClaim's `spec.source.attributes`.
enum AttributeField: CaseIterable {
    case bandwidth, isp, chargeType, bandwidthPackageID, addressType, anycastZone, egress, tags

    /// Names in the annotation: AllocateAddresses' own, after TKE's short one where there is one.
    var annotationNames: [String] {
        switch self {
        case .bandwidth: ["Bandwidth", "InternetMaxBandwidthOut"]
        case .isp: ["ISP", "InternetServiceProvider"]
        case .chargeType: ["InternetChargeType"]
        case .bandwidthPackageID: ["BandwidthPackageId"]
        case .addressType: ["AddressType"]
        case .anycastZone: ["AnycastZone"]
        case .egress: ["Egress"]
        case .tags: ["Tags"]
        }
    }

    var claimName: String {
        switch self {
        case .bandwidth: "bandwidth"
        case .isp: "isp"
        case .chargeType: "chargeType"
        case .bandwidthPackageID: "bandwidthPackageID"
        case .addressType: "addressType"
        case .anycastZone: "anycastZone"
        case .egress: "egress"
        case .tags: "tags"
        }
    }
}

extension AddressAttributes {
    /// What the cloud would refuse, or would silently read as something else, seen over all attributes together.
    func complaints(naming name: (AttributeField) -> String) -> [String] {
        var complaints: [String] = []
        let charge = chargeType.flatMap(ChargeType.init(rawValue:)) ?? .traffic
        if !charge.bandwidthRange.contains(bandwidth) {
            complaints.append(Messages.bandwidthOutOfRange(name(.bandwidth), bandwidth, charge, saying: name(.chargeType)))
        }
        if let bandwidthPackageID {
            if !bandwidthPackageID.hasPrefix("bwp-") {
                complaints.append(Messages.malformedPackage(name(.bandwidthPackageID), bandwidthPackageID))
            }
            if charge != .package {
                complaints.append(Messages.packageWithoutCharge(name(.bandwidthPackageID), name(.chargeType)))
            }
        }
        if anycastZone != nil, addressType != AddressType.anycast.rawValue {
            complaints.append(Messages.zoneWithoutAnycast(name(.anycastZone), name(.addressType)))
        }
        var keys: Set<String> = []
        for tag in tags {
            if tag.key.isEmpty || !keys.insert(tag.key).inserted {
                complaints.append(Messages.tagKey(name(.tags), tag.key))
            } else if tag.key == Naming.creatorTag.key || tag.key == Naming.clusterTagKey {
                complaints.append(Messages.reservedTag(name(.tags), tag.key))
            }
        }
        return complaints
    }
}

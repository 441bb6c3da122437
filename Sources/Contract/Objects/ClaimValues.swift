internal import Core
internal import GoTime
internal import JSON

/// An object that is being written. In a merge patch what is absent has to be said, with `null`; in a whole object it is left out.
struct Members {
    private(set) var object = JSONObject()
    let explicitNulls: Bool

    init(explicitNulls: Bool) { self.explicitNulls = explicitNulls }

    mutating func put(_ name: String, _ value: JSONValue?) {
        if let value {
            object[name] = value
        } else if explicitNulls {
            object[name] = .null
        }
    }
    mutating func put(_ name: String, _ text: String?) { put(name, text.map(JSONValue.string)) }
    mutating func put(_ name: String, _ time: Timestamp?) { put(name, time.map { JSONValue.string($0.exactText) }) }
}

extension Timestamp {
    /// With whole seconds as `metav1.Time`; milliseconds, where there are any, are kept: times read back equal those written.
    var exactText: String { milliseconds % 1000 == 0 ? rfc3339 : rfc3339Micro }
}

extension ClaimSpec {
    func value(explicitNulls: Bool) -> JSONValue {
        var members = Members(explicitNulls: explicitNulls)
        members.put("source", source.value(explicitNulls: explicitNulls))
        members.put("deletePolicy", deletePolicy.rawValue)
        members.put("expireAfter", expireAfter.map(GoDuration.format))
        members.put("serial", .int(serial))
        members.put("addressID", addressID?.rawValue)
        return .object(members.object)
    }
}

extension ClaimSource {
    fileprivate func value(explicitNulls: Bool) -> JSONValue {
        var members = Members(explicitNulls: explicitNulls)
        switch self {
        case .attributes(let attributes):
            members.put("attributes", attributes.value(explicitNulls: explicitNulls))
            members.put("addressID", nil as String?)
        case .listed(let id):
            members.put("attributes", nil as String?)
            members.put("addressID", id.rawValue)
        }
        return .object(members.object)
    }
}

extension AddressAttributes {
    fileprivate func value(explicitNulls: Bool) -> JSONValue {
        var members = Members(explicitNulls: explicitNulls)
        members.put(AttributeField.bandwidth.claimName, .int(bandwidth))
        members.put(AttributeField.isp.claimName, isp.rawValue)
        members.put(AttributeField.chargeType.claimName, chargeType)
        members.put(AttributeField.bandwidthPackageID.claimName, bandwidthPackageID)
        members.put(AttributeField.addressType.claimName, addressType)
        members.put(AttributeField.anycastZone.claimName, anycastZone)
        members.put(AttributeField.egress.claimName, egress)
        let list = tags.map { tag -> JSONValue in ["key": .string(tag.key), "value": .string(tag.value)] }
        members.put(AttributeField.tags.claimName, list.isEmpty ? nil : .array(list))
        return .object(members.object)
    }
}

extension ClaimStatus {
    func value(explicitNulls: Bool) -> JSONValue {
        var members = Members(explicitNulls: explicitNulls)
        members.put("phase", phase.rawValue)
        members.put("publicIP", publicIP)
        members.put(
            "binding",
            binding.map { binding in
                var value = binding.target.value
                value["boundAt"] = .string(binding.boundAt.exactText)
                return value
            })
        members.put("intent", intent?.value(explicitNulls: explicitNulls))
        members.put("retainedSince", retainedSince)
        members.put("expiresAt", expiresAt)
        members.put("nextAttemptAt", nextAttemptAt)
        members.put("observedGeneration", .int(observedGeneration))
        members.put("conditions", conditions.isEmpty ? nil : .array(conditions.map(\.value)))
        return .object(members.object)
    }
}

extension Target {
    fileprivate var value: JSONValue {
        [
            "podUID": .string(podUID), "podIP": .string(podIP), "eniID": .string(networkInterfaceID), "instanceID": .string(instanceID),
            "nodeName": .string(nodeName),
        ]
    }
}

extension Intent {
    fileprivate func value(explicitNulls: Bool) -> JSONValue {
        var members = Members(explicitNulls: explicitNulls)
        members.put("serial", .int(serial))
        members.put("verb", verb.rawValue)
        members.put("addressID", addressID?.rawValue)
        members.put("target", target?.value)
        members.put("at", at)
        members.put("by", by)
        return .object(members.object)
    }
}

extension Condition {
    fileprivate var value: JSONValue {
        [
            "type": .string(kind.rawValue), "status": status ? "True" : "False", "reason": .string(reason.rawValue),
            "message": .string(message), "lastTransitionTime": .string(lastTransitionTime.exactText),
        ]
    }
}

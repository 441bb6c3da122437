internal import Core
internal import JSON

/// The structural schema of EIPClaim. It refuses what `ClaimDecoder` would have to report as a problem, as far as a schema can.
enum ClaimSchema {
    static var root: JSONValue {
        object(
            "An elastic public IP (EIP) and the pod it belongs to. It has the pod's namespace and name. A static one (deletePolicy "
                + "Retain) outlives its pod, and the next pod of that name gets the same EIP.",
            [
                ("apiVersion", text("version of the schema")), ("kind", text("EIPClaim")), ("metadata", ["type": "object"]), ("spec", spec),
                ("status", status),
            ], required: ["spec"])
    }

    // MARK: spec

    private static var spec: JSONValue {
        object(
            "what is claimed; written by eip-controller from the pod's annotations",
            [
                ("source", source),
                ("deletePolicy", choice("what becomes of claim and EIP when the pod goes", [DeletePolicy.delete.rawValue, DeletePolicy.retain.rawValue])),
                (
                    "expireAfter",
                    pattern(
                        "how long a retained claim waits for a pod, such as 1h; \"0\" is for ever; the controller's setting if absent",
                        #"^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$"#)
                ),
                ("serial", integer("counts allocations; one serial never yields two EIPs", minimum: 1)),
                ("addressID", addressID("the claim's EIP, once it is known; kept by backups that drop status")),
            ], required: ["source", "deletePolicy", "serial"])
    }

    private static var source: JSONValue {
        var schema = object(
            "where the EIP comes from", [("attributes", attributes), ("addressID", addressID("one of the user's own EIPs: bound and unbound, never released"))])
        schema["oneOf"] = [["required": ["attributes"]], ["required": ["addressID"]]]
        return schema
    }

    private static var attributes: JSONValue {
        object(
            "an EIP that is allocated for the pod, and released by this controller",
            [
                (AttributeField.bandwidth.claimName, integer("Mbps", minimum: 1, maximum: ChargeType.package.bandwidthRange.upperBound)),
                (AttributeField.isp.claimName, choice("line", ISP.allCases.map(\.rawValue))),
                (AttributeField.chargeType.claimName, choice("InternetChargeType", ChargeType.allCases.map(\.rawValue))),
                (AttributeField.bandwidthPackageID.claimName, pattern("bandwidth package the EIP joins", "^bwp-")),
                (AttributeField.addressType.claimName, choice("AddressType", AddressType.allCases.map(\.rawValue))),
                (AttributeField.anycastZone.claimName, choice("AnycastZone", AnycastZone.allCases.map(\.rawValue))),
                (AttributeField.egress.claimName, choice("Egress", Egress.allCases.map(\.rawValue))),
                (
                    AttributeField.tags.claimName,
                    list("tags of the user", object("a tag", [("key", nonEmpty("key")), ("value", text("value"))], required: ["key", "value"]))
                ),
            ], required: [AttributeField.bandwidth.claimName, AttributeField.isp.claimName])
    }

    // MARK: status

    private static var status: JSONValue {
        object(
            "what is the case; written by eip-controller alone",
            [
                ("phase", choice("what the EIP is doing", ClaimPhase.allCases.map(\.rawValue))),
                ("publicIP", text("public IPv4 address")),
                ("binding", target("the pod the EIP is bound to, as read back from the cloud", more: [("boundAt", time("when that was"))])),
                ("intent", intent),
                ("retainedSince", time("since when a retained claim has no pod")),
                ("expiresAt", time("when the claim and its EIP go, if no pod comes")),
                ("nextAttemptAt", time("when it is tried again, if nothing changes before")),
                ("observedGeneration", integer("metadata.generation that the status is about", minimum: 0)),
                ("conditions", conditions),
            ])
    }

    private static var intent: JSONValue {
        object(
            "the call at the cloud that is under way; written before it is sent",
            [
                ("serial", integer("spec.serial at that time", minimum: 1)),
                ("verb", choice("the call", CloudVerb.allCases.map(\.rawValue))),
                ("addressID", addressID("EIP it is about")),
                ("target", target("where it is to be bound")),
                ("at", time("when it was intended")),
                ("by", text("worker that intended it")),
            ], required: ["serial", "verb", "at", "by"])
    }

    private static func target(_ description: String, more: [(String, JSONValue)] = []) -> JSONValue {
        let fields: [(String, JSONValue)] = [
            ("podUID", text("UID of the pod")), ("podIP", text("its private IP")), ("eniID", text("network interface that carries the private IP")),
            ("instanceID", text("instance of the pod's node")), ("nodeName", text("the pod's node")),
        ]
        return object(description, fields + more, required: (fields + more).map(\.0))
    }

    private static var conditions: JSONValue {
        var schema = list(
            "Ready: the pod can be reached at its EIP",
            object(
                "metav1.Condition",
                [
                    ("type", nonEmpty("kind of condition")), ("status", choice("whether it holds", ["True", "False", "Unknown"])),
                    ("reason", nonEmpty("one word from a closed list, the same as in Events, metrics and logs")), ("message", text("a sentence for people")),
                    ("lastTransitionTime", time("when status last changed")), ("observedGeneration", integer("metadata.generation it is about", minimum: 0)),
                ], required: ["type", "status", "reason", "message", "lastTransitionTime"]))
        schema["x-kubernetes-list-type"] = "map"
        schema["x-kubernetes-list-map-keys"] = ["type"]
        return schema
    }

    // MARK: kinds of schema

    private static func object(_ description: String, _ fields: [(String, JSONValue)], required: [String] = []) -> JSONValue {
        var properties = JSONObject()
        for (name, schema) in fields { properties[name] = schema }
        var schema: JSONValue = ["type": "object", "description": .string(description)]
        if !required.isEmpty { schema["required"] = .array(required.map(JSONValue.string)) }
        schema["properties"] = .object(properties)
        return schema
    }
    private static func list(_ description: String, _ items: JSONValue) -> JSONValue {
        ["type": "array", "description": .string(description), "items": items]
    }
    private static func text(_ description: String) -> JSONValue { ["type": "string", "description": .string(description)] }
    private static func nonEmpty(_ description: String) -> JSONValue { ["type": "string", "description": .string(description), "minLength": 1] }
    private static func time(_ description: String) -> JSONValue { ["type": "string", "description": .string(description), "format": "date-time"] }
    private static func pattern(_ description: String, _ pattern: String) -> JSONValue {
        ["type": "string", "description": .string(description), "pattern": .string(pattern)]
    }
    private static func addressID(_ description: String) -> JSONValue { pattern(description, "^eip-[a-z0-9]{8,}$") }
    private static func choice(_ description: String, _ words: [String]) -> JSONValue {
        ["type": "string", "description": .string(description), "enum": .array(words.map(JSONValue.string))]
    }
    private static func integer(_ description: String, minimum: Int, maximum: Int? = nil) -> JSONValue {
        var schema: JSONValue = ["type": "integer", "description": .string(description), "format": "int64", "minimum": .int(minimum)]
        if let maximum { schema["maximum"] = .int(maximum) }
        return schema
    }
}

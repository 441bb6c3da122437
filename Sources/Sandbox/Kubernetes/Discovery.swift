internal import HTTPServing
internal import JSON
internal import Lifecycle
internal import Models

extension SandboxKubernetes {
    /// Discovery, version, health and OpenAPI; nil for other paths.
    func discovery(_ request: HTTPRequest) -> (code: Int, type: String, body: [UInt8])? {
        let json = "application/json"
        switch request.path {
        case "/livez", "/readyz", "/healthz": return (200, "text/plain", Array("ok".utf8))
        case "/version":
            let version: JSONValue = [
                "major": "1", "minor": "30", "gitVersion": "v1.30.0-sandbox", "gitCommit": "", "gitTreeState": "clean", "buildDate": "",
                "goVersion": "", "compiler": "", "platform": "linux/amd64",
            ]
            return (200, json, version.bytes())
        case "/openapi/v2":
            // kubectl asks for protobuf before it sends anything. A kind without a schema in there it does not validate.
            guard request.headers["accept"]?.contains("protobuf") == true else {
                let document: JSONValue = ["swagger": "2.0", "info": ["title": "Kubernetes", "version": "v1.30.0"], "paths": [:]]
                return (200, json, document.bytes())
            }
            return (200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", OpenAPI.document)
        default:
            let resources = state.withLock { $0.model.resources }
            return Discovery.document(request.path, resources).map { (200, json, $0.bytes()) }
        }
    }
}

/// The documents by which clients learn what is served.
enum Discovery {
    /// `/api`, `/api/v1`, `/apis`, `/apis/<group>`, `/apis/<group>/<version>`; nil for other paths and unknown groups.
    static func document(_ path: String, _ resources: [Resource]) -> JSONValue? {
        let parts = path.split(separator: "/").map(String.init)
        switch parts.first {
        case "api" where parts.count == 1: return ["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []]
        case "api" where parts.count == 2: return list(resources.filter { $0.group.isEmpty && $0.version == parts[1] }, "v1")
        case "apis" where parts.count == 1:
            return ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups(resources).map { group($0, resources) })]
        case "apis" where parts.count == 2:
            guard groups(resources).contains(parts[1]) else { return nil }
            var document = group(parts[1], resources)
            document["kind"] = "APIGroup"
            document["apiVersion"] = "v1"
            return document
        case "apis" where parts.count == 3:
            return list(resources.filter { $0.group == parts[1] && $0.version == parts[2] }, "\(parts[1])/\(parts[2])")
        default: return nil
        }
    }
    private static func groups(_ resources: [Resource]) -> [String] {
        var names: [String] = []
        for resource in resources where !resource.group.isEmpty && !names.contains(resource.group) { names.append(resource.group) }
        return names
    }
    private static func group(_ name: String, _ resources: [Resource]) -> JSONValue {
        var versions: [String] = []
        for resource in resources where resource.group == name && !versions.contains(resource.version) { versions.append(resource.version) }
        let described = versions.map { ["groupVersion": "\(name)/\($0)", "version": .string($0)] as JSONValue }
        return ["name": .string(name), "versions": .array(described), "preferredVersion": described[0]]
    }
    private static func list(_ resources: [Resource], _ version: String) -> JSONValue? {
        guard !resources.isEmpty else { return nil }
        var entries: [JSONValue] = []
        for resource in resources {
            var entry: JSONValue = [
                "name": .string(resource.plural), "singularName": .string(resource.singular), "namespaced": .bool(resource.namespaced),
                "kind": .string(resource.kind), "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            ]
            if !resource.shortNames.isEmpty { entry["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
            if !resource.categories.isEmpty { entry["categories"] = .array(resource.categories.map { .string($0) }) }
            entries.append(entry)
            func part(_ name: String, _ kind: String, _ verbs: JSONValue) -> JSONValue {
                ["name": "\(resource.plural)/\(name)", "singularName": "", "namespaced": .bool(resource.namespaced), "kind": .string(kind), "verbs": verbs]
            }
            if resource.hasStatus { entries.append(part("status", resource.kind, ["get", "patch", "update"])) }
            if resource.hasScale {
                var scale = part("scale", "Scale", ["get", "patch", "update"])
                scale["group"] = "autoscaling"
                scale["version"] = "v1"
                entries.append(scale)
            }
            if resource.name == Resource.pods.name {
                entries.append(part("binding", "Binding", ["create"]))
                var eviction = part("eviction", "Eviction", ["create"])
                eviction["group"] = "policy"
                eviction["version"] = "v1"
                entries.append(eviction)
            }
        }
        return ["kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(version), "resources": .array(entries)]
    }
}

/// The smallest OpenAPI v2 document, in the encoding of gnostic's openapiv2.Document
/// (github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto).
enum OpenAPI {
    static let document: [UInt8] = {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
        let info = field(1, Array("Kubernetes".utf8)) + field(2, Array("v1.30.0".utf8))
        return field(1, Array("2.0".utf8)) + field(2, info) + field(8, []) + field(9, [])
    }()
}

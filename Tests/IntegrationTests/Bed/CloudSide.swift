import HTTPClient
import JSON

/// The control side of the sandbox cloud: what a person sees and does in the console.
struct CloudSide: Sendable {
    let url: String
    let http: HTTPClient

    struct Address: Hashable {
        var id: String
        var status: String
        var name: String
        var privateIP: String?
        var isUserOwned: Bool
    }

    func addresses() async throws -> [Address] {
        (try await call("GET", "addresses")["addresses"].array ?? []).map { address in
            Address(
                id: address["AddressId"].string ?? "", status: address["AddressStatus"].string ?? "", name: address["AddressName"].string ?? "",
                privateIP: address["PrivateAddressIp"].string.flatMap { $0.isEmpty ? nil : $0 }, isUserOwned: address["UserOwned"].bool ?? false)
        }
    }
    func address(_ id: String) async throws -> Address? { try await addresses().first { $0.id == id } }

    /// An EIP of a user's own.
    func add(_ id: String) async throws { _ = try await call("POST", "addresses", ["addressId": .string(id)]) }

    /// Binds by hand, to an ENI that is no pod's.
    func bindByHand(_ id: String, networkInterface: String, privateIP: String) async throws {
        _ = try await call("POST", "enis", ["eniId": .string(networkInterface), "privateIps": [.string(privateIP)]])
        let order: JSONValue = [
            "op": "bind", "addressId": .string(id), "networkInterfaceId": .string(networkInterface), "privateIp": .string(privateIP),
        ]
        _ = try await call("POST", "console", order)
        try await eventually("\(id) is bound by hand") { ["BIND", "BIND_ENI"].contains(try await address(id)?.status) }
    }
    func unbindByHand(_ id: String) async throws { _ = try await call("POST", "console", ["op": "unbind", "addressId": .string(id)]) }

    func set(_ settings: JSONValue) async throws { _ = try await call("POST", "settings", settings) }

    /// Calls that change something, in order, from the position on; those by hand are left out.
    func writes(since position: Int = 0) async throws -> [JSONValue] {
        (try await call("GET", "journal?since=\(position)")["entries"].array ?? []).filter {
            $0["key"].string != "console" && $0["action"].string?.hasPrefix("Describe") == false
        }
    }
    /// How many entries there are: where the next `writes(since:)` begins.
    func position() async throws -> Int { try await call("GET", "journal")["entries"].array?.count ?? 0 }

    private func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await http.send(HTTPRequest(method, "\(url)/sandbox/\(path)", headers: ["Content-Type": "application/json"], body: body?.bytes()))
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.status == 200 else { throw Unmet("\(method) /sandbox/\(path) was answered \(answer.status): \(text)") }
        return try JSONValue(parsing: text)
    }
}

extension JSONValue {
    /// Of a journal entry: whether it is about that address or about one of that name.
    func mentions(_ words: [String]) -> Bool {
        let text = self.text()
        return words.contains { text.contains("\"\($0)\"") }
    }
}

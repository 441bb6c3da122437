import Core
import Models

/// A cloud with two nodes (CVMs with an interface each) in one VPC, and a clock.
struct CloudSample {
    static let vpc = "vpc-1"
    var model: CloudModel
    var now = Timestamp(milliseconds: 1_800_000_000_000)

    init(_ change: (inout CloudModel.Settings) -> Void = { _ in }) throws {
        var settings = CloudModel.Settings()
        change(&settings)
        model = CloudModel(settings: settings)
        let one = CloudInterface(id: "eni-1", vpcID: Self.vpc, instanceID: "ins-1", privateIPs: ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"])
        try model.register(one, cores: 8, now: now)
        try model.register(CloudInterface(id: "eni-2", vpcID: Self.vpc, instanceID: "ins-2", privateIPs: ["10.0.1.1"]), cores: 8, now: now)
    }

    /// Lets time pass, by default until nothing is under way any more.
    mutating func pass(_ duration: Duration = .seconds(1)) {
        now = now + duration
        model.advance(to: now)
    }

    static func request(_ token: String, name: String = "ns_pod", bandwidth: Int = 100) -> AllocateRequest {
        let tags = [Naming.creatorTag, Tag(key: Naming.clusterTagKey, value: "uid-1")]
        return AllocateRequest(name: name, attributes: AddressAttributes(bandwidth: bandwidth), tags: tags, clientToken: token)
    }

    /// A new address in UNBIND.
    mutating func unbound(_ token: String = "token-1") throws -> AddressID {
        let id = try model.allocate(Self.request(token), now: now).get()[0]
        pass()
        return id
    }

    /// A new address that is bound.
    mutating func bound(_ token: String = "token-1", to ip: String = "10.0.0.1") throws -> AddressID {
        let id = try unbound(token)
        _ = try model.associate(id, networkInterfaceID: "eni-1", privateIP: ip, now: now).get()
        pass()
        return id
    }

    /// A new address in that state.
    mutating func address(in status: AddressStatus) throws -> AddressID {
        switch status {
        case .creating: return try model.allocate(Self.request("token-1"), now: now).get()[0]
        case .unbind: return try unbound()
        case .binding:
            let id = try unbound()
            _ = try model.associate(id, networkInterfaceID: "eni-1", privateIP: "10.0.0.1", now: now).get()
            return id
        case .bind: return try bound()
        case .bindENI:
            let id = try bound()
            try model.register(CloudInterface(id: "eni-1", vpcID: Self.vpc, instanceID: nil, privateIPs: []), now: now)
            return id
        case .unbinding:
            let id = try bound()
            _ = try model.disassociate(id, now: now).get()
            return id
        case .offlining:
            let id = try unbound()
            _ = try model.release([id], now: now).get()
            return id
        case .unknown(let word): preconditionFailure("the model knows the documented states, not \(word)")
        }
    }

    func status(_ id: AddressID) -> AddressStatus? { model.address(id)?.status }
}

extension Result where Failure == CloudFault {
    /// The code of a failure, nil of a success.
    var code: CloudCode? {
        switch self {
        case .success: nil
        case .failure(let fault): CloudCode(rawValue: fault.code)
        }
    }
}

public import Core

/// A network interface (ENI) as the registry knows it.
public struct CloudInterface: Hashable, Sendable {
    public var id: String
    public var vpcID: String
    /// the CVM it is attached to; nil: to none
    public var instanceID: String?
    public var isPrimary: Bool
    /// in the order they were given to it; the first one is its primary IP
    public var privateIPs: [String]

    public init(id: String, vpcID: String, instanceID: String?, isPrimary: Bool = false, privateIPs: [String]) {
        self.id = id
        self.vpcID = vpcID
        self.instanceID = instanceID
        self.isPrimary = isPrimary
        self.privateIPs = privateIPs
    }
}

/// What VPC-CNI does on the nodes: interfaces, and private IPs that come and go.
extension CloudModel {
    /// Every interface, by id.
    public var allInterfaces: [CloudInterface] { interfaces.values.sorted { $0.id < $1.id } }

    /// Creates the interface or brings it up to date; its private IPs are added to those it has, idempotently.
    ///
    /// An EIP whose private IP was removed from its interface and is now given to another one goes with the IP: so does a new pod
    /// inherit an old pod's EIP that nobody unbound.
    ///
    /// - Parameter cores: of the instance; nil leaves what is known (no limit of EIPs if nothing is).
    /// - Throws: `InvalidParameterValue` if another interface of the VPC holds one of the IPs; then nothing is changed.
    public mutating func register(_ interface: CloudInterface, cores: Int? = nil, now: Timestamp) throws(CloudFault) {
        advance(to: now)
        for ip in interface.privateIPs {
            if let other = allInterfaces.first(where: { $0.id != interface.id && $0.vpcID == interface.vpcID && $0.privateIPs.contains(ip) }) {
                throw CloudCode.invalidParameterValue.fault("\(ip) is on \(other.id) of the same VPC: remove it there first")
            }
        }
        if let instanceID = interface.instanceID, let cores { instances[instanceID] = cores }
        var merged = interface
        if let known = interfaces[interface.id] {
            merged.privateIPs = known.privateIPs + interface.privateIPs.filter { !known.privateIPs.contains($0) }
        }
        interfaces[interface.id] = merged
        follow(merged)
    }

    /// Lets the addresses bound to its private IPs show this interface and its instance.
    private mutating func follow(_ interface: CloudInterface) {
        for record in existing where record.occupies && record.vpcID == interface.vpcID {
            let address = record.address
            let moved = address.privateIP.map(interface.privateIPs.contains) ?? false
            guard moved || address.networkInterfaceID == interface.id else { continue }
            guard address.networkInterfaceID != interface.id || address.instanceID != interface.instanceID else { continue }
            update(address.id, at: clock) {
                $0.networkInterfaceID = interface.id
                $0.instanceID = interface.instanceID
                if $0.status.isBound { $0.status = interface.instanceID == nil ? .bindENI : .bind }
            }
        }
    }

    /// Takes private IPs from the interface as a node does with a pod that has ended: the IP goes back to the node's pool, the
    /// VPC does not hear of it, and the EIP stays on the IP (product/457/43554: "non-static IP mode").
    public mutating func removePrivateIPs(_ ips: [String], from interfaceID: String, now: Timestamp) throws(CloudFault) {
        advance(to: now)
        _ = try interface(interfaceID)
        interfaces[interfaceID]?.privateIPs.removeAll { ips.contains($0) }
    }

    /// UnassignPrivateIpAddresses (product/215/15814): gives the IPs back to the VPC, which takes the EIPs off them.
    public mutating func unassignPrivateIPs(_ ips: [String], from interfaceID: String, now: Timestamp) throws(CloudFault) {
        try removePrivateIPs(ips, from: interfaceID, now: now)
        dropAddresses { $0.networkInterfaceID == interfaceID && ips.contains($0.privateIP ?? "") }
    }

    /// Deletes the interface; what was bound to it is unbound.
    public mutating func removeInterface(_ interfaceID: String, now: Timestamp) throws(CloudFault) {
        advance(to: now)
        _ = try interface(interfaceID)
        interfaces[interfaceID] = nil
        dropAddresses { $0.networkInterfaceID == interfaceID }
    }

    private mutating func dropAddresses(where matches: (Address) -> Bool) {
        for record in existing where record.occupies && matches(record.address) {
            // of a binding nothing came; an unbinding has reached what it wanted
            if let change = record.change { tasks[change.task] = record.address.status == .binding ? .failed : .success }
            settle(record.address.id, .unbind, at: clock)
            if record.address.cascadeRelease { start(record.address.id, .offlining, taking: settings.latency.release, from: clock) }
        }
    }

    private func interface(_ id: String) throws(CloudFault) -> CloudInterface {
        guard let interface = interfaces[id] else { throw CloudCode.networkInterfaceNotFound.fault("\(id) is not registered") }
        return interface
    }

    /// The interface that holds the private IP, with the EIP on it.
    func interface(holding ip: String, vpcID: String) -> NetworkInterface? {
        allInterfaces.first { $0.vpcID == vpcID && $0.privateIPs.contains(ip) }.map {
            NetworkInterface(id: $0.id, instanceID: $0.instanceID, addressID: holder(of: ip, vpcID: vpcID)?.address.id)
        }
    }
}

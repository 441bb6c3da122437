public import Core

// Mutating. All throw `CloudFault`; `proof` is when this worker last proved that it owns the key.
extension TencentCloudClient {
    /// Allocates one EIP; it is CREATING at first. The same request again gives the same id, as long as the cloud remembers
    /// its token. (cloud.tencent.com/document/product/215/16699)
    public func allocate(_ request: AllocateRequest, proof: Instant) async throws(CloudFault) -> AddressID {
        try await call(.allocateAddresses, RequestBody.allocate(request), proof: proof).allocatedID()
    }

    /// Binds an EIP that is UNBIND to a private IP of an interface. (215/16700)
    public func associate(_ id: AddressID, networkInterfaceID: String, privateIP: String, proof: Instant) async throws(CloudFault) {
        _ = try await call(.associateAddress, RequestBody.associate(id, networkInterfaceID: networkInterfaceID, privateIP: privateIP), proof: proof)
    }

    /// Unbinds an EIP that is BIND or BIND_ENI, whatever it is bound to. (215/16703)
    public func disassociate(_ id: AddressID, proof: Instant) async throws(CloudFault) {
        _ = try await call(.disassociateAddress, RequestBody.disassociate(id), proof: proof)
    }

    /// Gives EIPs that are UNBIND back to the cloud, for good. (215/16705)
    ///
    /// - Precondition: 1 to 100 ids.
    public func release(_ ids: [AddressID], proof: Instant) async throws(CloudFault) {
        checkCount(ids)
        _ = try await call(.releaseAddresses, RequestBody.release(ids), proof: proof)
    }

    /// - Parameter bandwidth: Mbps.
    /// - Precondition: 1 to 100 ids. (215/19214)
    public func modifyBandwidth(_ ids: [AddressID], to bandwidth: Int, proof: Instant) async throws(CloudFault) {
        checkCount(ids)
        _ = try await call(.modifyAddressesBandwidth, RequestBody.modifyBandwidth(ids, bandwidth: bandwidth), proof: proof)
    }

    /// Sets `AddressName`: at most 128 letters, digits, `-` and `_`. (215/19213)
    public func rename(_ id: AddressID, to name: String, proof: Instant) async throws(CloudFault) {
        _ = try await call(.modifyAddressAttribute, RequestBody.rename(id, name: name), proof: proof)
    }
}

// Reading.
extension TencentCloudClient {
    /// One page of the addresses that match all filters; without any, of all EIPs of the region. Addresses that come and go
    /// between two pages move the rest: whoever needs all of them lets pages overlap. (215/16702)
    ///
    /// - Precondition: `limit` is 1 to 100.
    public func describeAddresses(_ filters: [CloudFilter], offset: Int = 0, limit: Int = pageMax) async throws(CloudFault) -> AddressPage {
        precondition(1...Self.pageMax ~= limit && offset >= 0, "a page has 1 to \(Self.pageMax) rows")
        return try await call(.describeAddresses, RequestBody.describe(filters, offset: offset, limit: limit)).addressPage()
    }

    /// The addresses of these ids, in one call, looked up by id and not through the index that filters use.
    ///
    /// It is not documented what happens to an id that does not exist: it may be absent from the answer, or the whole call may
    /// be refused as `lost` (or `terminal`, if it is no id at all); the caller is ready for both.
    ///
    /// - Precondition: 1 to 100 ids.
    public func describeAddresses(ids: [AddressID]) async throws(CloudFault) -> [Address] {
        checkCount(ids)
        return try await call(.describeAddresses, RequestBody.describe(ids)).addressPage().addresses
    }

    /// What is used and what is allowed. (215/16701)
    public func addressQuotas() async throws(CloudFault) -> [AddressQuota] {
        try await call(.describeAddressQuota, RequestBody.empty).quotas()
    }

    /// The interface that carries each private IP of that VPC, with the instance it is attached to and the EIP on that IP.
    /// An IP without an interface is absent. (215/15817)
    ///
    /// - Precondition: 1 to 100 private IPs. They are unique inside one VPC only.
    public func networkInterfaces(vpcID: String, privateIPs: [String]) async throws(CloudFault) -> [String: NetworkInterface] {
        // `address-ip` with one value would match by suffix
        let filters = [CloudFilter("vpc-id", [vpcID]), CloudFilter("ip-exact-match", privateIPs)]
        let body = RequestBody.describe(filters, offset: 0, limit: Self.pageMax)
        return try await call(.describeNetworkInterfaces, body).networkInterfaces(of: Set(privateIPs))
    }

    private func checkCount(_ ids: [AddressID]) {
        precondition(1...Self.pageMax ~= ids.count, "a call takes 1 to \(Self.pageMax) ids, not \(ids.count)")
    }
}

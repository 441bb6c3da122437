/// What the executor asks its shell to do. One verb each; the shell maps every one to one call and answers with an `Event`.
public enum ReconcileEffect: Hashable, Sendable {
    // reads
    case readClaim
    case readPod
    case readNode(name: String)
    case readNetworkInterface(podIP: String)
    case readSurroundings(Owner?)
    /// an observation of the address, asked for at that moment or later
    case observe(AddressID, notBefore: Instant)
    /// the addresses of this key's name, from a complete list asked for at that moment or later
    case listNamed(notBefore: Instant)

    // conditional writes to Kubernetes
    case createClaim(ClaimSpec)
    case addFinalizer(Claim)
    case replaceSpec(Claim, ClaimSpec)
    case replaceStatus(Claim, ClaimStatus)
    case deleteClaim(Claim)
    case removeFinalizer(Claim)
    case annotatePod(uid: String, publicIP: String?)

    /// waits for this call's turn under the account's limits
    case acquire(CloudVerb)

    // mutating calls
    case allocate(AllocateRequest)
    case associate(AddressID, networkInterfaceID: String, privateIP: String)
    case disassociate(AddressID)
    case release(AddressID)
    case modifyBandwidth(AddressID, megabits: Int)

    /// said on the pod and the claim; nobody waits for it
    case say(Notice)
    /// one line per step taken, for the log; nobody waits for it
    case took(Step, Reason)
    /// what the run changed about who holds or uses an address, for the ledger; nobody waits for it
    case record(LedgerRecord)
    case finish(ReconcileOutcome)

    /// The mutating call at the cloud that it is.
    public var cloudVerb: CloudVerb? {
        switch self {
        case .allocate: .allocate
        case .associate: .associate
        case .disassociate: .disassociate
        case .release: .release
        case .modifyBandwidth: .modifyBandwidth
        case .readClaim, .readPod, .readNode, .readNetworkInterface, .readSurroundings, .observe, .listNamed, .acquire, .createClaim, .addFinalizer,
            .replaceSpec, .replaceStatus, .deleteClaim, .removeFinalizer, .annotatePod, .say, .took, .record, .finish:
            nil
        }
    }

    /// Whether it changes anything outside; asked "may I act" before.
    public var isMutating: Bool {
        switch self {
        case .createClaim, .addFinalizer, .replaceSpec, .replaceStatus, .deleteClaim, .removeFinalizer, .annotatePod, .allocate, .associate, .disassociate,
            .release, .modifyBandwidth:
            true
        case .readClaim, .readPod, .readNode, .readNetworkInterface, .readSurroundings, .observe, .listNamed, .acquire, .say, .took, .record, .finish: false
        }
    }
}

/// What happened. Every effect but `say`, `took`, `record` and `finish` is answered by exactly one.
public enum ReconcileEvent: Hashable, Sendable {
    case start
    case claimRead(Claim?)
    case podRead(Pod?)
    case nodeRead(Node?)
    case networkInterfaceRead(NetworkInterface?)
    case surroundingsRead(Surroundings)
    case observed(Facts.ObservedAddress)
    case listed(NamedAddresses)
    /// the claim as the API server answered it
    case claimWritten(Claim)
    /// it is gone: deleted and without a finalizer
    case claimGone
    case podWritten(Pod)
    case granted
    /// the account has no permission for that call; asking is of no use before then
    case closed(until: Instant)
    case allocated(AddressID)
    /// a call was accepted; what becomes of it the mirror tells
    case accepted
    /// a write or read met what the executor must look at again
    case refused(Refusal)
    case failed(CloudFault)
    /// the key's shard is being given up, or the process stops
    case stop

    public enum Refusal: Hashable, Sendable {
        /// somebody else wrote first, or the object is another one by now
        case conflict
        case notFound
        case alreadyExists
        /// the API server says that what we wrote is not acceptable; its words
        case invalid(String)
        /// no answer, or none that helps; its words
        case unavailable(String)
    }
}

/// How a run ended.
public enum ReconcileOutcome: Hashable, Sendable {
    case settled(Reason)
    /// again after this time, by the worker itself
    case again(Duration, Reason)
    /// something failed that may heal: again, later each time
    case retry(Reason, String)
    /// this worker may not act on the key any more
    case abandoned(Reason)
}

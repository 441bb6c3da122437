/// Why something was done, or was not. One closed vocabulary: the condition's reason, the Event's reason, the metric's label
/// and the log's field are the same word.
public enum Reason: String, Hashable, Sendable, CaseIterable {
    // what was done
    case createdClaim = "CreatedClaim"
    case updatedClaim = "UpdatedClaim"
    case allocatedEIP = "AllocatedEIP"
    case adoptedEIP = "AdoptedEIP"
    case associatedEIP = "AssociatedEIP"
    case disassociatedEIP = "DisassociatedEIP"
    case releasedEIP = "ReleasedEIP"
    case retainedEIP = "RetainedEIP"
    case modifiedBandwidth = "ModifiedBandwidth"
    case reclaimedClaim = "ReclaimedClaim"

    // why it is being done
    case podNeedsEIP = "PodNeedsEIP"
    case podGone = "PodGone"
    case podMoved = "PodMoved"
    case staleBinding = "StaleBinding"
    case claimDeleted = "ClaimDeleted"
    case claimExpired = "ClaimExpired"
    case ownerGone = "OwnerGone"
    case annotationChanged = "AnnotationChanged"

    // what is being waited for
    case waitingForPodIP = "WaitingForPodIP"
    case waitingForNode = "WaitingForNode"
    case waitingForNetworkInterface = "WaitingForNetworkInterface"
    case waitingForCloud = "WaitingForCloud"
    case waitingForMirror = "WaitingForMirror"
    case waitingForPodEnd = "WaitingForPodEnd"
    case waitingForRequestLife = "WaitingForRequestLife"

    // what is wrong with what somebody wrote
    case invalidAnnotation = "InvalidAnnotation"
    case hostNetwork = "HostNetworkNotSupported"
    case ordinalBeyondList = "OrdinalBeyondList"
    /// kept for the next pod of a name that no pod will ever have again
    case eipNotReusable = "EIPNotReusable"
    case invalidClaim = "InvalidClaim"
    case foreignClaim = "ForeignClaim"

    // what went wrong at the cloud; the first four keep the form of TKE's `FailedAllocateEIP`
    case failedAllocateEIP = "FailedAllocateEIP"
    case failedAssociateEIP = "FailedAssociateEIP"
    case failedDisassociateEIP = "FailedDisassociateEIP"
    case failedReleaseEIP = "FailedReleaseEIP"
    case failedModifyEIP = "FailedModifyEIP"
    case eipNotFound = "EIPNotFound"
    case eipInUse = "EIPInUse"
    case eipNotUsable = "EIPNotUsable"
    case eipLost = "EIPLost"
    case orphanedEIP = "OrphanedEIP"

    // what went wrong on our side
    case apiServerUnreachable = "APIServerUnreachable"
    case ownershipLost = "OwnershipLost"
    case conflict = "Conflict"

    case settled = "Settled"
}

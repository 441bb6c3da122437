/// The kinds of faults that a seed draws, by the names that leave them out.
public enum FaultKind: String, Sendable, CaseIterable {
    case loseRequest = "lose-request"
    case loseReply = "lose-reply"
    case duplicate
    case late
    case crash
    case pause
    case cut
    case rewind
    case compact
    case emptyLog = "empty-log"
    case offline
    case throwBack = "throw-back"
    case throttle
    case quota
    case deliveryFailed = "delivery-failed"
    case console
    case nodeLoss = "node-loss"
    case restart
    case throttledAfterAll = "throttled-after-all"
    case interfaceMove = "interface-move"
    case namespaceEnd = "namespace-end"
    case handEdit = "hand-edit"
    case clockJump = "clock-jump"
    case overlook
    case stall
    case mistype
    case listFailure = "list-failure"
    case watchBreak = "watch-break"
    case rebalance
    case lateTimer = "late-timer"
    case unauthorised
    case internalError = "internal-error"
}

extension Draw.Faults {
    mutating func drop(_ kind: FaultKind) {
        switch kind {
        case .loseRequest: loseRequest = 0
        case .loseReply: loseReply = 0
        case .duplicate: duplicate = 0
        case .late: late = 0
        case .crash: crash = 0
        case .pause: pause = 0
        case .cut: cutEvery = nil
        case .rewind: rewindEvery = nil
        case .compact: compactEvery = nil
        case .emptyLog: emptyLogEvery = nil
        case .offline: offlineEvery = nil
        case .throwBack: throwBack = 0
        case .throttle: throttleEvery = nil
        case .quota: quotaEvery = nil
        case .deliveryFailed: deliveryFailedEvery = nil
        case .console: consoleEvery = nil
        case .nodeLoss: nodeLossEvery = nil
        case .restart: restartEvery = nil
        case .throttledAfterAll: throttledAfterAll = 0
        case .interfaceMove: interfaceMoveEvery = nil
        case .namespaceEnd: namespaceEndEvery = nil
        case .handEdit: handEditEvery = nil
        case .clockJump: clockJumpEvery = nil
        case .overlook: overlookEvery = nil
        case .stall: stall = 0
        case .mistype: mistype = 0
        case .listFailure: listFailure = 0
        case .watchBreak: watchBreak = 0
        case .rebalance: rebalance = 0
        case .lateTimer: timerLateness = .zero
        case .unauthorised: unauthorisedEvery = nil
        case .internalError: internalError = 0
        }
    }
}

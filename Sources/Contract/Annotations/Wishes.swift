public import Core
internal import GoTime

/// What a pod's annotations say, checked.
public struct Wishes: Hashable, Sendable {
    public var want: Want
    /// Retain also where the annotation cannot be read: keeping an EIP can be undone, releasing it cannot.
    public var deletePolicy: DeletePolicy
    /// nil follows the controller's setting, `.zero` is never
    public var expireAfter: Duration?

    public init(want: Want, deletePolicy: DeletePolicy = .delete, expireAfter: Duration? = nil) {
        self.want = want
        self.deletePolicy = deletePolicy
        self.expireAfter = expireAfter
    }
}

extension AnnotationNames {
    /// Shortest life of a retained claim that can be asked for, TKE's limit for `claim-expired-duration`
    /// (cloud.tencent.com/document/product/457/34994).
    public static let expiredDurationMin: Duration = .seconds(300)

    /// Reads the EIP annotations of a pod. Whatever is wrong with them is one `Want.invalid` that names every mistake.
    ///
    /// Without `eip-attributes` and `eip-id-list` the others mean nothing here: `claim-expired-duration` is also for static pod IPs.
    public func wishes(of annotations: [String: String], hostNetwork: Bool) -> Wishes {
        let attributesText = annotations[attributes]
        let listText = annotations[idList]
        guard attributesText != nil || listText != nil else { return Wishes(want: .none) }

        var problems: [Problem] = []
        var wishes = Wishes(want: .none)
        if hostNetwork {
            problems.append(Problem(.hostNetwork, Messages.hostNetwork(annotation: attributesText != nil ? attributes : idList)))
        }
        switch (attributesText, listText) {
        case (.some, .some): problems.append(Problem(.invalidAnnotation, Messages.attributesAndList(attributes, idList)))
        case (let text?, nil):
            switch AttributesReader.read(annotation: text) {
            case .success(let checked): wishes.want = .attributes(checked)
            case .failure(let wrong): problems.append(Problem(.invalidAnnotation, Messages.annotation(attributes, wrong.complaints)))
            }
        case (nil, let text?):
            let (ids, complaints) = AddressList.read(text)
            if complaints.isEmpty {
                wishes.want = .list(ids)
            } else {
                problems.append(Problem(.invalidAnnotation, Messages.annotation(idList, complaints)))
            }
        case (nil, nil): break
        }
        if let text = annotations[deletePolicy] {
            wishes.deletePolicy = .retain
            if text != "Never" { problems.append(Problem(.invalidAnnotation, Messages.deletePolicy(deletePolicy, text))) }
        }
        if let text = annotations[expiredDuration] {
            let duration = GoDuration.parse(text)
            if let duration, duration == .zero || duration >= Self.expiredDurationMin {
                wishes.expireAfter = duration
            } else {
                problems.append(Problem(.invalidAnnotation, Messages.expiredDuration(expiredDuration, text)))
            }
        }
        if let first = problems.first {
            wishes.want = .invalid(Problem(first.reason, Messages.bounded(problems.map(\.message).joined(separator: " "))))
        }
        return wishes
    }
}

/// The value of `eip-id-list`.
enum AddressList {
    /// White space around an id is the user's and ignored.
    static func read(_ text: String) -> (ids: [AddressID], complaints: [String]) {
        var ids: [AddressID] = []
        var seen: Set<AddressID> = []
        var complaints: [String] = []
        if text.allSatisfy(\.isWhitespace) { return ([], [Messages.listEmpty]) }
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) where complaints.count < Messages.complaintsMax {
            let id = AddressID(trimmed(entry))
            if !isWellFormed(id) {
                complaints.append(Messages.malformedID(id.rawValue))
            } else if !seen.insert(id).inserted {
                complaints.append(Messages.repeatedID(id.rawValue))
            } else {
                ids.append(id)
            }
        }
        return (ids, complaints)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// `eip-` and at least eight lower-case letters or digits, as AllocateAddresses gives them (product/215/16699).
    static func isWellFormed(_ id: AddressID) -> Bool {
        let bytes = id.rawValue.utf8
        return id.rawValue.hasPrefix("eip-") && bytes.count >= 12
            && bytes.dropFirst(4).allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x7a ~= $0 }
    }
}

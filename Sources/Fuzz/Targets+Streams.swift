internal import Contract
internal import Core
internal import HTTPClient
internal import JSON
internal import Kubernetes

extension FuzzTarget {
    private static let pods: ObjectReader<Pod> = {
        let decoder = PodDecoder(names: AnnotationNames())
        return ObjectReader(read: { r throws(JSONError) in try decoder.decode(&r) }, resourceVersion: \.resourceVersion)
    }()

    /// Takes whatever stands where an object is meant.
    private static let anything = ObjectReader<Bool>(
        read: { r throws(JSONError) in
            try r.skip()
            return true
        }, resourceVersion: { _ in "" })

    /// One page of a list. An object that does not read costs that object only.
    static func list(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard let page = document(input, { r throws(JSONError) in try ListPage.read(&r, pods) }) else { return false }
        try requireJSON(input)
        let items = document(input) { r throws(JSONError) in try ListPage.read(&r, anything) }
        try require(page.objects.count + page.unreadable.count == items?.objects.count, "objects were lost")
        return true
    }

    /// A stream of a watch. Where the network cuts it means nothing: the same events come out, up to the same refusal.
    static func watch(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let whole = watched([input[...]])
        var random = SeededGenerator(seed: input.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })
        for chunkMax in [1, 7, 300] where input.count / chunkMax < 4096 {
            var chunks: [ArraySlice<UInt8>] = []
            var rest = input[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(1 + random.next(below: chunkMax))
                chunks.append(chunk)
                rest = rest[chunk.endIndex...]
            }
            let cut = watched(chunks)
            try require(cut == whole, "whole: \(whole)\nin chunks of at most \(chunkMax): \(cut)")
        }
        return whole.last != .refused
    }

    private enum Watched: Equatable {
        case change(ReflectorChange, Pod)
        case unreadable(ReflectorChange, UnreadableObject)
        case bookmark(String)
        case error(KubernetesError)
        case refused
    }
    private static let lineBytesMax = 4 << 10

    private static func watched(_ chunks: [ArraySlice<UInt8>]) -> [Watched] {
        var lines = LineFrames(lineBytesMax: lineBytesMax)
        var seen: [Watched] = []
        for chunk in chunks {
            lines.append(Array(chunk))
            while true {
                let line: [UInt8]?
                do throws(LineFrames.TooLong) { line = try lines.next() } catch { return seen + [.refused] }
                guard let line else { break }
                do throws(JSONError) {
                    switch try WatchLine(parsing: line, pods) {
                    case .change(let kind, let pod): seen.append(.change(kind, pod))
                    case .unreadable(let kind, let object): seen.append(.unreadable(kind, object))
                    case .bookmark(let version): seen.append(.bookmark(version))
                    case .error(let status): seen.append(.error(KubernetesError(status, asking: "watch")))
                    }
                } catch {
                    return seen + [.refused]
                }
            }
        }
        return seen
    }

    /// An answer that is not 2xx, from the API server or from whatever stands before it: what it says is short, and waits are bounded.
    static func status(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        for code in [409, 429, 502] {
            let error = KubernetesError(status: code, headers: ["Retry-After": String(decoding: input.prefix(20), as: UTF8.self)], body: input, asking: "get")
            try require(error.message.utf8.count <= 2048, "a message of \(error.message.utf8.count) bytes")
            if let wait = error.retryAfter { try require(.zero <= wait && wait <= .seconds(3600), "a wait of \(wait)") }
        }
        return document(input) { r throws(JSONError) in try r.skip() } != nil
    }
}

internal import Glibc
internal import JSON

/// One reader of what others wrote, and what has to hold for it whatever the bytes are. That it neither traps nor hangs is asked of
/// every one; what else is written beside the check.
public struct FuzzTarget: Sendable, CustomStringConvertible {
    /// CPU time that one input may take, a long one too.
    public static let cpuTimeMax = Duration.seconds(1)

    public let name: String
    public var description: String { name }
    /// Inputs that are no text and so cannot lie in the corpus.
    public let builtIn: [[UInt8]]
    /// True: the input was read; false: it was refused with an error.
    private let read: @Sendable ([UInt8]) throws(BrokenPromise) -> Bool

    init(_ name: String, builtIn: [[UInt8]] = [], _ read: @escaping @Sendable ([UInt8]) throws(BrokenPromise) -> Bool) {
        (self.name, self.builtIn, self.read) = (name, builtIn, read)
    }

    public static let all: [FuzzTarget] = [
        FuzzTarget("json", json), FuzzTarget("attributes", attributes), FuzzTarget("pod", pod), FuzzTarget("node", node), FuzzTarget("claim", claim),
        FuzzTarget("lease", lease), FuzzTarget("list", list), FuzzTarget("watch", watch), FuzzTarget("status", status), FuzzTarget("reply", reply),
        FuzzTarget("credentials", credentials), FuzzTarget("event", builtIn: eventSeeds, event), FuzzTarget("ledger", builtIn: ledgerSeeds, ledger),
        FuzzTarget("yaml", yaml), FuzzTarget("kubeconfig", kubeconfig), FuzzTarget("configuration", configuration), FuzzTarget("time", time),
    ]

    /// Runs one input.
    ///
    /// - Returns: whether it was read; if not, it was refused.
    @discardableResult
    public func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let start = cpuTime()
        let accepted = try read(input)
        let took = cpuTime() - start
        try require(took <= Self.cpuTimeMax, "\(input.count) bytes took \(took) of CPU time")
        return accepted
    }

    private func cpuTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// Something that has to hold for every input and did not for this one.
public struct BrokenPromise: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

func require(_ holds: Bool, _ promise: @autoclosure () -> String) throws(BrokenPromise) {
    if !holds { throw BrokenPromise(promise()) }
}

/// What the reader reads, as one document; nil where it refuses.
func document<Value>(_ input: [UInt8], _ read: (inout JSONReader) throws(JSONError) -> Value) -> Value? {
    do throws(JSONError) { return try JSONReader.read(input, read) } catch { return nil }
}

/// Nobody reads what is not JSON: fields that are skipped are checked, too.
func requireJSON(_ input: [UInt8]) throws(BrokenPromise) {
    try require(document(input) { r throws(JSONError) in try r.skip() } != nil, "it was read, but it is no JSON")
}

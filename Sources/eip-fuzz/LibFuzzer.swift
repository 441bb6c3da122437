#if LIBFUZZER
    import Foundation
    import Fuzz

    // libFuzzer (llvm.org/docs/LibFuzzer.html) as a library: it chooses inputs by the code that they reach. There is no header for it.

    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt
    @_silgen_name("LLVMFuzzerMutate") private func libFuzzerMutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ countMax: Int) -> Int

    /// Set once, before the driver runs; its callbacks take no context.
    nonisolated(unsafe) private var chosen: FuzzTarget?
    nonisolated(unsafe) private var seeds: [[UInt8]] = []

    /// Before libFuzzer, which prefers short ones: long inputs.
    private let longInputs = 100
    private let longBytes = 256 << 10

    /// Runs until libFuzzer is done. To libFuzzer a broken promise is a crash; the input is stored as it stores its own.
    func fuzz(_ target: FuzzTarget) throws -> CInt {
        chosen = target
        // the first argument was ours; libFuzzer's are the others: options, folders with inputs, or files to repeat
        var arguments = CommandLine.arguments
        arguments.remove(at: 1)
        seeds = target.builtIn
        for folder in arguments.dropFirst() where !folder.hasPrefix("-") {
            var isFolder = ObjCBool(false)
            guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else { continue }
            seeds += try Corpus(URL(filePath: folder)).seeds.map(\.bytes)
        }
        if seeds.count > target.builtIn.count {
            func value(_ option: String) -> Substring? { arguments.first { $0.hasPrefix(option) }?.dropFirst(option.count) }
            try runLong(target, seed: value("-seed=").flatMap { UInt64($0) } ?? 1, store: URL(filePath: (value("-artifact_prefix=") ?? "") + "long"))
        }
        var count = CInt(arguments.count)
        let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (at, argument) in arguments.enumerated() { copies[at] = strdup(argument) }
        copies[arguments.count] = nil
        var pointer = copies  // libFuzzer keeps it for the life of the process
        return runDriver(&count, &pointer) { start, count in
            let input = Array(UnsafeBufferPointer(start: start, count: count))
            do throws(BrokenPromise) { try chosen?.check(input) } catch { fail(error) }
            return 0
        }
    }

    private func runLong(_ target: FuzzTarget, seed: UInt64, store: URL) throws {
        var mutator = Mutator(seeds: seeds, seed: seed)
        for _ in 0..<longInputs {
            let input = mutator.long(bytes: longBytes)
            // beforehand: a trap ends the process
            try Data(input).write(to: store)
            do throws(BrokenPromise) { try target.check(input) } catch { fail(error) }
        }
        try FileManager.default.removeItem(at: store)
    }

    private func fail(_ promise: BrokenPromise) -> Never {
        print("broken promise: \(promise)")
        fflush(nil)
        abort()
    }

    /// Half of the inputs are libFuzzer's own, half know the words of texts.
    @_cdecl("LLVMFuzzerCustomMutator")
    public func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ countMax: Int, _ seed: UInt32) -> Int {
        guard seed % 2 == 0, !seeds.isEmpty else { return libFuzzerMutate(bytes, count, countMax) }
        var mutator = Mutator(seeds: seeds, seed: UInt64(seed))
        let changed = mutator.mutated(Array(UnsafeBufferPointer(start: bytes, count: count)), bytesMax: countMax)
        for (at, byte) in changed.enumerated() { bytes[at] = byte }
        return changed.count
    }
#endif

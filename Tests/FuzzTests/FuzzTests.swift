import Foundation
import Fuzz
import Testing

/// A short run without libFuzzer (that is ops/fuzz): the whole corpus, and inputs made from it that are always the same.
@Suite struct `What others wrote` {
    private static let inputs = 300
    private static let corpora = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    private func corpus(_ target: FuzzTarget) throws -> Corpus { try Corpus(Self.corpora.appending(path: target.name)) }
    private func mutator(_ target: FuzzTarget, seed: UInt64 = 1) throws -> Mutator {
        Mutator(seeds: try corpus(target).seeds.map(\.bytes) + target.builtIn, seed: seed)
    }

    @Test(arguments: FuzzTarget.all) func `in the corpus is read or refused as its name says`(target: FuzzTarget) throws {
        let seeds = try corpus(target).seeds
        for seed in seeds {
            let accepted = try target.check(seed.bytes)
            #expect(accepted != seed.isBad, "\(target.name)/\(seed.name)")
        }
        for bytes in target.builtIn { #expect(try target.check(bytes)) }
        let bad = seeds.count { $0.isBad }
        #expect(bad < seeds.count + target.builtIn.count, "nothing is read")
        #expect(bad > 0, "nothing is refused")
    }
    @Test(arguments: FuzzTarget.all) func `breaks nothing when it is mangled`(target: FuzzTarget) throws {
        var mutator = try mutator(target)
        for number in 0..<Self.inputs { expectHolds(target, mutator.next(bytesMax: 4 << 10), number) }
    }
    @Test(arguments: FuzzTarget.all) func `costs no more than its share when it is long`(target: FuzzTarget) throws {
        var mutator = try mutator(target, seed: 2)
        for number in 0..<4 { expectHolds(target, mutator.long(bytes: 32 << 10), number) }
    }
    @Test func `is mangled the same way by the same seed`() throws {
        var (first, second, other) = (try mutator(FuzzTarget.all[0]), try mutator(FuzzTarget.all[0]), try mutator(FuzzTarget.all[0], seed: 7))
        let inputs = (0..<50).map { _ in first.next() }
        #expect(inputs == (0..<50).map { _ in second.next() })
        #expect(inputs != (0..<50).map { _ in other.next() })
    }
    @Test func `has a folder for each of its readers`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpora.path).sorted()
        #expect(folders == FuzzTarget.all.map(\.name).sorted())
    }

    private func expectHolds(_ target: FuzzTarget, _ input: [UInt8], _ number: Int, _ location: SourceLocation = #_sourceLocation) {
        do throws(BrokenPromise) {
            try target.check(input)
        } catch {
            Issue.record("\(target.name), input \(number): \(error)\n\(String(decoding: input.prefix(1000), as: UTF8.self))", sourceLocation: location)
        }
    }
}

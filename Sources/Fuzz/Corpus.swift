public import Foundation

/// A target's inputs in the repository: small texts, one a file. Those whose names begin with `bad-` are refused, the others read.
public struct Corpus: Sendable {
    public struct Seed: Sendable {
        public let name: String
        public let bytes: [UInt8]
        public var isBad: Bool { name.hasPrefix("bad-") }
    }
    public let seeds: [Seed]

    /// - Parameter folder: one file for each input.
    public init(_ folder: URL) throws {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).sorted { $0.path < $1.path }
        seeds = try files.map { Seed(name: $0.lastPathComponent, bytes: Array(try Data(contentsOf: $0))) }
    }
}

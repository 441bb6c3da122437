import Foundation
import Fuzz

// `eip-fuzz TARGET FILE…` runs files through one target; `eip-fuzz --list` prints the targets. Built by ops/fuzz it is libFuzzer
// with that target, and takes libFuzzer's arguments.
guard let word = CommandLine.arguments.dropFirst().first, word != "--list" else {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
}
guard let target = FuzzTarget.all.first(where: { $0.name == word }) else {
    print("eip-fuzz: no target \(word); there are \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    exit(2)
}
#if LIBFUZZER
    exit(try fuzz(target))
#else
    for file in CommandLine.arguments.dropFirst(2) {
        print("\(file): \(try target.check(Array(Data(contentsOf: URL(filePath: file)))) ? "read" : "refused")")
    }
#endif

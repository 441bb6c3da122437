internal import Core

/// All chance of a simulation, in one order.
final class Chance {
    private var generator: SeededGenerator
    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    func below(_ bound: Int) -> Int { generator.next(below: bound) }
    func pick<T>(_ values: T...) -> T { values[below(values.count)] }
    func pick<T>(of values: [T]) -> T { values[below(values.count)] }
    func happens(perMille: Int) -> Bool { perMille > 0 && below(1000) < perMille }
    func happens(perTenThousand: Int) -> Bool { perTenThousand > 0 && below(10_000) < perTenThousand }
    func milliseconds(_ range: ClosedRange<Int>) -> Duration { .milliseconds(range.lowerBound + below(range.upperBound - range.lowerBound + 1)) }
    func seconds(_ range: ClosedRange<Int>) -> Duration { milliseconds(range.lowerBound * 1000...range.upperBound * 1000) }
    /// Between half and one and a half of it.
    func around(_ mean: Duration) -> Duration {
        let whole = max(2, Int(mean.milliseconds))
        return .milliseconds(whole / 2 + below(whole))
    }
}

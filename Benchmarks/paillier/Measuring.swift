import BenchmarkSupport
import BigNumber

/// The best of five wall times of `body` in seconds.
func wallSeconds(_ body: () throws -> Void) rethrows -> Double {
  var best = Double.infinity
  for _ in 0..<5 {
    let start = BenchmarkClock.wall()
    try body()
    best = min(best, BenchmarkClock.wall() - start)
  }
  return best
}

/// Processor seconds of one operation, five times, when `body` does `count` of them.
func timings(count: Int, _ body: () throws -> Void) rethrows -> [Double] {
  try (0..<5).map { _ in
    let start = BenchmarkClock.thread()
    try body()
    return (BenchmarkClock.thread() - start) / Double(count)
  }
}

/// 64-bit products of the two-digit formulae, as the fast kernels do them.
enum Cost {
  /// A product of two digits; one level of Karatsuba from 32 limbs on.
  static func digits(_ limbs: Int) -> Int { limbs >= 32 ? 3 * limbs * limbs / 4 : limbs * limbs }

  /// A Montgomery reduction to one digit.
  static func reduction(_ limbs: Int) -> Int { limbs * limbs + limbs }

  /// A product of pairs.
  static func multiply(_ limbs: Int) -> Int { 3 * digits(limbs) + 2 * reduction(limbs) }

  /// A product of a pair and a digit.
  static func multiplyDigit(_ limbs: Int) -> Int { 2 * digits(limbs) + 2 * reduction(limbs) }

  /// A square.
  static func square(_ limbs: Int) -> Int { limbs * (limbs + 1) / 2 + digits(limbs) + 2 * reduction(limbs) }

  /// A power by fixed windows of five bits: 32 entries, half of them squares.
  static func power(exponent: Int, limbs: Int) -> Int {
    (exponent + 15) * square(limbs) + ((exponent + 4) / 5 + 15) * multiply(limbs)
  }

  /// A power by a comb within a budget.
  static func comb(exponent: Int, limbs: Int, tableBytes: Int?, variableTime: Bool) -> Int {
    let shape = FixedBaseComb.Shape.fitting(
      bits: exponent, limbs: limbs, tableBytes: tableBytes, variableTime: variableTime)
    let columns = (exponent + shape.teeth - 1) / shape.teeth
    let height = (columns + shape.tables - 1) / shape.tables
    return (columns - 1) * multiplyDigit(limbs) + (height - 1) * square(limbs)
  }
}

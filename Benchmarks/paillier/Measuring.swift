import BigNumber
import CKernels
import Glibc

/// Processor time of this thread in seconds.
func processorSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The best of five wall times of `body` in seconds.
func wallSeconds(_ body: () throws -> Void) rethrows -> Double {
  var best = Double.infinity
  for _ in 0..<5 {
    var (start, end) = (timespec(), timespec())
    unsafe clock_gettime(CLOCK_MONOTONIC, &start)
    try body()
    unsafe clock_gettime(CLOCK_MONOTONIC, &end)
    best = min(best, Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) * 1e-9)
  }
  return best
}

/// Processor seconds of one operation, five times, when `body` does `count` of them.
func timings(count: Int, _ body: () throws -> Void) rethrows -> [Double] {
  try (0..<5).map { _ in
    let start = processorSeconds()
    try body()
    return (processorSeconds() - start) / Double(count)
  }
}

/// What a shell command prints.
func lines(of command: String) -> [Substring] {
  guard let stream = unsafe popen(command, "r") else { return [] }
  defer { unsafe pclose(stream) }
  var text: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = unsafe fread(&block, 1, block.count, stream)
    if count == 0 { return String(decoding: text, as: UTF8.self).split(separator: "\n") }
    text += block[..<count]
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

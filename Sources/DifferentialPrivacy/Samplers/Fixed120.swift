/// An interval of numbers in [0, 256) with 120 fraction bits; every operation rounds outwards.
struct Fixed120 {
  var low: UInt128
  var high: UInt128

  static let fractionBits = 120
  static let one = Fixed120(low: 1 << 120, high: 1 << 120)
  static let zero = Fixed120(low: 0, high: 0)

  init(low: UInt128, high: UInt128) {
    self.low = low
    self.high = high
  }

  /// e^(−numerator/denominator).
  init(expMinus numerator: BigWhole, over denominator: BigWhole) {
    let (low, high) = ExactExponential.bounds(numerator, over: denominator, precision: Fixed120.fractionBits)
    self.low = low.doubleWord ?? 0
    self.high = min(high.doubleWord ?? 1 << 120, 1 << 120)
  }

  /// The product of numbers of which one is at most 1.
  static func * (a: Fixed120, b: Fixed120) -> Fixed120 {
    let low = a.low.multipliedFullWidth(by: b.low)
    let high = a.high.multipliedFullWidth(by: b.high)
    return Fixed120(low: low.high << 8 | low.low >> 120, high: (high.high << 8 | high.low >> 120) + 1)
  }

  static func + (a: Fixed120, b: Fixed120) -> Fixed120 {
    Fixed120(low: a.low + b.low, high: a.high + b.high)
  }

  /// 1 minus a number of at most 1.
  var complement: Fixed120 {
    Fixed120(low: (1 << 120) - high, high: (1 << 120) - low)
  }
}

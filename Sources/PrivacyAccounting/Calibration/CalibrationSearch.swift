import ExactMath

/// Finds the riskiest value that is certified.
///
/// Judged by cheap accountants first; where several are asked, the costly one is asked only about values that the cheap
/// ones do not certify.
struct CalibrationSearch {
  private let target: CalibrationTarget
  /// Larger is safer: +1 moves a value towards more privacy.
  private let safer: Bool
  private var judge: any Accountant
  private var good = Point(value: 1, excess: -.infinity)
  private var bad = Point(value: 1, excess: .infinity)

  private struct Point {
    var value: Double
    var excess: Double
  }

  init(_ target: CalibrationTarget) {
    self.target = target
    safer = target.template.largerIsSafer
    judge = target.accountant
  }

  // MARK: Real values

  /// The riskiest certified value, within 1e-6 relative and on the safe side, as a short decimal where one is near.
  mutating func realValue() throws -> Rational {
    let ceiling = ["rate", "p"].contains(target.template.parameter) ? 1.0 : 1e12
    let (safest, riskiest) = safer ? (ceiling, 1e-12) : (1e-12, ceiling)
    if let automatic = target.accountant as? AutomaticAccountant {
      judge = LossDistributionAccountant()
      if (try? bracket(safest, riskiest, ceiling)) == true, (try? close(to: 1 + 3e-7)) != nil,
        target.isCertainlyExceeded(CalibrationSearch.exact(bad.value))
      {
        // No accountant can certify the other end: this is the limit of all.
        return try rounded()
      }
      judge = automatic.withoutLossDistributions
      let bracketed = (try? bracket(safest, riskiest, ceiling)) ?? false
      if bracketed {
        try close(to: 1.02)
        judge = LossDistributionAccountant()
        if try refine() { return try rounded() }
        // Loss distributions have nothing to add: the cheap accountants decide.
        judge = automatic.withoutLossDistributions
        try close(to: 1 + 3e-7)
        return try rounded()
      }
      judge = automatic
    }
    guard try bracket(safest, riskiest, ceiling) else {
      throw target.unsolvable("every value from 1e-12 to \(ceiling)")
    }
    try close(to: 1 + 3e-7)
    return try rounded()
  }

  /// Finds neighbours on both sides of the limit, from 1 outwards; `false` when every value meets the target.
  ///
  /// The factor grows from two by squaring: limits are mostly near, and far values are costly to judge.
  private mutating func bracket(_ safest: Double, _ riskiest: Double, _ ceiling: Double) throws -> Bool {
    let start = min(1, ceiling)
    var factor = 2.0
    guard try place(start) else {
      var probe = start
      while probe != safest {
        probe = safer ? min(probe * factor, safest) : max(probe / factor, safest)
        if try place(probe) { return true }
        if factor < 256 { factor *= factor }
      }
      throw target.unsolvable("no value from 1e-12 to \(ceiling)")
    }
    var probe = start
    while probe != riskiest {
      probe = safer ? max(probe / factor, riskiest) : min(probe * factor, riskiest)
      if try !place(probe) { return true }
      if factor < 256 { factor *= factor }
    }
    return false
  }

  /// Judges a value and moves the end it belongs to.
  private mutating func place(_ value: Double) throws -> Bool {
    let verdict = try target.verdict(CalibrationSearch.exact(value), by: judge)
    if verdict.meets {
      good = Point(value: value, excess: verdict.excess)
    } else {
      bad = Point(value: value, excess: verdict.excess)
    }
    return verdict.meets
  }

  /// From what cheap accountants certify to what the costly one does; `false` when that certifies no more.
  private mutating func refine() throws -> Bool {
    let limit = bad
    // The cheap ones are known to fail at `limit` and beyond.
    guard (try? place(limit.value)) == true else {
      bad = limit
      return false
    }
    var factor = 1.1
    let ceiling = ["rate", "p"].contains(target.template.parameter) ? 1.0 : 1e12
    while good.value > 1e-12, good.value < ceiling || safer {
      let probe = safer ? good.value / factor : min(good.value * factor, ceiling)
      guard (try? place(probe)) == true else {
        if bad.value != probe { bad = Point(value: probe, excess: .infinity) }
        break
      }
      factor *= factor
    }
    try close(to: 1 + 3e-7)
    return true
  }

  /// Interpolates ln δ over ln x until both ends are within a factor.
  private mutating func close(to factor: Double) throws {
    let width = Interval(factor).logarithm.middle
    var steps = 0
    while true {
      let (low, high) = (CalibrationSearch.log(good.value), CalibrationSearch.log(bad.value))
      let gap = abs(high - low)
      guard gap > width else { return }
      steps += 1
      guard steps < 200 else { throw target.unsolvable("no clear limit") }
      // The secant aims a little to either side of the root in turn, so that both ends close in.
      var share = 0.5
      if good.excess.isFinite, bad.excess.isFinite, steps % 4 != 0, bad.excess > good.excess {
        share = -good.excess / (bad.excess - good.excess)
        let nudge = max(width * 0.4 / gap, 0.02)
        share += steps % 2 == 0 ? nudge : -nudge
        share = min(max(share, 0.4 * width / gap), 1 - 0.4 * width / gap)
      }
      _ = try place(CalibrationSearch.exponential(low + (high - low) * share))
    }
  }

  /// The good end as a short decimal that is still certified.
  private func rounded() throws -> Rational {
    let judges: [any Accountant] = [judge, target.accountant]
    func meets(_ value: Rational) throws -> Bool {
      for judge in judges where try target.verdict(value, by: judge).meets { return true }
      return false
    }
    if let short = ShortDecimal.nearest(good.value), try meets(short) { return short }
    let rounded = ShortDecimal.next(to: good.value, up: safer)
    if try meets(rounded) { return rounded }
    return CalibrationSearch.exact(good.value)
  }

  // MARK: Whole values

  /// The riskiest certified whole number.
  mutating func wholeValue() throws -> Rational {
    guard let automatic = target.accountant as? AutomaticAccountant else { return try wholeValue(from: 1) }
    judge = LossDistributionAccountant()
    if let limit = try? wholeValue(from: 1), let integer = limit.integer,
      target.isCertainlyExceeded(Rational(safer ? integer - 1 : integer + 1))
    {
      return limit
    }
    judge = automatic.withoutLossDistributions
    guard let start = try? wholeValue(from: 1) else {
      judge = automatic
      return try wholeValue(from: 1)
    }
    // A value that the cheap accountants certify holds; the costly one is asked about riskier ones.
    judge = LossDistributionAccountant()
    guard let integer = start.integer, let better = try? wholeValue(from: integer) else { return start }
    return safer ? min(start, better) : max(start, better)
  }

  private func verdict(_ value: Int) throws -> CalibrationTarget.Verdict {
    guard value >= 1 else { return .outside }
    return try target.verdict(Rational(value), by: judge)
  }

  /// Gallops from a start value to both sides, then closes in.
  private func wholeValue(from start: Int) throws -> Rational {
    let most = 1 << 40
    let first = try verdict(start)
    var (good, bad) = (start, start)
    var (above, below) = (first.excess, first.excess)
    // A start from nowhere is far off; one from a cheaper accountant is near.
    var stride = start == 1 ? 127 : max(1, start / 16)
    let growth = start == 1 ? 128 : 2
    while true {
      if first.meets {
        let next = safer ? max(0, good - stride) : min(most, good + stride)
        guard next != good else { throw target.unsolvable("every value up to 2^40") }
        let answer = try verdict(next)
        if !answer.meets {
          (bad, above) = (next, answer.excess)
          break
        }
        (good, below) = (next, answer.excess)
      } else {
        let next = safer ? min(most, bad + stride) : max(0, bad - stride)
        guard next != bad, next > 0 else { throw target.unsolvable("no value") }
        let answer = try verdict(next)
        if answer.meets {
          (good, below) = (next, answer.excess)
          break
        }
        (bad, above) = (next, answer.excess)
      }
      stride *= growth
    }
    var steps = 0
    while abs(good - bad) > 1 {
      steps += 1
      let gap = abs(good - bad)
      var middle = min(good, bad) + gap / 2
      if steps % 4 != 0, above.isFinite, below.isFinite, above > below, good > 0, bad > 0 {
        // The secant of ln δ over ln n, a little to either side of the root in turn.
        let (x, y) = (CalibrationSearch.log(Double(good)), CalibrationSearch.log(Double(bad)))
        let root = CalibrationSearch.exponential(x + (y - x) * (-below / (above - below)))
        let nudge = steps % 2 == 0 ? 0.51 : -0.51
        let guess = Int((root + (bad > good ? nudge : -nudge)).rounded())
        middle = min(max(guess, min(good, bad) + 1), max(good, bad) - 1)
      }
      let answer = try verdict(middle)
      if answer.meets { (good, below) = (middle, answer.excess) } else { (bad, above) = (middle, answer.excess) }
    }
    return Rational(good)
  }

  private static func log(_ x: Double) -> Double { Interval(x).logarithm.middle }
  private static func exponential(_ x: Double) -> Double { Interval(x).exponential.middle }
  static func exact(_ value: Double) -> Rational { Rational(exactly: value) ?? 1 }
}

/// Decimals that people can read.
enum ShortDecimal {
  /// The nearest decimal of seven significant digits when it is within 1e-7 relative: closed forms give round numbers.
  static func nearest(_ value: Double) -> Rational? {
    let target = CalibrationSearch.exact(value)
    let unit = self.unit(target, digits: 7)
    guard let steps = (target / unit + Rational(1, 2)).floor else { return nil }
    let rounded = Rational(steps) * unit
    return (rounded - target).magnitude * 10_000_000 <= target * 4 ? rounded : nil
  }

  /// A decimal of nine significant digits next to a positive double.
  static func next(to value: Double, up: Bool) -> Rational {
    let target = CalibrationSearch.exact(value)
    let unit = self.unit(target, digits: 9)
    let steps = target / unit
    return Rational((up ? steps.ceiling : steps.floor) ?? 0) * unit
  }

  private static func unit(_ target: Rational, digits: Int) -> Rational {
    let high = Rational.powerOfTen(digits)
    var unit = Rational.one
    while target / unit >= high { unit *= 10 }
    while target / unit < high / 10 { unit = unit / 10 }
    return unit
  }
}
